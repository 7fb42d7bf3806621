"""A list to take a picture of the gallery from, or a video of the library."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend import gallery, videos
from backend.gallery import GalleryFilters
from backend.language import tr, tr_lazy, worded
from studio.shell.frame import Page
from studio.ui.format import duration, esc, media_url, plain

_SHOWN = 12
_KINDS = {"Pictures": tr_lazy("Pictures"), "Videos": tr_lazy("Videos")}


def file_choice(
    page: Page, key: str, *, take: Callable[[str], None], influencer_id: str | None = None, with_videos: bool = True
) -> None:
    """The latest ones. `influencer_id`: whose pictures; None: all. `take`: called with the asset id of the taken one."""
    with page.transaction() as tx:
        tiles = gallery.tiles(tx, filters=GalleryFilters(influencer_id=influencer_id), take=_SHOWN).tiles
        films = videos.page(tx, take=_SHOWN).cards if with_videos else []
    kind = "Pictures"
    if films:
        kind = st.segmented_control(
            tr("Show"),
            list(_KINDS),
            default=kind,
            key=f"{key}:kind",
            required=True,
            format_func=lambda kind: worded(_KINDS[kind]),
        )
    if kind == "Pictures" and not tiles:
        st.caption(tr("No pictures yet. Create some, or import them in the gallery."))
    choices = [(tile.id, tile.asset_id, "") for tile in tiles]
    if kind == "Videos":
        choices = [(film.id, film.asset_id or "", f"{plain(film.recipe.title)}, {duration(film.seconds)}") for film in films]
    for choice_id, asset_id, label in choices:
        with st.container(horizontal=True, vertical_alignment="center"):
            address = media_url(page.workspace.id, asset_id, w=160)
            st.html(f'<img src="{esc(address)}" alt="" style="height:72px;border-radius:6px;display:block">', width="content")
            if label:
                st.caption(label)
            st.button(tr("Use"), key=f"{key}:take:{choice_id}", on_click=take, args=(asset_id,))
