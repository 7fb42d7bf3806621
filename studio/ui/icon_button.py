"""Buttons that show an icon alone: the eye is told by a tip, and whoever listens to the page by their name.

Streamlit names a button by its words and an icon by its drawing (“close icon”), so the words stay and are only not shown.
"""

from __future__ import annotations

from typing import Any

import streamlit as st


def icon_button(label: str, icon: str, *, key: str, help: str = "", **more: Any) -> bool:
    """As st.button, its `label` unseen. `help`: the tip, if it says more than the label."""
    return st.button(label, icon=icon, key=f"icon-only:{key}", help=help or label, type="tertiary", **more)


def icon_link(label: str, url: str, icon: str, *, key: str) -> None:
    """As st.link_button, its `label` unseen."""
    with st.container(key=f"icon-only:{key}", width="content"):
        st.link_button(label, url, icon=icon, help=label, type="tertiary")


def icon_popover(label: str, icon: str, *, key: str) -> Any:
    """As st.popover, its `label` unseen."""
    return st.popover(label, icon=icon, key=f"icon-only:{key}", help=label, type="tertiary")
