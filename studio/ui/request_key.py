"""A form's request key (idempotency key): made when the form is first drawn, so that a double click or a rerun starts one
job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, get_script_run_ctx

from backend.kit.ids import new_id

DOUBLE_CLICK_S = 2.0
"""A second submit within this time after the page has shown the result of the first one counts as a double click."""
MAX_REUSE_S = 20.0
"""After this time a key is not reused, even when no run of the page has finished."""
_RUN, _KEYS = "request_keys:run", "request_keys"


@dataclass(slots=True)
class _RequestKey:
    """`used_at`: when a submit succeeded, 0 before. `drawn_at`: when the next run of the whole page has ended."""

    value: str
    used_at: float = 0.0
    drawn_at: float = 0.0


@contextmanager
def track_run() -> Iterator[None]:
    """Goes around a page and notes when its run starts and ends. A second click during a run starts the next run, which may
    begin long after the click; so double clicks are measured from the end of the run."""
    st.session_state[_RUN] = time.monotonic()
    try:
        yield
    except RerunException:  # broken off by a click or a rerun; the page is not drawn yet
        raise
    except BaseException:
        _mark_drawn()
        raise
    _mark_drawn()


def request_key(form: str) -> str:
    """The form's key: the same in every run, until `renew_request_key` was called and a double click is over."""
    keys = st.session_state.setdefault(_KEYS, {})
    if form not in keys or (keys[form].used_at and _is_double_click_over(keys[form])):
        keys[form] = _RequestKey(new_id("req"))
    return str(keys[form].value)


def renew_request_key(form: str) -> None:
    """After a success: the next submit is a new request, unless it is the second half of a double click."""
    value = request_key(form)
    st.session_state[_KEYS][form] = _RequestKey(value, used_at=time.monotonic())


def _is_double_click_over(key: _RequestKey) -> bool:
    """A fragment's run is short, so the time is now. A whole run is measured from its start, not from when it reaches the
    form."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and context.fragment_ids_this_run:
        return time.monotonic() - (key.drawn_at or key.used_at) > DOUBLE_CLICK_S
    if not key.drawn_at:
        return time.monotonic() - key.used_at > MAX_REUSE_S
    return float(st.session_state.get(_RUN, time.monotonic())) - key.drawn_at > DOUBLE_CLICK_S


def _mark_drawn() -> None:
    for key in st.session_state.get(_KEYS, {}).values():
        if key.used_at and not key.drawn_at:
            key.drawn_at = time.monotonic()
