"""The gallery page: the grid that works by itself in the browser, and the way in for pictures of other programs."""

from __future__ import annotations

import streamlit as st

from backend import generation
from backend.boards import UndoEntry
from backend.generation import GalleryFilters, TileCard
from studio.components.gallery.browse import browse as grid
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import media_url
from studio.videos import animate_dialog

_OFFER = "gallery:offer"
FIRST = 60


def browse(page: Page) -> None:
    """`?similar=<picture>` begins with those that look like it."""
    with page.transaction() as tx:
        found = generation.tiles(tx, filters=GalleryFilters(), take=FIRST)
        like = generation.tile(tx, st.query_params["similar"]) if "similar" in st.query_params else None
    if not found.tiles:
        _nothing(page)
        return
    _ahead(page, found.tiles[:8])
    wish = grid(
        "gallery", workspace=page.workspace.id, tiles=found.tiles, next_cursor=found.next_cursor, can_edit=page.can_edit,
        similar=like, offer=st.session_state.pop(_OFFER, None),
    )  # fmt: skip
    if wish.opened:
        page.go("make/gallery", id=wish.opened)
    if wish.animated:
        animate_dialog.animate_pictures(page, wish.animated)
    if page.can_edit:
        page.link("make/gallery", "Bring in pictures of other programs", icon=":material/upload:", bring="1")


def _ahead(page: Page, first: list[TileCard]) -> None:
    """The first row is on its way while the browser still reads the grid's code: a rule that paints nothing asks for it."""
    urls = ",".join(f"url({media_url(page.workspace.id, one.asset_id, w=320)})" for one in first)
    st.html(f'<style>body::after {{ content: ""; position: fixed; width: 0; height: 0; background-image: {urls}; }}</style>')


def offer_undo(act: UndoEntry) -> None:
    """The grid shows what was just done, with its Undo, when it is seen next."""
    st.session_state[_OFFER] = act


def _nothing(page: Page) -> None:
    card = empty_state("No pictures yet", "Pictures you create are kept here, newest first.", icon=":material/photo_library:")
    if not page.can_edit:
        return
    with card.container(horizontal=True, horizontal_alignment="center"):
        if st.button("Create pictures", type="primary"):
            page.go("make/generation")
        if st.button("Bring some in"):
            page.go("make/gallery", bring="1")
