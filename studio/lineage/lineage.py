"""Lineage: what something was made from and what was made of it."""

from __future__ import annotations

import streamlit as st

from backend import datasets, gallery, lineage, loras, training
from backend.gallery import GalleryFilters
from backend.language import tr, tr_lazy, worded
from studio.generation.results import picture_tile
from studio.lineage.lineage_chart import lineage_chart
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import plain
from studio.ui.picture_grid import picture_grid

LATEST_COUNT = 12

_PAGES = {
    "dataset": "models/datasets",
    "run": "models/training",
    "lora": "models/loras",
    "picture": "library/gallery",
    "clip": "library/videos",
}
_LABELS = {
    "dataset": tr_lazy("Dataset"),
    "run": tr_lazy("Training run"),
    "lora": "LoRA",
    "picture": tr_lazy("Picture"),
    "clip": tr_lazy("Video"),
}


def show_lineage(page: Page, noun: str, thing_id: str) -> None:
    if st.button(tr("Choose another"), icon=":material/arrow_back:", type="tertiary"):
        page.go("library/lineage")
    with page.transaction() as tx:
        traced = lineage.trace(tx, noun, thing_id)
    st.markdown(f"**{worded(_LABELS[traced.focus.noun])}** {plain(traced.focus.title[:120])}")
    chosen = lineage_chart(f"lineage:{thing_id}", workspace=page.workspace.id, lineage=traced)
    if not chosen:
        return
    noun_chosen, chosen_id, opens_own_page = chosen
    if opens_own_page:
        page.go(_PAGES[noun_chosen], id=chosen_id)
    page.go("library/lineage", noun=noun_chosen, id=chosen_id)


def lineage_button(page: Page, noun: str, thing_id: str) -> None:
    """A button on the page of a dataset, run, LoRA, picture or video that opens its lineage."""
    if st.button(tr("How it was made"), icon=":material/account_tree:", help=tr("What it came from, and what became of it")):
        page.go("library/lineage", noun=noun, id=thing_id)


def choose_start(page: Page) -> None:
    """The choice of a dataset, run or LoRA to start from, the newest first."""
    with page.transaction() as tx:
        dataset_options = [(card.id, card.name) for card in datasets.page(tx, take=50).cards]
        run_options = [(card.id, card.name) for card in training.page(tx, take=50).cards]
        lora_options = [(card.id, card.name) for card in loras.page(tx, take=50).cards]
        pictures = gallery.page(tx, filters=GalleryFilters(influencer_id=page.influencer_id), take=LATEST_COUNT).pictures
    if not (dataset_options or run_options or lora_options or pictures):
        card = empty_state(
            tr("Nothing to follow yet"),
            tr("See which datasets, trainings and LoRAs a picture or video was made from."),
            icon=":material/account_tree:",
        )
        if page.can_edit and card.button(tr("Start with a dataset"), type="primary"):
            page.go("models/datasets")
        return
    st.markdown(
        tr(
            "See what something was made from, and what was made of it. Datasets, trainings, LoRAs, pictures and "
            "videos have a button for it, too: **How it was made**."
        )
    )
    choices = (("dataset", dataset_options), ("run", run_options), ("lora", lora_options))
    with st.container(horizontal=True):
        for noun, options in choices:
            if options:
                _choose(page, noun, dict(options))
    if pictures:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(tr("Latest pictures"), anchor=False, width="stretch")
            page.link("library/gallery", tr("All pictures"), icon=":material/imagesmode:")
        tiles = [picture_tile(page, card) for card in pictures]
        if opened := picture_grid("lineage:pictures", tiles=tiles, size=120).opened:
            page.go("library/lineage", noun="picture", id=opened)


def _choose(page: Page, noun: str, names: dict[str, str]) -> None:
    """`names`: by id."""
    chosen = st.selectbox(
        worded(_LABELS[noun]),
        list(names),
        index=None,
        format_func=names.__getitem__,
        key=f"lineage:{noun}",
        placeholder=tr("Choose one"),
        width=260,
    )
    if chosen:
        page.go("library/lineage", noun=noun, id=chosen)
