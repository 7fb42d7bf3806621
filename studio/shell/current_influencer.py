"""The influencer of the top bar, kept in the address and in this tab: pages show only hers, forms preselect her.

With "All influencers" in the top bar forms preselect the influencer that was chosen or opened last.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

INFLUENCER_PARAM = "influencer"
_LAST = "_last_influencer"
_CHOSEN = "_chosen_influencer"
_WORKSPACE_PARAM = "ws"


def chosen_influencer_id(influencer_ids: Collection[str]) -> str:
    """The influencer of the top bar, "" for all. The address wins over what this tab had; unknown ids count as all."""
    key = _key(_CHOSEN)
    requested = st.query_params.get(INFLUENCER_PARAM)
    chosen = str(st.session_state.get(key, "")) if requested is None else requested
    chosen = chosen if chosen in influencer_ids else ""
    _choose(chosen)
    return chosen


def choose_influencer(influencer_id: str) -> None:
    """Puts an influencer, or "" for all, into the top bar. For callbacks: the page runs after it."""
    _choose(influencer_id)
    _remember(influencer_id)


def set_current_influencer(influencer_id: str | None) -> None:
    """Remembers whom a form or page is about. None and "" change nothing; if the top bar shows another influencer, it changes
    to this one."""
    if not influencer_id:
        return
    _remember(influencer_id)
    if st.session_state.get(_key(_CHOSEN)) not in ("", None, influencer_id):
        _choose(influencer_id)
        st.rerun()


def current_influencer_id(influencer_ids: Collection[str]) -> str | None:
    """The influencer that a form preselects: that of the top bar, else the last one, if among `influencer_ids`; else None."""
    for key in (_key(_CHOSEN), _key(_LAST)):
        if (influencer_id := st.session_state.get(key)) in influencer_ids:
            return str(influencer_id)
    return None


def _choose(influencer_id: str) -> None:
    st.session_state[_key(_CHOSEN)] = influencer_id
    if influencer_id:
        st.query_params[INFLUENCER_PARAM] = influencer_id
    else:
        st.query_params.pop(INFLUENCER_PARAM, None)


def _remember(influencer_id: str) -> None:
    if influencer_id:
        st.session_state[_key(_LAST)] = influencer_id


def _key(name: str) -> str:
    return f"{name}:{st.query_params.get(_WORKSPACE_PARAM, '')}"
