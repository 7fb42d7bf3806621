"""Buttons that show only an icon, with a tooltip, and that screen readers still name by their label.

Streamlit takes a button's accessible name from its text, and names an icon by its drawing (“close icon”). So the label stays in
the page and is only hidden (page_css.py).
"""

from __future__ import annotations

from typing import Any

import streamlit as st


def icon_button(label: str, icon: str, *, key: str, help: str = "", **options: Any) -> bool:
    """As st.button, with a hidden `label`. `help`: the tooltip, where it says more than the label."""
    return st.button(label, icon=icon, key=f"icon-only:{key}", help=help or label, type="tertiary", **options)


def icon_link(label: str, url: str, icon: str, *, key: str) -> None:
    """As st.link_button, with a hidden `label`."""
    with st.container(key=f"icon-only:{key}", width="content"):
        st.link_button(label, url, icon=icon, help=label, type="tertiary")


def icon_popover(label: str, icon: str, *, key: str) -> Any:
    """As st.popover, with a hidden `label`."""
    return st.popover(label, icon=icon, key=f"icon-only:{key}", help=label, type="tertiary")
