"""The tour: seven cards over Home that show where everything is. Offered once to each person; the help starts it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend import accounts
from backend.language import tr
from studio.ui.browser_component import load

if TYPE_CHECKING:
    from studio.shell.frame import Page

_component = load(__file__)
_RUNS = "_tour_runs"


def draw(page: Page) -> None:
    """On Home: the tour while it runs; its offer to somebody who is new."""
    if st.session_state.get(_RUNS):
        _component(key="tour", data={}, on_ended_change=_end, height=1)
    elif page.user.is_new:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key="tour-offer"):
            st.markdown(tr("**New here?** See in a minute where everything is."), width="stretch")
            st.button(tr("Start the tour"), on_click=start, args=(page,), icon=":material/tour:")
            st.button(tr("No, thanks"), on_click=_note, args=(page,), type="tertiary")


def start(page: Page) -> None:
    """Home shows it from its next run on."""
    st.session_state[_RUNS] = True
    _note(page)


def _note(page: Page) -> None:
    with page.transaction() as tx:
        accounts.note_tour(tx)


def _end() -> None:
    st.session_state.pop(_RUNS, None)
