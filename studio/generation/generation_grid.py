"""A grid's pictures in their places, and the whole as one labelled file."""

from __future__ import annotations

import streamlit as st

from backend import generation
from backend.generation import GenerationCard, PictureCard
from studio.components.xyz_grid import xyz_grid
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import media_url
from studio.ui.request_key import renew_request_key, request_key


def grid_cells(page: Page, card: GenerationCard, pictures: list[PictureCard], *, key: str, poll_url: str) -> str | None:
    """Returns the id of a picture just opened."""
    assert card.grid
    pictures_by_number = {
        picture.n: (picture.id, media_url(page.workspace.id, picture.asset_id, w=320), picture.prompt) for picture in pictures
    }
    return xyz_grid(
        f"{key}:grid:{card.id}",
        workspace=page.workspace.id,
        grid=card.grid,
        pictures=pictures_by_number,
        ratio=f"{card.recipe.width}/{card.recipe.height}",
        poll_url=poll_url,
    )


def export_sheet(page: Page, card: GenerationCard) -> None:
    """The labelled picture: asked for, followed, downloaded."""
    with page.transaction() as tx:
        job = generation.latest_sheet(tx, card.id)
    if follow(page, job, key="sheet"):
        return
    key = f"sheet:{card.id}"
    with st.container(horizontal=True):
        sheet_asset_id = (job.result or {}).get("asset_id") if job and job.state == "completed" else None
        if sheet_asset_id:
            url = media_url(page.workspace.id, str(sheet_asset_id), download=True)
            st.link_button("Download the labelled picture", url, icon=":material/download:")
        if (
            page.can_edit
            and card.done
            and st.button(
                "Draw it again" if sheet_asset_id else "As one labelled picture",
                icon=":material/grid_on:",
                type="tertiary" if sheet_asset_id else "secondary",
            )
        ):
            with page.transaction(needs="editor") as tx:
                generation.start_sheet(tx, card.id, request_key=request_key(key))
            renew_request_key(key)
            st.rerun()
