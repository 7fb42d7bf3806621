"""What a form remembers between reruns: its request key (idempotency key), so that a double click or a rerun starts one job,
and what it was filled from, so that saving over somebody else's change is noticed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, get_script_run_ctx

from backend.kit.ids import new_id
from backend.language import tr
from studio.ui.format import plain

DOUBLE_CLICK_S = 2.0
"""A second submit within this time after the page has shown the result of the first one counts as a double click."""
MAX_REUSE_S = 20.0
"""After this time a key is not reused, even when no run of the page has finished."""
_RUN, _KEYS = "request_keys:run", "request_keys"
T = TypeVar("T")


@dataclass(slots=True)
class _RequestKey:
    """`used_at`: when a submit succeeded, 0 before. `drawn_at`: when the next run of the whole page has ended. `answer`: of
    `submit_once`, with what was submitted."""

    value: str
    used_at: float = 0.0
    drawn_at: float = 0.0
    answer: tuple[object, Any] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Streamlit starts the run of a second click in another thread while the first one still acts."""


_keys_of_run = threading.local()
"""The keys that this run has asked for, by form: each run has a thread of its own."""


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
    return _key_of(form).value


def _key_of(form: str) -> _RequestKey:
    keys: dict[str, _RequestKey] = st.session_state.setdefault(_KEYS, {})
    if form not in keys or (keys[form].used_at and _is_double_click_over(keys[form])):
        keys[form] = _RequestKey(new_id("req"))
    vars(_keys_of_run)[form] = keys[form]
    return keys[form]


def renew_request_key(form: str) -> None:
    """After a success: the next submit is a new request, unless it is the second half of a double click."""
    # Not by way of session_state: where it is read, any waiting click breaks this run off, and the key would serve twice
    key: _RequestKey = vars(_keys_of_run).get(form) or _key_of(form)
    key.used_at, key.drawn_at = time.monotonic(), 0.0


def submit_once(form: str, submitted: object, act: Callable[[], T]) -> T:
    """What `act` returns; for the second half of a double click with an equal `submitted`, what it returned the first time.

    For verbs without a request key. An error of `act` is raised, and the next submit runs it again.
    """
    key = _key_of(form)
    with key.lock:
        if key.answer is not None and key.answer[0] == submitted:
            return key.answer[1]  # type: ignore[no-any-return]
        result = act()
        # Not by way of session_state: where it is read, a waiting click breaks this run off, and the act is committed already
        key.used_at, key.drawn_at, key.answer = time.monotonic(), 0.0, (submitted, result)
        return result


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
    now = time.monotonic()
    for key in st.session_state.get(_KEYS, {}).values():
        if key.used_at and not key.drawn_at:
            key.drawn_at = now
        if now - key.used_at > MAX_REUSE_S:
            key.answer = None  # some hold a secret that is shown once


def open_form(form: str, current: T) -> tuple[str, T]:
    """(key of the form, value to fill it from). One of its widgets must have the key `<key>:first`.

    `current`: the value in the database; taken only when the form was not on the page in the run before.
    """
    state_key = f"seen:{form}"
    round_number, value = st.session_state.get(state_key, (0, current))
    if f"{form}:{round_number}:first" not in st.session_state:
        value = current
    st.session_state[state_key] = (round_number, value)
    return f"{form}:{round_number}", value


def reload_form(form: str) -> None:
    """Makes the next run fill the form from the database: after a save, or when the user asks for the newer version."""
    round_number, value = st.session_state.get(f"seen:{form}", (0, None))
    st.session_state[f"seen:{form}"] = (round_number + 1, value)


def reload_forms(prefix: str) -> None:
    """Reloads each form whose name begins with `prefix`."""
    for state_key in [str(key) for key in st.session_state if str(key).startswith(f"seen:{prefix}")]:
        reload_form(state_key.removeprefix("seen:"))


def changed_meanwhile(name: str) -> str:
    """The sentence for `offer_reload`. `name`: of what was changed, as it is now."""
    return tr("“{name}” was changed while you were editing. Your text has not been saved.", name=plain(name))


def offer_reload(form: str, sentence: str) -> None:
    """Warns that somebody else has saved meanwhile, with a button that loads the newer version."""
    st.warning(sentence, icon=":material/sync_problem:")
    st.button(tr("Load the newer version"), key=f"{form}:newer", on_click=reload_form, args=(form,))
