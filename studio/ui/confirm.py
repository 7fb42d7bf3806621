"""A dialog that asks before something is destroyed: what will happen, and one button to do it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.errors import StudioError
from studio.ui.format import plain


def confirm(title: str, sentence: str, *, action: str, act: Callable[[], None]) -> None:
    """Opens the dialog. `action`: the button's label. `act` runs once when it is pressed; its StudioError is shown there."""

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
