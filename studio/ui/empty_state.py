"""What stands where there is nothing: the card of a page that has nothing to show yet, and the notice of a form whose engine
offers no model."""

from __future__ import annotations

import zlib

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backend.engines.ports.events import EngineStatus
from backend.language import tr, worded
from studio.shell.frame import Page
from studio.ui.format import plain


def empty_state(title: str, sentence: str, *, icon: str) -> DeltaGenerator:
    """Draws a centred card and returns it, so that the caller can add a button. `icon`: ":material/…:"."""
    name = zlib.crc32(f"{title}{icon}".encode())
    card = st.container(border=True, horizontal_alignment="center", gap="small", key=f"empty-state-{name}")
    card.markdown(f"## {icon} {worded(title)}", width="content", text_alignment="center")
    card.markdown(worded(sentence), width="content", text_alignment="center")
    return card


def show_no_models(page: Page, status: EngineStatus, what: str, *, key: str) -> None:
    """`what`: what cannot be done meanwhile, as the start of a sentence: "Pictures can be created"."""
    with st.container(border=True):
        st.warning(
            tr(
                "{what} as soon as {name} offers a model. {detail}",
                what=worded(what),
                name=plain(worded(status.name)),
                detail=plain(worded(status.detail)),
            ),
            icon=":material/power_off:",
        )
        if st.button(tr("Open System"), icon=":material/monitor_heart:", key=f"{key}:system"):
            page.go("settings/system")
