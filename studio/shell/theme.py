"""What pages look like beyond the theme in .streamlit/config.toml: favicon, logo, layout, and CSS that `frame` writes into each
of them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

STATIC = Path(__file__).parent.parent / "static"


def apply() -> None:
    """First call of every run."""
    st.set_page_config(page_icon=str(STATIC / "favicon.png"), layout="wide", initial_sidebar_state="auto")
    dark = st.context.theme.type == "dark"
    st.logo(str(STATIC / ("logo-dark.svg" if dark else "logo-light.svg")), icon_image=str(STATIC / "mark.svg"), size="large")


# Streamlit's DOM is named by `data-testid`. `light-dark()` follows the theme, which sets `color-scheme`.
EVERYWHERE = """<style>
[class*="st-key-icon-only-"] :is(button, a) [data-testid="stMarkdownContainer"] {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[data-testid="stCaptionContainer"][data-testid], [data-testid="stCaptionContainer"][data-testid] p,
[data-testid="InputInstructions"][data-testid] { color: light-dark(#5d566e, #aaa3bb); opacity: 1; }
[data-testid="stMarkdownContainer"] .stMarkdownBadge[style*="143, 107, 242"] { color: #c6b3ff !important; }
[data-testid^="stBaseButton-primary"][data-testid]:not(:disabled) {
  background-color: light-dark(#6b3fd4, #7546e3); border-color: light-dark(#6b3fd4, #7546e3); }
[class*="st-key-menu-"] [data-testid="stElementContainer"] { margin-block: 0; }
[data-testid="stSidebar"] [data-testid="stPageLink-NavLink"] {
  min-height: 24px; padding-block: 0; margin-block: 0; line-height: 24px; }
.st-key-menu-user { position: sticky; bottom: 0; background: light-dark(#f5f2fc, #1a1624); z-index: 1; }
a[data-testid="stPageLink-NavLink"]:focus-visible, [data-testid="stMain"] :is(button, a, [role="tab"]):focus-visible,
[data-testid="stDialog"] :is(button, a):focus-visible, [data-testid="stSidebar"] button:focus-visible {
  outline: 2px solid light-dark(#201a2e, #ece8f5); outline-offset: 1px; box-shadow: none; }
a[data-testid="stPageLink-NavLink"]:focus-visible { outline-offset: -2px; }
[data-testid="stDialog"] [data-baseweb="modal"] > div:first-child, div[data-testid="stDialog"] {
  background-color: rgb(18 14 28 / 55%); }
</style>"""
