"""The influencer that was chosen or opened last in this tab and workspace; forms preselect it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from studio.shell.frame import WORKSPACE_PARAM

_KEY = "_current_influencer"


def set_current_influencer(influencer_id: str | None) -> None:
    """Remembers the influencer. None and "" change nothing."""
    if influencer_id:
        st.session_state[_key()] = influencer_id


def current_influencer_id(influencer_ids: Sequence[str]) -> str | None:
    """The remembered one, if it is among `influencer_ids`, else None."""
    last = st.session_state.get(_key())
    return last if last in influencer_ids else None


def _key() -> str:
    return f"{_KEY}:{st.query_params.get(WORKSPACE_PARAM, '')}"
