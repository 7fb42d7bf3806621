"""The LoRA library: trained and uploaded LoRAs."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import influencers, loras, training
from backend.language import tr, worded
from backend.loras import LoraCard
from studio.lineage import lineage
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, media_url, plain, size
from studio.ui.thumbnails import thumbnail
from studio.ui.uploader import Uploaded, uploader


def library(page: Page) -> None:
    if page.can_edit:
        with st.expander(tr("Upload a LoRA"), icon=":material/upload:"):
            _upload(page)
    with page.transaction() as tx:
        lora_page = loras.page(tx, take=200)
        samples = training.newest_samples(tx, [card.run_id for card in lora_page.cards if card.run_id])
    if not lora_page.cards:
        card = empty_state(
            tr("No LoRA yet"),
            tr("A LoRA is a small file that teaches a model one face or style. Train one from pictures, or upload one."),
            icon=":material/extension:",
        )
        if page.can_edit and card.button(tr("New influencer"), type="primary"):
            page.go("influencers/wizard")
    for lora in lora_page.cards:
        _row(page, lora, samples.get(lora.run_id or ""))


def _row(page: Page, card: LoraCard, sample: str | None) -> None:
    """`sample`: asset id of the newest sample of the run that trained it."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        thumbnail(page.workspace.id, sample, icon="extension", size="medium")
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(card.name)}** :gray-badge[{plain(card.base)}]")
            facts = [_origin(card), tr("rank {rank}", rank=card.dim), size(card.size_bytes), ago(card.created_at)]
            st.caption(" · ".join(facts))
        if st.button(tr("Open"), key=f"lora:{card.id}"):
            page.go("models/loras", id=card.id)


def _origin(card: LoraCard) -> str:
    return tr("trained, step {step}", step=card.step or 0) if card.source == "trained" else tr("uploaded")


def _upload(page: Page) -> None:
    uploader(
        "loras:upload",
        workspace=page.workspace.id,
        noun="lora",
        noun_id="library",
        accept=".safetensors",
        max_bytes=page.app.settings.uploads.max_lora_size,
        label=tr("Drop .safetensors files here"),
        hint=tr("kohya's or diffusers' layout, for Stable Diffusion 1.5, 2, XL or the starter model"),
        folders=False,
        on_done=partial(_accept_upload, page),
    )


def _accept_upload(page: Page, uploaded: Uploaded) -> None:
    for upload_id in uploaded.ids:
        with page.guard():
            card = loras.take_upload(lambda: page.transaction(needs="editor"), page.app.storage, upload_id=upload_id)
            text = tr("{name} is in the library.", name=plain(card.name))
            st.toast(f"{text} {plain(worded(card.notes))}".rstrip(), icon=":material/check:")


def detail(page: Page, lora_id: str) -> None:
    if st.button(tr("All LoRAs"), icon=":material/arrow_back:", type="tertiary"):
        page.go("models/loras")
    with page.transaction() as tx:
        card = loras.get(tx, lora_id)
        usages = loras.usages(tx, lora_id)
    st.markdown(f"## {plain(card.name)} :gray-badge[{plain(card.base)}]")
    facts = [
        _origin(card),
        tr("rank {rank}, alpha {alpha:g}", rank=card.dim, alpha=card.alpha),
        size(card.size_bytes),
        ago(card.created_at),
    ]
    if card.trigger_word:
        facts.append(tr("trigger word {word}", word=plain(card.trigger_word)))
    st.caption(" · ".join(facts))
    if card.notes:
        st.caption(f":material/info: {plain(worded(card.notes))}")
    st.markdown(tr("Add this to any prompt:"))
    st.code(f"<lora:{card.name}:0.8>", language=None)
    _actions(page, card, usages)
    if usages:
        st.caption(tr("In use: {usages}.", usages=_listed(usages)))
    if page.can_edit:
        _rename(page, card)
        _default_form(page, card)


def _actions(page: Page, card: LoraCard, usages: list[str]) -> None:
    with st.container(horizontal=True):
        if page.can_edit and st.button(tr("Create pictures with it"), type="primary", icon=":material/auto_awesome:"):
            page.go("create/pictures", lora=card.id)
        st.link_button(tr("Download"), media_url(page.workspace.id, card.asset_id, download=True), icon=":material/download:")
        if card.run_id and st.button(tr("Open its training run"), icon=":material/model_training:"):
            page.go("models/training", id=card.run_id)
        lineage.lineage_button(page, "lora", card.id)
        if page.can_edit and st.button(tr("Delete"), icon=":material/delete:"):
            in_use = tr("In use: {usages}. Pictures made with it stay.", usages=_listed(usages))
            confirm(
                tr("Delete “{name}”?", name=plain(card.name)),
                in_use if usages else tr("Nothing uses it."),
                action=tr("Delete"),
                act=lambda: _delete(page, card.id),
            )


def _listed(usages: list[str]) -> str:
    return ", ".join(plain(worded(usage)) for usage in usages)


def _delete(page: Page, lora_id: str) -> None:
    with page.transaction(needs="editor") as tx:
        loras.delete(tx, lora_id, force=True)
    st.query_params.pop("id", None)


def _rename(page: Page, card: LoraCard) -> None:
    with st.form("lora:rename", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(tr("Name"), card.name, max_chars=64)
        submitted = st.form_submit_button(tr("Rename"))
    if submitted and name != card.name:
        with page.transaction(needs="editor") as tx:
            loras.rename(tx, card.id, name)
        st.rerun()


def _default_form(page: Page, card: LoraCard) -> None:
    with page.transaction() as tx:
        influencers_by_id = {
            influencer.id: influencer
            for influencer in influencers.page(tx, take=200).cards
            if influencer.default_lora_id != card.id
        }
    if not influencers_by_id:
        return
    with st.form("lora:default", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        ids = sorted(influencers_by_id, key=lambda influencer_id: influencer_id != card.influencer_id)
        chosen = st.selectbox(tr("Influencer"), ids, format_func=lambda influencer_id: influencers_by_id[influencer_id].name)
        submitted = st.form_submit_button(tr("Make it their default"))
    if submitted and chosen:
        with page.transaction(needs="editor") as tx:
            influencers.set_default_lora(tx, chosen, card.id, card.weight)
        st.rerun()
