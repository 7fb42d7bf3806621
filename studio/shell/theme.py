"""Favicon, logo and layout, which the theme in .streamlit/config.toml cannot set."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

STATIC = Path(__file__).parent.parent / "static"


def apply() -> None:
    """First call of every run."""
    st.set_page_config(page_icon=str(STATIC / "favicon.png"), layout="wide", initial_sidebar_state="auto")
    dark = st.context.theme.type == "dark"
    st.logo(str(STATIC / ("logo-dark.svg" if dark else "logo-light.svg")), icon_image=str(STATIC / "mark.svg"), size="large")
