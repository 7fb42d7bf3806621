"""What was just done, said where it was done, with the way to take it back beside it; it stays until the next act."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from backend import content_plans
from backend.content_plans import PlanUndoEntry
from studio.shell.frame import Page
from studio.ui.format import plain
from studio.ui.toasts import telling

_SLOT = "done:said"
_BAR = """<style>.st-key-done-bar { position: fixed; bottom: 1rem; left: 50%; transform: translateX(-50%); z-index: 1000;
  width: max-content; max-width: min(46rem, calc(100vw - 2rem)); padding: 0.4rem 0.75rem; border-radius: 0.6rem;
  background: var(--st-background-color, Canvas); border: 1px solid var(--st-border-color, #8886);
  box-shadow: 0 6px 24px rgb(0 0 0 / 0.22); }</style>"""


@dataclass(frozen=True, slots=True)
class _Said:
    sentence: str
    good: bool
    act: PlanUndoEntry | None


def done(sentence: str, *, good: bool = True, act: PlanUndoEntry | None = None) -> None:
    """Said by the next `bar` or `line`, plain text. `act`: takes it back."""
    st.session_state[_SLOT] = _Said(sentence, good, act)


def forget(*, all_: bool = False) -> None:
    """A dialog has closed: what can still be taken back stays on the page (unless `all_`)."""
    said: _Said | None = st.session_state.get(_SLOT)
    if said and (all_ or said.act is None):
        del st.session_state[_SLOT]


def line(page: Page) -> None:
    """In a dialog: above what was acted on."""
    if (said := _said()) is not None:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key="done-line"):
            _draw(page, said)


def bar(page: Page) -> None:
    """On a page: over its lower edge, wherever it is scrolled to. One element, so that nothing below it begins anew."""
    with st.container():
        if (said := _said()) is not None:
            with st.container(horizontal=True, vertical_alignment="center", key="done-bar"):
                st.html(_BAR)
                _draw(page, said)


def _said() -> _Said | None:
    return st.session_state.get(_SLOT)


def _draw(page: Page, said: _Said) -> None:
    sign = ":green[:material/check_circle:]" if said.good else ":red[:material/error:]"
    st.markdown(f"{sign} {plain(said.sentence)}", width="stretch")
    if said.act and page.can_edit:
        st.button("Undo", icon=":material/undo:", key="done:undo", on_click=_undo, args=(page, said.act))
    st.button("Close", icon=":material/close:", key="icon-only-done", type="tertiary", on_click=forget, kwargs={"all_": True})


def _undo(page: Page, act: PlanUndoEntry) -> None:
    forget(all_=True)
    with telling():
        with page.transaction(needs="editor") as tx:
            content_plans.undo(tx, act.id)
        done("Undone.")
    st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
