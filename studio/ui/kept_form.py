"""Forms that are as their user left them: after another page, a reload, a sign-out.

A form has rounds: its widgets have the round in their keys, and within a round they start with the same values. A new round
begins when the page is opened, when its address asks for something else, and when a button fills the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import streamlit as st

from backend import prompt_library
from studio.shell.frame import Page

Values = dict[str, Any]
_ADDRESS = "address"


@dataclass(slots=True)
class _KeptForm:
    """`start`: values that the widgets of this round began with; `values`: as last kept; `replaced`: what an address or a
    button wrote over."""

    round: int = 0
    address: tuple[str, ...] = ()
    context: str = ""
    start: Values = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    replaced: Values | None = None


class FillForm(Protocol):
    def __call__(self, saved: Values, *, asks: bool) -> Values:
        """Values for this address. `saved`: what the user left, {} for nothing. `asks`: the address asks for something else."""


def open_form(
    page: Page, form: str, *, address: tuple[str, ...], context: str, marker: str, fill: FillForm
) -> tuple[str, Values]:
    """(prefix of the widgets' keys, values they start with).

    `address`: what the page's address asks for, all empty: nothing. `context`: what else the values depend on; when it changes,
    the form is filled again from what was kept. `marker`: key of a widget that is there whenever the form is; `{key}` in it
    stands for the prefix.
    """
    state: _KeptForm | None = st.session_state.get(_key(page, form))
    is_open = state is not None and marker.format(key=f"{form}:{state.round}") in st.session_state
    if state is None or not is_open or (state.address, state.context) != (address, context):
        saved = state.values if state and is_open else _load(page, form)
        asks = any(address) and tuple(saved.get(_ADDRESS, ())) != address
        start = fill(saved, asks=asks)
        n = state.round + 1 if state else 0
        state = _KeptForm(n, address, context, start, {**start, _ADDRESS: list(address)}, saved if asks and saved else None)
        st.session_state[_key(page, form)] = state
    return f"{form}:{state.round}", state.start


def keep(page: Page, form: str, values: Values) -> None:
    """Keeps what the form holds now, if that has changed. Only for people who may use the form."""
    state: _KeptForm = st.session_state[_key(page, form)]
    values = {**values, _ADDRESS: list(state.address)}
    if values == state.values or not page.can_edit:
        return
    state.values = values
    with page.transaction(needs="editor") as tx:
        prompt_library.save_unsaved_form(tx, form, values)


def keep_text(page: Page, form: str, name: str, key: str) -> None:
    """For `on_change` of a text field: keeps its text before the run, which a click on a link may break off."""
    state: _KeptForm | None = st.session_state.get(_key(page, form))
    if state is not None and key in st.session_state:
        with page.guard():
            keep(page, form, {**state.values, name: st.session_state[key]})


def values(page: Page, form: str) -> Values:
    """What the form held when it was last kept."""
    state: _KeptForm | None = st.session_state.get(_key(page, form))
    return dict(state.values) if state else _load(page, form)


def fill(page: Page, form: str, new_values: Mapping[str, Any]) -> None:
    """Writes these values over those of the form, which can be brought back with `restore`."""
    old = values(page, form)
    state = st.session_state.setdefault(_key(page, form), _KeptForm())
    state.round, state.start, state.replaced = state.round + 1, dict(new_values), old
    keep(page, form, dict(new_values))


def round_number(page: Page, form: str) -> int:
    """The round of an open form."""
    state: _KeptForm = st.session_state[_key(page, form)]
    return state.round


def can_restore(page: Page, form: str) -> bool:
    state: _KeptForm | None = st.session_state.get(_key(page, form))
    return state is not None and bool(state.replaced)


def restore(page: Page, form: str) -> None:
    """Brings back what the form held before it was filled last."""
    state: _KeptForm = st.session_state[_key(page, form)]
    if state.replaced:
        fill(page, form, state.replaced)


def forget_replaced(page: Page, form: str) -> None:
    """After a request was started: there is nothing to bring back any more."""
    if state := st.session_state.get(_key(page, form)):
        state.replaced = None


def _key(page: Page, form: str) -> str:
    return f"kept:{form}:{page.workspace.id}"


def _load(page: Page, form: str) -> Values:
    with page.transaction() as tx:
        return prompt_library.unsaved_form(tx, form)
