"""Whom somebody works with: forms begin with the influencer that was chosen or opened last, in this tab and workspace."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from studio.shell.frame import WORKSPACE

_KEY = "_current_influencer"


def work_with(influencer_id: str | None) -> None:
    """`None` and "": nobody was chosen, which changes nothing."""
    if influencer_id:
        st.session_state[_key()] = influencer_id


def influencer(known: Sequence[str]) -> str | None:
    """The one last worked with, if `known` has it, else None."""
    last = st.session_state.get(_key())
    return last if last in known else None


def _key() -> str:
    return f"{_KEY}:{st.query_params.get(WORKSPACE, '')}"
