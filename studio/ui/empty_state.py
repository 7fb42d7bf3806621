"""The card of a page that has nothing to show yet: one sentence, and the caller's button below."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def empty_state(title: str, sentence: str, *, icon: str) -> DeltaGenerator:
    """Draws a centred card and returns it, so that the caller can add a button. `icon`: ":material/…:"."""
    card = st.container(border=True, horizontal_alignment="center", gap="small")
    card.space("small")
    card.markdown(f"## {icon} {title}", width="content", text_alignment="center")
    card.markdown(sentence, width="content", text_alignment="center")
    return card
