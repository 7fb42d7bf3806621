"""A form's request key: minted when it is first drawn, so a double click or a rerun starts one job, not two."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, get_script_run_ctx

from backend.kit.ids import new_id

DOUBLE_CLICK_S = 2.0
"""After the page was drawn with the answer to the first click."""
LONGEST_S = 20.0
"""After which a key is not used again even when no run came to its end."""
_RUN, _KEYS = "request_keys:run", "request_keys"


@dataclass(slots=True)
class _Key:
    """`used_at`: 0 until a submit succeeded. `drawn_at`: when a run of the whole page had come to its end after that."""

    value: str
    used_at: float = 0.0
    drawn_at: float = 0.0


@contextmanager
def whole_run() -> Iterator[None]:
    """Around a page: a second click during a run starts the next one, which may begin long after that click."""
    st.session_state[_RUN] = time.monotonic()
    try:
        yield
    except RerunException:  # broken off by a click or a rerun; the page is not drawn yet
        raise
    except BaseException:
        _drawn()
        raise
    _drawn()


def request_key(form: str) -> str:
    """The same for every run of this form, until `renew` was called and a double click is over."""
    keys = st.session_state.setdefault(_KEYS, {})
    if form not in keys or (keys[form].used_at and _over(keys[form])):
        keys[form] = _Key(new_id("req"))
    return str(keys[form].value)


def renew(form: str) -> None:
    """After a success: the next submit is a new wish, unless it is the second half of a double click."""
    value = request_key(form)
    st.session_state[_KEYS][form] = _Key(value, used_at=time.monotonic())


def _over(key: _Key) -> bool:
    """A fragment's run is as short as the click; a whole run is measured from its beginning, not from where the form is."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and context.fragment_ids_this_run:
        return time.monotonic() - (key.drawn_at or key.used_at) > DOUBLE_CLICK_S
    if not key.drawn_at:
        return time.monotonic() - key.used_at > LONGEST_S
    return float(st.session_state.get(_RUN, time.monotonic())) - key.drawn_at > DOUBLE_CLICK_S


def _drawn() -> None:
    for key in st.session_state.get(_KEYS, {}).values():
        if key.used_at and not key.drawn_at:
            key.drawn_at = time.monotonic()
