"""One picture large, what it was made with, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from backend import gallery, generation
from backend.content_plans import PostSource
from backend.errors import StudioError
from backend.gallery import BulkActionDraft
from backend.generation import PictureCard
from backend.kit.ids import new_id
from backend.language import tr, tr_plural, worded
from studio.content_plans import create_post
from studio.gallery import picture_actions
from studio.gallery.browse import viewer
from studio.gallery.gallery import offer_undo
from studio.generation.results import rate
from studio.identity import identity
from studio.lineage import lineage
from studio.shell.frame import Page
from studio.ui.format import ago, plain


def detail(page: Page, picture_id: str) -> None:
    """`?board=<board>`: the arrows go through the pictures of that board."""
    board_id = st.query_params.get("board", "")
    if st.button(tr("Board") if board_id else tr("Gallery"), icon=":material/arrow_back:", type="tertiary"):
        _back(page, board_id)
    with page.transaction() as tx:
        card = generation.picture(tx, picture_id)
        boards_with_it = gallery.boards_of_picture(tx, picture_id)
    if card.deleted_at:
        _deleted(page, card)
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        event = viewer("viewer", workspace=page.workspace.id, card=card, can_edit=page.can_edit, board_id=board_id)
        keys = [tr("← → previous and next picture"), tr("Z or double click: zoom")]
        keys += [tr("P: create post"), tr("0 to 5: rate"), tr("F: favourite")] if page.can_edit else []
        with st.container(key="keyboard-hint"):
            st.caption(" · ".join(keys))
    if event.for_post:
        create_post.create_post_from_pictures(page, [event.for_post])
    if event.moved_to and event.moved_to != picture_id:
        page.go("library/gallery", id=event.moved_to, **({"board": board_id} if board_id else {}))
    with right:
        _rating(page, card)
        _create_actions(page, card)
        _file_actions(page, card, board_id)
        identity.identity_details(page, card)
        _recipe(card)
        _board_links(page, card, boards_with_it)


def _back(page: Page, board_id: str) -> None:
    if board_id:
        page.go("library/boards", id=board_id)
    page.go("library/gallery")


def _deleted(page: Page, card: PictureCard) -> None:
    st.warning(tr("This picture was deleted."), icon=":material/delete:")
    if page.can_edit and st.button(tr("Restore"), type="primary"):
        with page.transaction(needs="editor") as tx:
            gallery.undelete(tx, [card.id])
        st.rerun()


def _rating(page: Page, card: PictureCard) -> None:
    stars, heart = f"stars:{card.id}:{card.rating}", f"heart:{card.id}:{card.favourite}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.feedback(
            "stars",
            default=card.rating - 1 if card.rating else None,
            key=stars,
            disabled=not page.can_edit,
            on_change=lambda: rate(page, [card.id], 0 if st.session_state[stars] is None else st.session_state[stars] + 1),
        )
        icon = ":material/favorite:" if card.favourite else ":material/favorite_border:"
        label = tr("Favourite") if card.favourite else tr("Add to favourites")
        st.button(label, icon=icon, type="tertiary", key=heart, disabled=not page.can_edit, on_click=_favour, args=(page, card))


def _favour(page: Page, card: PictureCard) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        gallery.set_favourite(tx, [card.id], not card.favourite)


def _create_actions(page: Page, card: PictureCard) -> None:
    if not page.can_edit:
        return
    source = PostSource(picture_ids=(card.id,))
    create_post.create_post_button(page, source, key=card.id, type="primary", width="stretch")
    if st.button(
        tr("Variations"), icon=":material/auto_awesome:", width="stretch", help=tr("Same prompt and settings, new seeds")
    ):
        page.go("create/pictures", remix=card.id)
    if st.button(tr("Edit prompt, keep seed"), icon=":material/edit:", width="stretch"):
        page.go("create/pictures", remix=card.id, seed="same")
    if st.button(tr("Image to image"), icon=":material/image:", width="stretch"):
        page.go("create/pictures", **{"from": card.id})
    picture_actions.animate_button(page, card)
    picture_actions.edit_area_button(page, card)
    picture_actions.pose_button(page, card)
    picture_actions.upscale_popover(page, card)


def _file_actions(page: Page, card: PictureCard, board_id: str) -> None:
    url = f"/api/pictures/{card.id}/file?workspace={page.workspace.id}"
    with st.container(horizontal=True):
        with st.popover(tr("Download"), icon=":material/download:"):
            st.link_button(tr("The picture"), url, width="stretch", help=tr("With the AI-made mark only"))
            st.link_button(
                tr("With prompt metadata"),
                f"{url}&recipe=true",
                width="stretch",
                help=tr("Prompt and settings inside the file"),
            )
        if page.can_edit:
            with st.popover(tr("Board"), icon=":material/dashboard:"):
                _boards(page, card)
        if st.button(tr("Find similar"), icon=":material/image_search:"):
            page.go("library/gallery", similar=card.id)
        lineage.lineage_button(page, "picture", card.id)
        if page.can_edit:
            with st.popover(tr("More"), icon=":material/more_horiz:"):
                _more_actions(page, card, board_id)


def _boards(page: Page, card: PictureCard) -> None:
    with page.transaction() as tx:
        names = {board.id: board.name for board in gallery.list_boards(tx)}
    if not names:
        st.caption(tr("No boards yet."))
        page.link("library/boards", tr("Create one"), icon=":material/add:")
        return
    chosen = st.selectbox(tr("Board"), list(names), format_func=names.__getitem__, key=f"board:{card.id}")
    st.button(tr("Add to board"), key=f"put:{card.id}", on_click=_put, args=(page, card, chosen))


def _put(page: Page, card: PictureCard, board_id: str) -> None:
    draft = BulkActionDraft(kind="board-add", picture_ids=(card.id,), board_id=board_id)
    try:
        with page.transaction(needs="editor") as tx:
            st.toast(plain(worded(gallery.act(tx, draft=draft, request_key=new_id("key")).said)), icon=":material/check:")
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")


def _more_actions(page: Page, card: PictureCard, board_id: str) -> None:
    if card.influencer_id:
        name = card.influencer_name or tr("the influencer")
        if st.button(tr("Use as cover of {name}", name=plain(name)), icon=":material/account_circle:"):
            with page.transaction(needs="editor") as tx:
                gallery.make_cover(tx, card.id)
            st.toast(tr("{name} has a new cover.", name=plain(name)), icon=":material/check:")
    if board_id and st.button(tr("Use as cover of this board"), icon=":material/wallpaper:"):
        with page.transaction(needs="editor") as tx:
            gallery.set_board_cover(tx, board_id, card.id)
        st.toast(tr("The board has a new cover."), icon=":material/check:")
    if st.button(tr("Delete"), icon=":material/delete:"):
        with page.transaction(needs="editor") as tx:
            draft = BulkActionDraft(kind="delete", picture_ids=(card.id,))
            offer_undo(gallery.act(tx, draft=draft, request_key=new_id("key")))
        _back(page, board_id)


def _recipe(card: PictureCard) -> None:
    st.markdown(tr("**Prompt and settings**"))
    recipe = card.recipe
    if card.prompt:
        st.code(card.prompt, language=None, wrap_lines=True)
    if recipe.negative_prompt:
        st.caption(tr("Negative prompt: {text}", text=plain(recipe.negative_prompt)))
    facts = [
        plain(card.influencer_name) if card.influencer_name else "",
        *(tr("LoRA {name} at {weight:g}", name=plain(ref.name), weight=ref.weight) for ref in recipe.loras),
        tr("model {model}", model=plain(recipe.model)) if recipe.model else "",
        tr("{width} × {height} px", width=card.width, height=card.height),
        tr_plural(
            "{n} step, CFG {cfg:g}, {sampler}",
            "{n} steps, CFG {cfg:g}, {sampler}",
            recipe.steps,
            cfg=recipe.cfg,
            sampler=plain(recipe.sampler),
        )
        if recipe.steps
        else "",
        tr("seed {seed}", seed=card.seed) if card.seed >= 0 else "",
        *picture_actions.recipe_facts(card),
        ago(card.created_at),
    ]
    st.caption(" · ".join(fact for fact in facts if fact))
    if card.source == "imported":
        st.caption(
            tr("Imported from {file}.", file=plain(str(card.origin["filename"])))
            if card.origin.get("filename")
            else tr("Imported from a file.")
        )
        for note in card.origin.get("notes", ()):
            st.caption(f":material/info: {plain(worded(str(note)))}")


def _board_links(page: Page, card: PictureCard, boards_with_it: list[tuple[str, str]]) -> None:
    if boards_with_it:
        with st.container(horizontal=True, gap="small"):
            for board_id, name in boards_with_it:
                page.link("library/boards", name, icon=":material/dashboard:", id=board_id)
