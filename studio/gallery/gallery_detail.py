"""One picture large, what it was made with, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from backend import gallery, generation
from backend.content_plans import PostSource
from backend.errors import StudioError
from backend.gallery import BulkActionDraft
from backend.generation import PictureCard
from backend.kit.ids import new_id
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
    if st.button("Board" if board_id else "Gallery", icon=":material/arrow_back:", type="tertiary"):
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
        key_help = " · P create post · 0 to 5 rate · F favourite" if page.can_edit else ""
        st.caption("← → the picture before and after · Z or a double click zooms" + key_help)
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
    st.warning("This picture was deleted.", icon=":material/delete:")
    if page.can_edit and st.button("Bring it back", type="primary"):
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
        label = "Favourite" if card.favourite else "Make it a favourite"
        st.button(label, icon=icon, type="tertiary", key=heart, disabled=not page.can_edit, on_click=_favour, args=(page, card))


def _favour(page: Page, card: PictureCard) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        gallery.set_favourite(tx, [card.id], not card.favourite)


def _create_actions(page: Page, card: PictureCard) -> None:
    if not page.can_edit:
        return
    source = PostSource(picture_ids=(card.id,))
    create_post.create_post_button(page, source, key=card.id, type="primary", width="stretch")
    if st.button("Variations", icon=":material/auto_awesome:", width="stretch", help="Same recipe, new seeds"):
        page.go("create/pictures", remix=card.id)
    if st.button("Edit prompt, keep seed", icon=":material/edit:", width="stretch"):
        page.go("create/pictures", remix=card.id, seed="same")
    if st.button("Image to image", icon=":material/image:", width="stretch"):
        page.go("create/pictures", **{"from": card.id})
    picture_actions.animate_button(page, card)
    picture_actions.edit_area_button(page, card)
    picture_actions.pose_button(page, card)
    picture_actions.upscale_popover(page, card)


def _file_actions(page: Page, card: PictureCard, board_id: str) -> None:
    url = f"/api/pictures/{card.id}/file?workspace={page.workspace.id}"
    with st.container(horizontal=True):
        with st.popover("Download", icon=":material/download:"):
            st.link_button("The picture", url, width="stretch", help="With the mark that it is AI-made, nothing else")
            st.link_button(
                "With prompt metadata", f"{url}&recipe=true", width="stretch", help="Prompt and settings inside the file"
            )
        if page.can_edit:
            with st.popover("Board", icon=":material/dashboard:"):
                _boards(page, card)
        if st.button("Find similar", icon=":material/image_search:"):
            page.go("library/gallery", similar=card.id)
        lineage.lineage_button(page, "picture", card.id)
        if page.can_edit:
            with st.popover("More", icon=":material/more_horiz:"):
                _more_actions(page, card, board_id)


def _boards(page: Page, card: PictureCard) -> None:
    with page.transaction() as tx:
        names = {board.id: board.name for board in gallery.list_boards(tx)}
    if not names:
        st.caption("There is no board yet.")
        page.link("library/boards", "Make one", icon=":material/add:")
        return
    chosen = st.selectbox("Put it on", list(names), format_func=names.__getitem__, key=f"board:{card.id}")
    st.button("Put on board", key=f"put:{card.id}", on_click=_put, args=(page, card, chosen))


def _put(page: Page, card: PictureCard, board_id: str) -> None:
    draft = BulkActionDraft(kind="board-add", picture_ids=(card.id,), board_id=board_id)
    try:
        with page.transaction(needs="editor") as tx:
            st.toast(plain(gallery.act(tx, draft=draft, request_key=new_id("key")).said), icon=":material/check:")
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")


def _more_actions(page: Page, card: PictureCard, board_id: str) -> None:
    if card.influencer_id:
        name = card.influencer_name or "the influencer"
        if st.button(f"Make it the cover of {plain(name)}", icon=":material/account_circle:"):
            with page.transaction(needs="editor") as tx:
                gallery.make_cover(tx, card.id)
            st.toast(f"{plain(name)} has a new cover.", icon=":material/check:")
    if board_id and st.button("Make it the cover of this board", icon=":material/wallpaper:"):
        with page.transaction(needs="editor") as tx:
            gallery.set_board_cover(tx, board_id, card.id)
        st.toast("The board has a new cover.", icon=":material/check:")
    if st.button("Delete", icon=":material/delete:"):
        with page.transaction(needs="editor") as tx:
            draft = BulkActionDraft(kind="delete", picture_ids=(card.id,))
            offer_undo(gallery.act(tx, draft=draft, request_key=new_id("key")))
        _back(page, board_id)


def _recipe(card: PictureCard) -> None:
    st.markdown("**Recipe**")
    recipe = card.recipe
    if card.prompt:
        st.code(card.prompt, language=None, wrap_lines=True)
    if recipe.negative_prompt:
        st.caption("Negative prompt: " + plain(recipe.negative_prompt))
    facts = [
        plain(card.influencer_name) if card.influencer_name else "",
        *(f"LoRA {plain(ref.name)} at {ref.weight:g}" for ref in recipe.loras),
        f"model {plain(recipe.model)}" if recipe.model else "",
        f"{card.width} × {card.height} px",
        f"{recipe.steps} steps, CFG {recipe.cfg:g}, {plain(recipe.sampler)}" if recipe.steps else "",
        f"seed {card.seed}" if card.seed >= 0 else "",
        *picture_actions.recipe_facts(card),
        ago(card.created_at),
    ]
    st.caption(" · ".join(fact for fact in facts if fact))
    if card.source == "imported":
        st.caption(f"Brought in from {plain(str(card.origin.get('filename', 'a file')))}.")
        for note in card.origin.get("notes", ()):
            st.caption(f":material/info: {plain(str(note))}")


def _board_links(page: Page, card: PictureCard, boards_with_it: list[tuple[str, str]]) -> None:
    if boards_with_it:
        with st.container(horizontal=True, gap="small"):
            for board_id, name in boards_with_it:
                page.link("library/boards", name, icon=":material/dashboard:", id=board_id)
