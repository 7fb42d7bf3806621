"""The gallery: filter, rate, open, remix, download, delete and take that back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from backend import generation, influencers, loras
from backend.errors import StudioError
from backend.generation import GalleryFilters, PictureCard
from studio.components import gallery
from studio.format import ago, count, media_url, plain
from studio.frame import Page
from studio.widgets import identity
from studio.widgets.empty import empty_state
from studio.widgets.generation import rate, tile
from studio.widgets.picture import picture

TAKE = 60


def browse(page: Page) -> None:
    filters = _filters(page)
    take = st.session_state.setdefault("gallery:take", TAKE)
    with page.transaction() as tx:
        found = generation.gallery(tx, filters=filters, take=take)
    _undo(page)
    if not found.pictures:
        _nothing(page, filtered=filters != GalleryFilters())
        return
    bar = st.container()
    state = gallery(
        "gallery", tiles=[tile(page, one) for one in found.pictures], selectable=page.can_edit,
        on_rated=partial(rate, page) if page.can_edit else None,
        selection_round=st.session_state.get("gallery:round", 0),
    )  # fmt: skip
    with bar:
        _bar(page, state.selected, found.total, len(found.pictures))
    if state.opened:
        page.go("make/gallery", id=state.opened)
    if found.next_cursor and st.button("Show more", width="stretch"):
        st.session_state["gallery:take"] = take + TAKE
        st.rerun()


def _filters(page: Page) -> GalleryFilters:
    with page.transaction() as tx:
        people = {card.id: card.name for card in influencers.page(tx, take=200).cards}
        words = {card.id: card.name for card in loras.page(tx, take=200).cards}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search prompts",
            key="gallery:text",
            type="search",
            live="300ms",
            placeholder="Search prompts",
            label_visibility="collapsed",
        )
        stars = st.selectbox(
            "Rating", range(6), key="gallery:stars", format_func=lambda n: f"{'★' * n} and up" if n else "Any rating",
            label_visibility="collapsed", width=150,
        )  # fmt: skip
        with st.popover("Filters", icon=":material/filter_list:"):
            who = st.selectbox(
                "Influencer", list(people), index=None, format_func=people.__getitem__, key="gallery:who", placeholder="All"
            )
            lora = st.selectbox(
                "LoRA", list(words), index=None, format_func=words.__getitem__, key="gallery:lora", placeholder="All"
            )
            first = st.date_input("From", None, key="gallery:from")
            last = st.date_input("Until", None, key="gallery:until")
    return GalleryFilters(
        influencer_id=who, lora_id=lora, date_from=first, date_to=last, min_rating=int(stars or 0), text=text or ""
    )


def _nothing(page: Page, *, filtered: bool) -> None:
    if filtered:
        st.info("No picture matches these filters. Take one away to see more.", icon=":material/filter_list_off:")
        return
    card = empty_state("No pictures yet", "Pictures you create are kept here, newest first.", icon=":material/photo_library:")
    if page.can_edit and card.button("Create pictures", type="primary"):
        page.go("make/generation")


def _bar(page: Page, selected: Sequence[str], total: int, shown: int) -> None:
    """What can be done with the chosen ones; how many there are when none is chosen."""
    if not selected:
        st.caption(f"{count(total, 'picture')}" + (f", {shown} shown" if shown < total else ""))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(selected)} chosen**", width="content")
        stars = st.menu_button("Rate", list(range(5, -1, -1)), format_func=lambda n: "★" * n or "No rating", key="gallery:rate")
        if stars is not None:
            with page.transaction(needs="editor") as tx:
                generation.rate(tx, selected, stars)
            st.rerun()
        st.button("Delete", icon=":material/delete:", key="gallery:delete", on_click=_delete, args=(page, list(selected)))
        st.button("Choose none", type="tertiary", key="gallery:none", on_click=_clear)


def _clear() -> None:
    st.session_state["gallery:round"] = st.session_state.get("gallery:round", 0) + 1


def _delete(page: Page, ids: list[str]) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            generation.delete(tx, ids)
    except StudioError as error:
        st.toast(error.message, icon=":material/error:")
        return
    st.session_state["gallery:deleted"] = ids
    _clear()


def _undo(page: Page) -> None:
    ids: list[str] = st.session_state.get("gallery:deleted", [])
    if not ids:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"{count(len(ids), 'picture')} deleted.", width="content")
        st.button("Undo", icon=":material/undo:", key="gallery:undo", on_click=_undelete, args=(page, ids))
        st.button("Fine", type="tertiary", key="gallery:fine", on_click=lambda: st.session_state.pop("gallery:deleted", None))


def _undelete(page: Page, ids: list[str]) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            generation.undelete(tx, ids)
    except StudioError as error:
        st.toast(error.message, icon=":material/error:")
    st.session_state.pop("gallery:deleted", None)


def detail(page: Page, picture_id: str) -> None:
    """One picture large, its recipe, and what can be made of it."""
    if st.button("Gallery", icon=":material/arrow_back:", type="tertiary"):
        page.go("make/gallery")
    with page.transaction() as tx:
        card = generation.picture(tx, picture_id)
    if card.deleted_at:
        st.warning("This picture was deleted.", icon=":material/delete:")
        if page.can_edit and st.button("Bring it back", type="primary"):
            with page.transaction(needs="editor") as tx:
                generation.undelete(tx, [card.id])
            st.rerun()
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        picture(media_url(page.workspace.id, card.asset_id), alt=card.prompt)
    with right:
        _rate_one(page, card)
        _acts(page, card)
        identity.about(page, card)
        _recipe(card)


def _rate_one(page: Page, card: PictureCard) -> None:
    key = f"stars:{card.id}"
    st.feedback(
        "stars", default=card.rating - 1 if card.rating else None, key=key, disabled=not page.can_edit,
        on_change=lambda: rate(page, [card.id], 0 if st.session_state[key] is None else st.session_state[key] + 1),
    )  # fmt: skip


def _acts(page: Page, card: PictureCard) -> None:
    if page.can_edit:
        if st.button(
            "More like this", type="primary", icon=":material/auto_awesome:", width="stretch", help="Same recipe, new seeds"
        ):
            page.go("make/generation", remix=card.id)
        if st.button("Change it, same seed", icon=":material/edit:", width="stretch"):
            page.go("make/generation", remix=card.id, seed="same")
        if st.button("Start from this picture", icon=":material/image:", width="stretch"):
            page.go("make/generation", **{"from": card.id})
        if card.influencer_id:
            name = card.influencer_name or "the influencer"
            if st.button(f"Make it the cover of {plain(name)}", icon=":material/account_circle:", width="stretch"):
                with page.transaction(needs="editor") as tx:
                    generation.make_cover(tx, card.id)
                st.toast(f"{name} has a new cover.", icon=":material/check:")
    st.link_button(
        "Download", media_url(page.workspace.id, card.asset_id, download=True), icon=":material/download:", width="stretch"
    )
    if page.can_edit and st.button("Delete", icon=":material/delete:", width="stretch"):
        _delete(page, [card.id])
        page.go("make/gallery")


def _recipe(card: PictureCard) -> None:
    st.markdown("**Recipe**")
    st.code(card.prompt, language=None, wrap_lines=True)
    recipe = card.recipe
    if recipe.negative_prompt:
        st.caption("Kept out: " + plain(recipe.negative_prompt))
    facts = [
        f"{plain(card.influencer_name)}" if card.influencer_name else "",
        *(f"LoRA {plain(ref.name)} at {ref.weight:g}" for ref in recipe.loras),
        f"model {plain(recipe.model)}",
        f"{card.width} × {card.height} px",
        f"{recipe.steps} steps, CFG {recipe.cfg:g}, {plain(recipe.sampler)}",
        f"seed {card.seed}",
        ago(card.created_at),
    ]
    st.caption(" · ".join(fact for fact in facts if fact))
