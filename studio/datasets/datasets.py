"""The Datasets page: the list, and one dataset with its tabs and settings."""

from __future__ import annotations

import streamlit as st

from backend import datasets, influencers
from backend.datasets import DatasetCard
from backend.language import tr, tr_context, tr_lazy, tr_plural, worded
from studio.datasets.captions import captions
from studio.datasets.dataset_check import check, readiness
from studio.datasets.dataset_pictures import add_pictures
from studio.datasets.dataset_rights import rights, rights_page
from studio.gallery.picture_urls import preload
from studio.lineage import lineage
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, media_url, plain
from studio.ui.forms import changed_meanwhile, offer_reload, open_form, reload_form, submit_once
from studio.ui.thumbnails import thumbnail

__all__ = ["detail", "listing", "readiness", "rights"]
FORMS = {
    "trained": (
        tr_lazy("As trained"),
        tr_lazy("Cut to their crops. A mask becomes the picture's alpha channel: set `alpha_mask` in kohya."),
    ),
    "originals": (
        tr_lazy("Originals"),
        tr_lazy("As they were uploaded. Masks lie in a folder of their own; crops are in `manifest.json`."),
    ),
}
STATUS = {
    "draft": tr_lazy(":gray-badge[draft]"),
    "ready": tr_lazy(":green-badge[ready]"),
    "training": tr_lazy(":blue-badge[training]"),
}


def listing(page: Page) -> None:
    if page.can_edit and st.button(tr("New dataset"), type="primary", icon=":material/add:"):
        st.dialog(tr("New dataset"))(_new)(page)
    with page.transaction() as tx:
        dataset_page = datasets.page(tx, take=200)
    if not dataset_page.cards:
        empty = empty_state(
            tr("No dataset yet"),
            tr(
                "A dataset is 10 to 30 pictures of one face with a caption each. The “New influencer” wizard makes one for you."
            ),
            icon=":material/photo_library:",
        )
        if page.can_edit:
            with empty:
                page.link("influencers/wizard", tr("New influencer"), icon=":material/auto_awesome:")
    for card in dataset_page.cards:
        _row(page, card)


def _row(page: Page, card: DatasetCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        thumbnail(page.workspace.id, next(iter(card.cover_asset_ids), None), icon="photo_library", size="medium")
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(card.name)}** {worded(STATUS[card.status])}")
            pictures = tr_plural("{n:,} picture", "{n:,} pictures", card.images)
            st.caption(" · ".join(filter(None, [pictures, plain(card.influencer_name or ""), ago(card.updated_at)])))
        if st.button(tr("Open"), key=f"dataset:{card.id}"):
            page.go("models/datasets", id=card.id)


def _new(page: Page) -> None:
    with page.guard():
        with page.transaction() as tx:
            influencers_by_id = {influencer.id: influencer for influencer in influencers.page(tx, take=200).cards}
        with st.form("dataset:new", border=False):
            name = st.text_input(tr("Name"), max_chars=80)
            options = ["", *influencers_by_id]
            influencer_id = st.selectbox(
                tr("Influencer"),
                options,
                format_func=lambda chosen_id: influencers_by_id[chosen_id].name if chosen_id else tr("No influencer"),
            )
            trigger_word = st.text_input(tr("Trigger word"), placeholder=tr("empty: the influencer's own"), max_chars=32)
            submitted = st.form_submit_button(tr("Create"), type="primary")
        if submitted:
            trigger = trigger_word or (influencers_by_id[influencer_id].trigger_word if influencer_id else "")

            def create() -> DatasetCard:
                with page.transaction(needs="editor") as tx:
                    return datasets.create(tx, name=name, influencer_id=influencer_id or None, trigger_word=trigger)

            page.go("models/datasets", id=submit_once("dataset:new", (name, influencer_id, trigger), create).id)


