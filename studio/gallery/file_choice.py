"""A list to take a picture of the gallery from, or a video of the library."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend import gallery, videos
from backend.gallery import GalleryFilters
from studio.shell.frame import Page
from studio.ui.format import esc, media_url, plain

_SHOWN = 12


def file_choice(
    page: Page, key: str, *, take: Callable[[str], None], influencer_id: str | None = None, with_videos: bool = True
) -> None:
    """The latest ones. `influencer_id`: whose pictures; None: all. `take`: called with the asset id of the taken one."""
    with page.transaction() as tx:
        tiles = gallery.tiles(tx, filters=GalleryFilters(influencer_id=influencer_id), take=_SHOWN).tiles
        films = videos.page(tx, take=_SHOWN).cards if with_videos else []
    kind, kinds = "Pictures", ["Pictures", "Videos"]
    if films:
        kind = st.segmented_control("Show", kinds, default=kind, key=f"{key}:kind", required=True)
    if kind == "Pictures" and not tiles:
        st.caption("There are no pictures yet. Create some, or import them in the library.")
    choices = [(tile.id, tile.asset_id, "") for tile in tiles]
    if kind == "Videos":
        choices = [(film.id, film.asset_id or "", f"{plain(film.recipe.title)}, {film.seconds:.0f} s") for film in films]
    for choice_id, asset_id, label in choices:
        with st.container(horizontal=True, vertical_alignment="center"):
            address = media_url(page.workspace.id, asset_id, w=160)
            st.html(f'<img src="{esc(address)}" alt="" style="height:72px;border-radius:6px;display:block">', width="content")
            if label:
                st.caption(label)
            st.button("Take it", key=f"{key}:take:{choice_id}", on_click=take, args=(asset_id,))
