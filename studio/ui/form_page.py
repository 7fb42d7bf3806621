"""Pages that are a form with its results beside it: the button stays at the lower edge while the form is scrolled, the results
stay in view. On a phone the results stand below."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

_CSS = """<style>
@media (min-height: 480px) {  /* in a lower window, such as a phone's at 200 %, it would cover the form */
  [data-testid="stLayoutWrapper"]:has(> .st-key-form-bar) { position: sticky; bottom: var(--phone-bar, 0px); z-index: 5; }
}
.st-key-form-bar { background: var(--color-page); padding-block: 0.6rem; border-top: 1px solid var(--color-border); }
.st-key-form-results { scroll-margin-block: 4.5rem 6rem; }
@media (min-width: 641px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-form-results) {
    position: sticky; top: 4rem; max-height: calc(100dvh - 5rem); overflow-y: auto; }
}
</style>"""


def columns() -> tuple[DeltaGenerator, DeltaGenerator]:
    """For the form, and for its results."""
    st.html(_CSS)
    left, right = st.columns([5, 7], gap="medium")
    return left, right


def button_bar() -> DeltaGenerator:
    """In the column of the form, its last container: for the button and what is said right above it."""
    return st.container(key="form-bar", gap="xsmall")


def bottom_bar() -> DeltaGenerator:
    """`button_bar` of a page that has no `columns`."""
    st.html(_CSS)
    return button_bar()


@contextmanager
def results(column: DeltaGenerator) -> Iterator[None]:
    """What the column of the results shows."""
    with column, st.container(key="form-results"):
        yield
