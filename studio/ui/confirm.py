"""Asks before something is destroyed: what will happen, then one clear button."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.errors import StudioError
from studio.ui.format import plain


def confirm(title: str, sentence: str, *, action: str, act: Callable[[], None]) -> None:
    """Opens the question. `act` runs once when `action` is pressed; its StudioError is shown in place."""

    @st.dialog(title)
    def question() -> None:
        st.markdown(sentence)
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button("Keep it"):
                st.rerun()
            pressed = st.button(action, type="primary")
        if pressed:
            try:
                act()
            except StudioError as error:
                st.error(plain(error.message), icon=":material/error:")
                return
            st.rerun()

    question()
