"""What a page says when there is nothing yet: one sentence, and the caller's one button below."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def empty_state(title: str, sentence: str, *, icon: str) -> DeltaGenerator:
    """A centred card; returns it for the button that helps. `icon`: ":material/…:"."""
    card = st.container(border=True, horizontal_alignment="center", gap="small")
    card.space("small")
    card.markdown(f"## {icon} {title}", width="content", text_alignment="center")
    card.markdown(sentence, width="content", text_alignment="center")
    return card
