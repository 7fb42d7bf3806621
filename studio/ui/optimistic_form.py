"""What a form was filled from, kept while it is on the page: an edit of something older is noticed, never lost in silence."""

from __future__ import annotations

from typing import TypeVar

import streamlit as st

T = TypeVar("T")


def seen(form: str, now: T) -> tuple[str, T]:
    """(key of the form, what to fill it from). One of its widgets must have the key `<key>:first`.

    `now`: what is in the database; taken when the form was not on the page before.
    """
    slot = f"seen:{form}"
    n, value = st.session_state.get(slot, (0, now))
    if f"{form}:{n}:first" not in st.session_state:
        value = now
    st.session_state[slot] = (n, value)
    return f"{form}:{n}", value


def load_again(form: str) -> None:
    """The next run draws the form afresh: after a save, or when somebody asks for the newer version."""
    n, value = st.session_state.get(f"seen:{form}", (0, None))
    st.session_state[f"seen:{form}"] = (n + 1, value)


def load_all_again(beginning: str) -> None:
    """The same for each form whose name begins like that."""
    for slot in [str(key) for key in st.session_state if str(key).startswith(f"seen:{beginning}")]:
        load_again(slot.removeprefix("seen:"))


def offer_newer(form: str, sentence: str) -> None:
    """Says that somebody else was faster, and lets them choose when to look."""
    st.warning(sentence, icon=":material/sync_problem:")
    st.button("Load the newer version", key=f"{form}:newer", on_click=load_again, args=(form,))


def filled(form: str) -> tuple[str, object] | None:
    """(key, what it was filled from) of a form that is on the page; in callbacks."""
    n, value = st.session_state.get(f"seen:{form}", (0, None))
    return (f"{form}:{n}", value) if f"{form}:{n}:first" in st.session_state else None


def keep_up(form: str, now: object) -> None:
    """This very session has changed what is in the database, by another button: the form goes on from there, and what was
    typed into it stays."""
    n, _ = st.session_state.get(f"seen:{form}", (0, None))
    st.session_state[f"seen:{form}"] = (n, now)
