"""Optimistic locking of forms: remembers what a form was filled from, so that saving over somebody else's change is noticed."""

from __future__ import annotations

from typing import TypeVar

import streamlit as st

T = TypeVar("T")


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


def offer_reload(form: str, sentence: str) -> None:
    """Warns that somebody else has saved meanwhile, with a button that loads the newer version."""
    st.warning(sentence, icon=":material/sync_problem:")
    st.button("Load the newer version", key=f"{form}:newer", on_click=reload_form, args=(form,))


def opened_form(form: str) -> tuple[str, object] | None:
    """For callbacks: (key, value it was filled from) of a form that is on the page; None if it is not."""
    round_number, value = st.session_state.get(f"seen:{form}", (0, None))
    return (f"{form}:{round_number}", value) if f"{form}:{round_number}:first" in st.session_state else None


def rebase_form(form: str, current: object) -> None:
    """After this session itself has changed the row with another button: the form counts as filled from `current`, and keeps
    what was typed into it."""
    round_number, _ = st.session_state.get(f"seen:{form}", (0, None))
    st.session_state[f"seen:{form}"] = (round_number, current)
