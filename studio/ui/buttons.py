"""Buttons that show only an icon, with a tooltip, and the dialog that asks before something is destroyed.

Streamlit takes a button's accessible name from its text, and names an icon by its drawing (“close icon”). So the label stays in
the page and is only hidden (theme.py).
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import streamlit as st

from backend.errors import StudioError
from backend.language import tr, worded
from studio.ui.format import plain


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


def confirm(title: str, sentence: str, *, action: str, act: Callable[[], None]) -> None:
    """Opens the dialog. `action`: the button's label. `act` runs once when it is pressed, twice in a row as well; its
    StudioError is shown there."""
    done: list[bool] = []
    acting = Lock()  # Streamlit starts the run of a second press in another thread while the first one still acts

    @st.dialog(title)
    def question() -> None:
        st.markdown(sentence)
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(tr("Cancel")):
                st.rerun()
            pressed = st.button(action, type="primary")
        if pressed:
            try:
                with acting:
                    if not done:
                        act()
                        done.append(True)
            except StudioError as error:
                st.error(plain(worded(error.message)), icon=":material/error:")
                return
            st.rerun()

    question()
