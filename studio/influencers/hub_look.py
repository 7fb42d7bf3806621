"""How an influencer looks: what prompts get, the LoRA that draws her, what she was learned from, and the face match."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import datasets, influencers, loras, training
from backend.datasets import DatasetCard
from backend.influencers import InfluencerCard
from backend.language import tr, tr_plural
from backend.loras import LoraCard
from backend.training import RunCard
from studio.identity import identity
from studio.influencers import kept_fields
from studio.influencers.influencer_form import look_fields
from studio.influencers.influencers import cover
from studio.shell.frame import Page
from studio.ui.format import ago, plain, state_badge

_TAKE = 6


def look_tab(page: Page, card: InfluencerCard) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        _look(page, card)
    with right:
        _default_lora(page, card)
        _models(page, card)
    st.header(tr("Face match"), anchor=False)
    identity.identity_section(page, card)


def _look(page: Page, card: InfluencerCard) -> None:
    picture_column, form_column = st.columns([1, 2])
    with picture_column, st.container(width=160):  # a phone puts columns under each other, as wide as they may be
        cover(page, card)
        if st.button(tr("Pictures"), icon=":material/photo_library:", width="stretch"):
            page.go("influencers/influencers", id=card.id, tab="content")
    with form_column:
        kept_fields.edit(page, card, "look", fields=partial(look_fields, disabled=not page.can_edit))


def _default_lora(page: Page, card: InfluencerCard) -> None:
    with page.transaction() as tx:
        library = {lora.id: lora for lora in loras.page(tx, take=200).cards}
    if not library:
        st.caption(tr("No LoRA yet. Train one from their pictures."))
        return
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    options = [*library, ""]
    chosen = left.selectbox(
        tr("Default LoRA"),
        options,
        index=options.index(card.default_lora_id or ""),
        format_func=lambda lora_id: library[lora_id].name if lora_id else tr("No LoRA"),
        key=f"default:{card.id}",
        disabled=not page.can_edit,
    )
    unchanged = (chosen or None) == card.default_lora_id or chosen not in library
    default_weight = card.default_lora_weight if unchanged else library[chosen].weight
    least, most = (
        min(0.0, default_weight),
        max(1.5, default_weight),
    )  # the API or a comparison may have set a weight outside of the slider's range
    weight = right.slider(
        tr("Weight"), least, most, default_weight, 0.05, key=f"weight:{card.id}:{chosen}", disabled=not page.can_edit
    )
    if page.can_edit and ((chosen or None) != card.default_lora_id or weight != card.default_lora_weight):
        with page.transaction(needs="editor") as tx:
            influencers.set_default_lora(tx, card.id, chosen or None, weight)


def _models(page: Page, card: InfluencerCard) -> None:
    with page.transaction() as tx:
        dataset_page = datasets.page(tx, influencer_id=card.id, take=_TAKE)
        run_page = training.page(tx, influencer_id=card.id, take=_TAKE)
        lora_page = loras.page(tx, influencer_id=card.id, take=_TAKE)
    with st.container(gap="small"):
        _group(tr("Datasets"), dataset_page.total)
        for dataset in dataset_page.cards:
            _dataset_row(page, dataset)
        if not dataset_page.cards:
            st.caption(tr("No dataset yet."))
            if page.can_edit:
                page.link("models/datasets", tr("Create a dataset"), icon=":material/add:", influencer=card.id)
        _group(tr("Training"), run_page.total)
        for run in run_page.cards:
            _run_row(page, run)
        if not run_page.cards:
            st.caption(tr("Not trained yet."))
            if page.can_edit and dataset_page.cards:
                page.link("models/datasets", tr("Train"), icon=":material/model_training:", id=dataset_page.cards[0].id)
        if lora_page.cards:
            _group(tr("LoRAs"), lora_page.total)
        for lora in lora_page.cards:
            _lora_row(page, lora)


def _group(title: str, total: int) -> None:
    st.markdown(f"**{title}**" + (f" :gray[{total:,}]" if total > _TAKE else ""))


def _dataset_row(page: Page, dataset: DatasetCard) -> None:
    used = tr_plural("{used} of {n:,} picture in use", "{used} of {n:,} pictures in use", dataset.images, used=dataset.included)
    facts = f"{used} · {ago(dataset.updated_at)}"
    _row(page, "models/datasets", dataset.id, dataset.name, facts, ":material/photo_library:")


def _run_row(page: Page, run: RunCard) -> None:
    steps = tr_plural("{n:,} step", "{n:,} steps", run.params.steps)
    facts = f"{state_badge(run.state)} {steps} · {ago(run.created_at)}"
    _row(page, "models/training", run.id, run.name, facts, ":material/model_training:")


def _lora_row(page: Page, lora: LoraCard) -> None:
    origin = tr("trained, step {step}", step=lora.step or 0) if lora.source == "trained" else tr("uploaded")
    _row(page, "models/loras", lora.id, lora.name, f"{plain(lora.base)} · {origin}", ":material/extension:")


def _row(page: Page, file: str, noun_id: str, name: str, facts: str, icon: str) -> None:
    """`facts`: Streamlit markdown."""
    with st.container(horizontal=True, vertical_alignment="center"):
        page.link(file, plain(name), icon=icon, id=noun_id)
        st.caption(facts)
