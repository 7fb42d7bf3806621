"""A form's request key: minted when it is first drawn, so a double click or a rerun starts one job, not two."""

from __future__ import annotations

import time

import streamlit as st

from backend.kit.ids import new_id

DOUBLE_CLICK_S = 2.0


def request_key(form: str) -> str:
    """The same for every run of this form, until `renew` was called and a double click is over."""
    name = f"request_key:{form}"
    key, used_at = st.session_state.get(name, ("", None))
    if not key or (used_at is not None and time.monotonic() - used_at > DOUBLE_CLICK_S):
        key = new_id("req")
        st.session_state[name] = (key, None)
    return str(key)


def renew(form: str) -> None:
    """After a success: the next submit is a new wish, unless it is the second half of a double click."""
    st.session_state[f"request_key:{form}"] = (request_key(form), time.monotonic())
