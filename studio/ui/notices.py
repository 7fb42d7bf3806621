"""Toasts raised by callbacks.

A callback inside a dialog or a fragment must not draw: Streamlit inserts its elements over the page's first ones, and the page
turns white when the first one is a component (docs/contracts/streamlit.md, 5). So callbacks only queue a toast, and the body of
the dialog shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from backend.errors import StudioError
from backend.language import worded
from studio.ui.format import plain
from studio.ui.undo_toast import show_undo_toasts

_QUEUE_KEY = "_told"


def queue_toast(sentence: str, icon: str = ":material/check:") -> None:
    """Shown by the next `show_queued_toasts()`."""
    st.session_state.setdefault(_QUEUE_KEY, []).append((sentence, icon))


@contextmanager
def toast_errors() -> Iterator[None]:
    """A StudioError inside the `with` block becomes a queued toast."""
    try:
        yield
    except StudioError as error:
        queue_toast(plain(worded(error.message)), ":material/error:")


def show_queued_toasts() -> None:
    """In the body of a dialog: shows what its callbacks have queued."""
    for sentence, icon in st.session_state.pop(_QUEUE_KEY, []):
        st.toast(worded(sentence), icon=icon)
    show_undo_toasts(of_fragment=True)
