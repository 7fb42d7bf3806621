"""Toasts raised by callbacks, and the notice of what was just done, with an Undo button; it stays until the next one.

A callback inside a dialog or a fragment must not draw: Streamlit inserts its elements over the page's first ones, and the page
turns white when the first one is a component (docs/contracts/streamlit.md, 5). So callbacks only queue a toast, and the body of
the dialog shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from backend import content_plans
from backend.content_plans import PlanUndoEntry
from backend.errors import StudioError
from studio.shell.frame import Page
from studio.ui.format import plain

_QUEUE_KEY = "_told"
_NOTICE_KEY = "done:said"
_BAR_CSS = """<style>.st-key-done-bar { position: fixed; bottom: 1rem; left: 50%; transform: translateX(-50%); z-index: 1000;
  width: max-content; max-width: min(46rem, calc(100vw - 2rem)); padding: 0.4rem 0.75rem; border-radius: 0.6rem;
  background: var(--st-background-color, Canvas); border: 1px solid var(--st-border-color, #8886);
  box-shadow: 0 6px 24px rgb(0 0 0 / 0.22); }</style>"""


def queue_toast(sentence: str, icon: str = ":material/check:") -> None:
    """Shown by the next `show_queued_toasts()`."""
    st.session_state.setdefault(_QUEUE_KEY, []).append((sentence, icon))


@contextmanager
def toast_errors() -> Iterator[None]:
    """A StudioError inside the `with` block becomes a queued toast."""
    try:
        yield
    except StudioError as error:
        queue_toast(plain(error.message), ":material/error:")


def show_queued_toasts() -> None:
    """In the body of a dialog: shows what its callbacks have queued."""
    for sentence, icon in st.session_state.pop(_QUEUE_KEY, []):
        st.toast(sentence, icon=icon)


@dataclass(frozen=True, slots=True)
class _Notice:
    sentence: str
    good: bool
    act: PlanUndoEntry | None


def set_notice(sentence: str, *, good: bool = True, act: PlanUndoEntry | None = None) -> None:
    """Sets the notice that is drawn next. `sentence`: plain text; `act`: what Undo reverts."""
    st.session_state[_NOTICE_KEY] = _Notice(sentence, good, act)


def dismiss_notice(*, all_: bool = False) -> None:
    """Called when a dialog closes: removes the notice, unless it can still be undone (`all_`: removes it then too)."""
    notice: _Notice | None = st.session_state.get(_NOTICE_KEY)
    if notice and (all_ or notice.act is None):
        del st.session_state[_NOTICE_KEY]


def draw_notice_bar(page: Page) -> None:
    """Draws the notice at the lower edge of the window. Always one container, so that the elements below keep their position
    and are not mounted anew."""
    with st.container():
        if (notice := _notice()) is not None:
            with st.container(horizontal=True, vertical_alignment="center", key="done-bar"):
                st.html(_BAR_CSS)
                _draw(page, notice)


def _notice() -> _Notice | None:
    return st.session_state.get(_NOTICE_KEY)


def _draw(page: Page, notice: _Notice) -> None:
    icon = ":green[:material/check_circle:]" if notice.good else ":red[:material/error:]"
    st.markdown(f"{icon} {plain(notice.sentence)}", width="stretch")
    if notice.act and page.can_edit:
        st.button("Undo", icon=":material/undo:", key="done:undo", on_click=_undo, args=(page, notice.act))
    st.button(
        "Close", icon=":material/close:", key="icon-only-done", type="tertiary", on_click=dismiss_notice, kwargs={"all_": True}
    )


def _undo(page: Page, undo_entry: PlanUndoEntry) -> None:
    dismiss_notice(all_=True)
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            content_plans.undo(tx, undo_entry.id)
        set_notice("Undone.")
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
