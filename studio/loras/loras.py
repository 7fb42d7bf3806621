"""The LoRA library: what training made and what people brought."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import influencers, loras
from backend.loras import LoraCard
from studio.components import uploader
from studio.components.uploader import Uploaded
from studio.lineage import lineage
from studio.shell.frame import Page
from studio.ui.confirm import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, count, media_url, plain, size


def library(page: Page) -> None:
    if page.can_edit:
        with st.expander("Upload a LoRA", icon=":material/upload:"):
            _upload(page)
    with page.transaction() as tx:
        found = loras.page(tx, take=200)
    if not found.cards:
        card = empty_state(
            "No LoRA yet",
            "A LoRA is a small file that teaches a model one face or style. Train one from pictures, or upload one.",
            icon=":material/extension:",
        )
        if page.can_edit and card.button("New influencer", type="primary"):
            page.go("start/wizard")
    for one in found.cards:
        _row(page, one)


def _row(page: Page, card: LoraCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(card.name)}** :gray-badge[{plain(card.base)}]")
            st.caption(f"{_origin(card)} · rank {card.dim} · {size(card.size_bytes)} · {ago(card.created_at)}")
        if st.button("Open", key=f"lora:{card.id}"):
            page.go("make/loras", id=card.id)


def _origin(card: LoraCard) -> str:
    return f"trained, step {card.step}" if card.source == "trained" else "uploaded"


def _upload(page: Page) -> None:
    uploader(
        "loras:upload", workspace=page.workspace.id, noun="lora", noun_id="library", accept=".safetensors",
        max_bytes=page.app.settings.max_lora_size, label="Drop .safetensors files here",
        hint="kohya's or diffusers' layout, for Stable Diffusion 1.5, 2, XL or the starter model", folders=False,
        on_done=partial(_take, page),
    )  # fmt: skip


def _take(page: Page, done: Uploaded) -> None:
    for upload_id in done.ids:
        with page.guard():
            card = loras.take_upload(lambda: page.transaction(needs="editor"), page.app.storage, upload_id=upload_id)
            note = f" {card.notes}" if card.notes else ""
            st.toast(f"{plain(card.name)} is in the library.{plain(note)}", icon=":material/check:")


def detail(page: Page, lora_id: str) -> None:
    if st.button("All LoRAs", icon=":material/arrow_back:", type="tertiary"):
        page.go("make/loras")
    with page.transaction() as tx:
        card = loras.get(tx, lora_id)
        used = loras.uses(tx, lora_id)
    st.markdown(f"## {plain(card.name)} :gray-badge[{plain(card.base)}]")
    st.caption(
        f"{_origin(card)} · rank {card.dim}, alpha {card.alpha:g} · {size(card.size_bytes)} · {ago(card.created_at)}"
        + (f" · trigger word {plain(card.trigger_word)}" if card.trigger_word else "")
    )
    if card.notes:
        st.caption(f":material/info: {plain(card.notes)}")
    st.markdown("Write this into any prompt:")
    st.code(f"<lora:{card.name}:0.8>", language=None)
    _acts(page, card, used)
    if used:
        st.caption("Used as " + ", ".join(plain(use) for use in used) + ".")
    if page.can_edit:
        _rename(page, card)
        _default_of(page, card)


def _acts(page: Page, card: LoraCard, used: list[str]) -> None:
    with st.container(horizontal=True):
        if page.can_edit and st.button("Create pictures with it", type="primary", icon=":material/auto_awesome:"):
            page.go("make/generation", lora=card.id)
        st.link_button("Download", media_url(page.workspace.id, card.asset_id, download=True), icon=":material/download:")
        if card.run_id and st.button("Open its training run", icon=":material/model_training:"):
            page.go("make/training", id=card.run_id)
        lineage.button(page, "lora", card.id)
        if page.can_edit and st.button("Delete", icon=":material/delete:"):
            why = f"It is {' and '.join(used)}. Pictures made with it stay." if used else "Nothing uses it."
            confirm(f"Delete {plain(card.name)}?", why, action="Delete it", act=lambda: _delete(page, card.id))


def _delete(page: Page, lora_id: str) -> None:
    with page.transaction(needs="editor") as tx:
        loras.delete(tx, lora_id, force=True)
    st.query_params.pop("id", None)


def _rename(page: Page, card: LoraCard) -> None:
    with st.form("lora:rename", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", card.name, max_chars=64)
        sent = st.form_submit_button("Rename")
    if sent and name != card.name:
        with page.transaction(needs="editor") as tx:
            loras.rename(tx, card.id, name)
        st.rerun()


def _default_of(page: Page, card: LoraCard) -> None:
    with page.transaction() as tx:
        people = {one.id: one for one in influencers.page(tx, take=200).cards if one.default_lora_id != card.id}
    if not people:
        return
    with st.form("lora:default", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Draws", list(people), format_func=lambda one: people[one].name)
        sent = st.form_submit_button("Make it their default", help=f"One of {count(len(people), 'influencer')}")
    if sent and chosen:
        with page.transaction(needs="editor") as tx:
            influencers.set_default_lora(tx, chosen, card.id, card.weight)
        st.rerun()