def detail(page: Page, dataset_id: str) -> None:
    if st.button(tr("All datasets"), icon=":material/arrow_back:", type="tertiary"):
        page.go("models/datasets")
    with page.transaction() as tx:
        card = datasets.get(tx, dataset_id)
    if card.cover_asset_ids:
        preload([media_url(page.workspace.id, asset_id, w=320) for asset_id in card.cover_asset_ids])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"## {plain(card.name)} {worded(STATUS[card.status])}", width="stretch")
        lineage.lineage_button(page, "dataset", card.id)
    facts = [
        tr_plural(
            "{included:,} of {n:,} picture in use", "{included:,} of {n:,} pictures in use", card.images, included=card.included
        ),
        tr("trigger word {word}", word=plain(card.trigger_word)) if card.trigger_word else "",
        plain(card.influencer_name or ""),
    ]
    st.caption(" · ".join(filter(None, facts)))
    titles = [tr("Pictures"), tr_context("noun", "Check"), tr("Captions"), tr("Rights"), tr("Settings")]
    parts = st.tabs(titles, on_change="rerun", key=f"dataset:tabs:{card.id}")
    with parts[0]:
        if parts[0].open:
            add_pictures(page, dataset_id, key="dataset", samples=True)
    with parts[1]:
        if parts[1].open:
            check(page, dataset_id, when_ready=lambda: _train(page, dataset_id))
    with parts[2]:
        if parts[2].open:
            captions(page, dataset_id)
    with parts[3]:
        if parts[3].open:
            rights_page(page, dataset_id)
    with parts[4]:
        if parts[4].open:
            _settings(page, card)


def _train(page: Page, dataset_id: str) -> None:
    if page.can_edit and st.button(tr("Train a LoRA"), type="primary", icon=":material/model_training:"):
        st.session_state["training:dataset"] = dataset_id
        page.go("models/training")


def _settings(page: Page, card: DatasetCard) -> None:
    disabled = not page.can_edit
    form = f"dataset:settings:{card.id}"
    key, before = open_form(form, (card.name, card.trigger_word))
    with st.form(key, border=False):
        name = st.text_input(tr("Name"), before[0], max_chars=80, disabled=disabled, key=f"{key}:first")
        trigger_word = st.text_input(tr("Trigger word"), before[1], max_chars=32, disabled=disabled, key=f"{key}:trigger")
        submitted = st.form_submit_button(tr("Save"), type="primary", disabled=disabled)
    if submitted and (card.name, card.trigger_word) not in (before, (name, trigger_word)):
        offer_reload(form, changed_meanwhile(card.name))
    elif submitted:
        with page.transaction(needs="editor") as tx:
            datasets.rename(tx, card.id, name)
            datasets.set_trigger_word(tx, card.id, trigger_word)
        reload_form(form)
        st.rerun()
    _download(page, card)
    with st.container(horizontal=True):
        if page.can_edit and st.button(tr("Delete the dataset"), icon=":material/delete:"):
            confirm(
                tr("Delete “{name}”?", name=plain(card.name)),
                tr_plural(
                    "It goes into the trash with its {n:,} picture. LoRAs trained on it stay.",
                    "It goes into the trash with its {n:,} pictures. LoRAs trained on it stay.",
                    card.images,
                ),
                action=tr("Delete"),
                act=lambda: _delete(page, card.id),
            )


def _download(page: Page, card: DatasetCard) -> None:
    st.markdown("### " + tr("Download as ZIP"))
    form = st.segmented_control(
        tr("Pictures"),
        list(FORMS),
        default="trained",
        format_func=lambda key: worded(FORMS[key][0]),
        key=f"dataset:zip:{card.id}",
        required=True,
        label_visibility="collapsed",
    )
    st.caption(worded(FORMS[str(form)][1]))
    st.link_button(
        tr("Download"),
        f"/api/datasets/{card.id}/export?workspace={page.workspace.id}&form={form}",
        icon=":material/download:",
        disabled=not card.included,
        help=tr("The pictures in use in kohya's layout: each with its caption file, ready for any trainer."),
    )


def _delete(page: Page, dataset_id: str) -> None:
    with page.transaction(needs="editor") as tx:
        datasets.delete(tx, dataset_id)
    st.query_params.pop("id", None)
