"""What a picture's tile offers wherever its grid is drawn, and what happens then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import streamlit as st

from backend import generation
from backend.language import tr
from studio.content_plans import create_post
from studio.gallery import picture_actions
from studio.generation import create_form
from studio.shell.frame import Page
from studio.ui.notices import queue_toast, show_queued_toasts
from studio.ui.picture_grid import TileAction
from studio.videos import animate

_ALL: tuple[TileAction, ...] = ("favourite", "post", "edit", "upscale", "animate", "seed", "reuse", "download", "delete")


def offered(page: Page) -> Sequence[TileAction]:
    """For `picture_grid(actions=…)`: viewers may download."""
    return _ALL if page.can_edit else ("download",)


def act(page: Page, picture_id: str, action: TileAction) -> None:
    """Does what `PictureGridState.acted` says. Most of it leads to another page."""
    match action:
        case "post":
            create_post.create_post_from_pictures(page, [picture_id])
        case "edit":
            _go_to_create(page, **{"from": picture_id, "part": "1"})
        case "reuse":
            _go_to_create(page, remix=picture_id)
        case "seed":
            with page.transaction() as tx:
                seed = generation.picture(tx, picture_id).seed
            create_form.change_form(page, seed=seed)
            queue_toast(tr("Seed {seed} is in the form.", seed=seed), ":material/casino:")
            _go_to_create(page)
        case "animate":
            animate.animate_pictures(page, [picture_id])
        case "upscale":
            _upscale(page, picture_id)


def _go_to_create(page: Page, **query: str) -> NoReturn:
    """With the request that is shown there, if it is shown now."""
    shown = {"id": st.query_params["id"]} if st.query_params.get("id", "").startswith("gen_") else {}
    page.go("create/pictures", **shown, **query)


def _upscale(page: Page, picture_id: str) -> None:
    @st.dialog(tr("Upscale"), icon=":material/zoom_out_map:")
    def options() -> None:
        show_queued_toasts()
        with page.guard():
            with page.transaction() as tx:
                card = generation.picture(tx, picture_id)
            picture_actions.upscale_options(page, card)

    options()
