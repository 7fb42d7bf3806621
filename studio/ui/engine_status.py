"""The notice of a form whose engine offers no model: why, and where to look."""

from __future__ import annotations

import streamlit as st

from backend.engines.ports.events import EngineStatus
from studio.shell.frame import Page
from studio.ui.format import plain


def show_no_models(page: Page, status: EngineStatus, what: str, *, key: str) -> None:
    """`what`: what cannot be done meanwhile, as the start of a sentence: "Pictures can be created"."""
    with st.container(border=True):
        st.warning(
            f"{what} as soon as {plain(status.name)} offers a model. {plain(status.detail)}", icon=":material/power_off:"
        )
        if st.button("Open System", icon=":material/monitor_heart:", key=f"{key}:system"):
            page.go("run/system")
