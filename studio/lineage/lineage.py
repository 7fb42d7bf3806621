"""Lineage: what something was learned from and what it led to."""

from __future__ import annotations

import streamlit as st

from backend import datasets, generation, lineage, loras, training
from backend.generation import GalleryFilters
from studio.components.lineage import lineage_chart
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import plain

_PAGES = {
    "dataset": "make/datasets",
    "run": "make/training",
    "lora": "make/loras",
    "picture": "make/gallery",
    "clip": "make/clips",
}
_WORDS = {"dataset": "Dataset", "run": "Training run", "lora": "LoRA", "picture": "Picture", "clip": "Video"}


def of(page: Page, noun: str, thing_id: str) -> None:
    if st.button("Choose another", icon=":material/arrow_back:", type="tertiary"):
        page.go("make/lineage")
    with page.transaction() as tx:
        found = lineage.trace(tx, noun, thing_id)
    st.markdown(f"**{_WORDS[found.focus.noun]}** {plain(found.focus.title[:120])}")
    chosen = lineage_chart(f"lineage:{thing_id}", workspace=page.workspace.id, lineage=found)
    if not chosen:
        return
    to, chosen_id, own_page = chosen
    if own_page:
        page.go(_PAGES[to], id=chosen_id)
    page.go("make/lineage", noun=to, id=chosen_id)


def button(page: Page, noun: str, thing_id: str) -> None:
    """On the thing's own page: the way to its lineage."""
    if st.button("Lineage", icon=":material/account_tree:", help="What it came from, and what became of it"):
        page.go("make/lineage", noun=noun, id=thing_id)


def choose(page: Page) -> None:
    """Where to begin: the latest of each."""
    with page.transaction() as tx:
        sets = [(one.id, one.name) for one in datasets.page(tx, take=50).cards]
        runs = [(one.id, one.name) for one in training.page(tx, take=50).cards]
        library = [(one.id, one.name) for one in loras.page(tx, take=50).cards]
        pictures = bool(generation.tiles(tx, filters=GalleryFilters(), take=1).tiles)
    if not (sets or runs or library or pictures):
        card = empty_state("Nothing to follow yet", "Datasets, runs, LoRAs, pictures and videos show how they hang together.",
                           icon=":material/account_tree:")  # fmt: skip
        if page.can_edit and card.button("Begin with a dataset", type="primary"):
            page.go("make/datasets")
        return
    st.markdown(
        "See what something was learned from, and what it led to. Every dataset, run, LoRA, picture and "
        "video has a Lineage button of its own."
    )
    for noun, found in (("dataset", sets), ("run", runs), ("lora", library)):
        names = dict(found)
        chosen = st.selectbox(
            _WORDS[noun], list(names), index=None, format_func=names.__getitem__, key=f"lineage:{noun}",
            placeholder="Choose one", disabled=not names,
        )  # fmt: skip
        if chosen:
            page.go("make/lineage", noun=noun, id=chosen)
