"""What a callback inside a dialog or a fragment has to say. It must not draw: Streamlit would put that over the page's first
elements, and the whole page goes white when the first one is a component
(docs/contracts/streamlit.md, 5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from backend.errors import StudioError
from studio.ui.format import plain

_WAITING = "_told"


def queue_toast(sentence: str, icon: str = ":material/check:") -> None:
    """Shown as a toast by the next `told()`."""
    st.session_state.setdefault(_WAITING, []).append((sentence, icon))


@contextmanager
def telling() -> Iterator[None]:
    """A StudioError inside is told."""
    try:
        yield
    except StudioError as error:
        queue_toast(plain(error.message), ":material/error:")


def told() -> None:
    """In the body of the dialog: what its callbacks had to say."""
    for sentence, icon in st.session_state.pop(_WAITING, []):
        st.toast(sentence, icon=icon)
