"""The gallery page: the grid, which works by itself in the browser, and the import of pictures from other programs."""

from __future__ import annotations

import streamlit as st

from backend import gallery
from backend.gallery import GalleryFilters, TileCard, UndoEntry
from backend.language import tr
from studio.content_plans import create_post
from studio.gallery.browse import browse as grid
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import media_url
from studio.videos import animate

_UNDO_OFFER_KEY = "gallery:offer"
FIRST_PAGE_SIZE = 60


def browse(page: Page) -> None:
    """`?similar=<picture>` begins with those that look like it."""
    with page.transaction() as tx:
        first_page = gallery.tiles(tx, filters=GalleryFilters(), take=FIRST_PAGE_SIZE)
        similar_to = gallery.tile(tx, st.query_params["similar"]) if "similar" in st.query_params else None
    if not first_page.tiles:
        _empty(page)
        return
    _preload(page, first_page.tiles[:8])
    event = grid(
        "gallery",
        workspace=page.workspace.id,
        tiles=first_page.tiles,
        next_cursor=first_page.next_cursor,
        can_edit=page.can_edit,
        similar=similar_to,
        offer=st.session_state.pop(_UNDO_OFFER_KEY, None),
    )
    if event.opened:
        page.go("library/gallery", id=event.opened)
    if event.for_post:
        create_post.create_post_from_pictures(page, event.for_post)
    if event.animated:
        animate.animate_pictures(page, event.animated)
    if page.can_edit:
        page.link("library/gallery", tr("Import"), icon=":material/upload:", bring="1")


def _preload(page: Page, tiles: list[TileCard]) -> None:
    """Loads the first row while the browser still reads the grid's code, with a CSS rule that paints nothing."""
    urls = ",".join(f"url({media_url(page.workspace.id, tile.asset_id, w=320)})" for tile in tiles)
    st.html(f'<style>body::after {{ content: ""; position: fixed; width: 0; height: 0; background-image: {urls}; }}</style>')


def offer_undo(undo_entry: UndoEntry) -> None:
    """The grid shows what was just done, with an Undo button, when it is drawn next."""
    st.session_state[_UNDO_OFFER_KEY] = undo_entry


def _empty(page: Page) -> None:
    card = empty_state(
        tr("No pictures yet"), tr("Pictures you create are kept here, newest first."), icon=":material/photo_library:"
    )
    if not page.can_edit:
        return
    with card.container(horizontal=True, horizontal_alignment="center"):
        if st.button(tr("Create pictures"), type="primary"):
            page.go("create/pictures")
        if st.button(tr("Import pictures")):
            page.go("library/gallery", bring="1")
