"""Boards: the list with covers, and one board with its pictures in the order that users gave them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from sqlalchemy.orm import Session

from backend import gallery, jobs
from backend.errors import StudioError
from backend.gallery import ArchiveDraft, BoardCard, BoardDraft, GalleryFilters, UndoEntry
from backend.kit.ids import new_id
from backend.language import tr, tr_context, tr_plural, worded
from studio.content_plans import create_post
from studio.gallery.browse import browse as grid
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import esc, media_url, plain, size
from studio.ui.forms import (
    changed_meanwhile,
    offer_reload,
    open_form,
    reload_form,
    renew_request_key,
    request_key,
    submit_once,
)
from studio.videos import animate

_UNDO_KEY = "boards:done"
FIRST_PAGE_SIZE = 60


def listing(page: Page) -> None:
    _undo_bar(page)
    archived = False
    with st.container(horizontal=True, vertical_alignment="center"):
        if page.can_edit:
            with st.popover(tr("New board"), icon=":material/add:"):
                _new(page)
        archived = st.toggle(tr("Archived"), key="boards:archived")
    with page.transaction() as tx:
        board_cards = gallery.list_boards(tx, archived=archived)
    if not board_cards:
        sentence = (
            tr("The archive is empty.") if archived else tr("Collect pictures here: select some in the gallery, then Board.")
        )
        card = empty_state(tr("No boards") if archived else tr("No boards yet"), sentence, icon=":material/dashboard:")
        if card.button(tr("Open the gallery")):
            page.go("library/gallery")
        return
    st.html(f'<div class="boards">{"".join(_cover(page, board) for board in board_cards)}</div>{_STYLE}')


def detail(page: Page, board_id: str) -> None:
    if st.button(tr("Boards"), icon=":material/arrow_back:", type="tertiary"):
        page.go("library/boards")
    _undo_bar(page)
    filters = GalleryFilters(board_id=board_id, order="board")
    with page.transaction() as tx:
        board = gallery.get_board(tx, board_id)
        first_page = gallery.tiles(tx, filters=filters, take=FIRST_PAGE_SIZE)
        archive_job = jobs.latest(tx, ("board", board_id), "picture-archive")
    if board.deleted_at:
        st.warning(tr("This board was deleted. Its pictures are in the gallery."), icon=":material/delete:")
        return
    _head(page, board)
    if archive_job:
        _archive_result(page, archive_job.id)
    if not first_page.tiles:
        card = empty_state(
            tr("No pictures yet"), tr("Select pictures in the gallery, then Board."), icon=":material/imagesmode:"
        )
        if card.button(tr("Open the gallery")):
            page.go("library/gallery")
        return
    event = grid(
        f"board:{board_id}",
        workspace=page.workspace.id,
        tiles=first_page.tiles,
        next_cursor=first_page.next_cursor,
        can_edit=page.can_edit,
        board_id=board_id,
    )
    if event.opened:
        page.go("library/gallery", id=event.opened, board=board_id)
    if event.for_post:
        create_post.create_post_from_pictures(page, event.for_post)
    if event.animated:
        animate.animate_pictures(page, event.animated)
    if page.can_edit:
        st.caption(
            tr("Drag pictures to arrange them (on a touch screen press and hold first), or press Alt with an arrow key.")
        )


def _head(page: Page, board: BoardCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"## {plain(board.name)}", width="stretch")
        if not page.can_edit:
            return
        with st.popover(tr("Edit"), icon=":material/edit:"):
            _edit(page, board)
        with st.popover(tr("ZIP"), icon=":material/folder_zip:"):
            st.caption(tr("All pictures of the board, with their prompts, seeds and LoRAs in a manifest.json."))
            recipe = st.checkbox(tr("Prompt metadata in the picture files too"), key=f"zip:{board.id}")
            st.button(
                tr("Create ZIP"),
                type="primary",
                on_click=_start_archive,
                args=(page, board.id, recipe),
                disabled=not board.count,
            )
        with st.popover(tr("More"), icon=":material/more_horiz:"):
            label = tr("Restore") if board.archived_at else tr_context("verb", "Archive")
            st.button(label, icon=":material/inventory_2:", on_click=_archive, args=(page, board))
            if st.button(tr("Delete board"), icon=":material/delete:"):
                _perform(lambda tx: gallery.delete_board(tx, board.id, request_key=new_id("key")), page)
                page.go("library/boards")
    if board.notes:
        st.markdown(plain(board.notes))


def _new(page: Page) -> None:
    with st.form("boards:new", border=False, clear_on_submit=False):
        name = st.text_input(tr("Name"), max_chars=80)
        notes = st.text_area(tr("Notes"), max_chars=4000)
        pressed = st.form_submit_button(tr("Create board"), type="primary")
    if pressed:
        with page.guard():
            draft = BoardDraft(name=name, notes=notes)
            page.go("library/boards", id=submit_once("boards:new", draft, lambda: _create(page, draft)).id)


def _create(page: Page, draft: BoardDraft) -> BoardCard:
    with page.transaction(needs="editor") as tx:
        return gallery.create_board(tx, draft=draft)


def _edit(page: Page, board: BoardCard) -> None:
    form = f"board:edit:{board.id}"
    key, before = open_form(form, board)
    with st.form(key, border=False):
        name = st.text_input(tr("Name"), before.name, max_chars=80, key=f"{key}:first")
        notes = st.text_area(tr("Notes"), before.notes, max_chars=4000, key=f"{key}:notes")
        pressed = st.form_submit_button(tr("Save"), type="primary")
    if pressed and (board.name, board.notes) not in ((before.name, before.notes), (name, notes)):
        offer_reload(form, changed_meanwhile(board.name))
    elif pressed:
        with page.guard():
            with page.transaction(needs="editor") as tx:
                gallery.edit_board(tx, board.id, draft=BoardDraft(name=name, notes=notes))
            reload_form(form)
            st.rerun()


def _start_archive(page: Page, board_id: str, recipe: bool) -> None:
    form = f"board:archive:{board_id}:{recipe}"
    try:
        with page.transaction(needs="editor") as tx:
            draft = ArchiveDraft(board_id=board_id, with_recipe=recipe)
            gallery.start_archive(tx, draft=draft, request_key=request_key(form))
        renew_request_key(form)
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")


def _archive_result(page: Page, job_id: str) -> None:
    with page.transaction() as tx:
        job = jobs.get(tx, job_id)
    if follow(page, job, key="zip") or job.state != "completed" or not job.result:
        return
    pictures = tr_plural("{n:,} picture", "{n:,} pictures", job.result["pictures"])
    with st.container(horizontal=True, vertical_alignment="center"):
        url = media_url(page.workspace.id, job.result["assetId"], download=True)
        st.link_button(tr("Download the ZIP"), url, icon=":material/download:")
        st.caption(tr("{pictures}, {size}. Kept for a week.", pictures=pictures, size=size(job.result["bytes"])))


def _archive(page: Page, board: BoardCard) -> None:
    _perform(lambda tx: gallery.archive_board(tx, board.id, archived=not board.archived_at, request_key=new_id("key")), page)


def _perform(perform: Callable[[Session], UndoEntry], page: Page) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            st.session_state[_UNDO_KEY] = perform(tx)
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")


def _undo_bar(page: Page) -> None:
    undo_entry: UndoEntry | None = st.session_state.get(_UNDO_KEY)
    if undo_entry is None or not page.can_edit:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(plain(worded(undo_entry.said)), width="content")
        st.button(tr("Undo"), icon=":material/undo:", on_click=_undo, args=(page, undo_entry.id))
        st.button(tr("OK"), type="tertiary", on_click=lambda: st.session_state.pop(_UNDO_KEY, None))


def _undo(page: Page, act_id: str) -> None:
    st.session_state.pop(_UNDO_KEY, None)
    try:
        with page.transaction(needs="editor") as tx:
            gallery.undo(tx, act_id)
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")


def _cover(page: Page, board: BoardCard) -> str:
    pictures = [media_url(page.workspace.id, asset_id, w=320) for asset_id in board.covers]
    images = "".join(
        f'<img src="{esc(url)}" alt="" loading="lazy">' for url in (pictures if len(pictures) == 4 else pictures[:1])
    )
    size_label = (
        tr("{n:,}+ pictures", n=board.count) if board.more else tr_plural("{n:,} picture", "{n:,} pictures", board.count)
    )
    address, shape = esc(page.url("library/boards", id=board.id)), "four" if len(pictures) == 4 else ""
    return (
        f'<a href="{address}" target="_self"><div class="{shape}">{images}</div>'
        f"<b>{esc(board.name)}</b><span>{esc(size_label)}</span></a>"
    )


_STYLE = """<style>
.boards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(220px, calc(50% - .5rem)), 1fr)); }
.boards a { text-decoration: none; color: inherit; display: flex; flex-direction: column; min-width: 0; }
.boards a:hover b { text-decoration: underline; }
.boards div { aspect-ratio: 1; border-radius: 10px; overflow: hidden; background: var(--color-panel); margin-bottom: .4rem; }
.boards div.four { display: grid; grid-template-columns: 1fr 1fr; grid-template-rows: 1fr 1fr; gap: 3px; }
.boards img { width: 100%; height: 100%; object-fit: cover; display: block; min-height: 0; }
.boards b { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: plaintext; }
.boards span { opacity: .68; font-size: .85rem; }
</style>"""
