"""The start image of a request: shown while one is chosen, else an upload."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import assets, generation
from backend.errors import Invalid
from studio.components import uploader
from studio.components.uploader import Uploaded
from studio.gallery.picture_urls import thumbs
from studio.shell.frame import Page
from studio.ui.format import media_url


def chosen_asset(page: Page) -> str | None:
    """Id of the asset that the address names: ?from=<gallery picture> or ?start=<asset>. Raises NotFound, Invalid."""
    parameters = st.query_params
    with page.transaction() as tx:
        if "from" in parameters:
            return generation.picture(tx, parameters["from"]).asset_id
        if "start" in parameters:
            if (card := assets.get(tx, parameters["start"])).kind != "image":
                raise Invalid("This file is no picture. Choose another one to draw from.")
            return card.id
    return None


def show_picture(page: Page, asset_id: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        thumbs([media_url(page.workspace.id, asset_id, w=160)], side=64, alt="Starting picture")
        st.caption("Drawn from this picture.")
        if st.button("Without it", type="tertiary"):
            page.go("make/generation")


def upload_picture(page: Page) -> None:
    """The upload; pictures of the gallery have “Start from this picture” on their own pages."""
    with st.expander("Draw from a picture", icon=":material/add_photo_alternate:"):
        uploader(
            "create:start",
            workspace=page.workspace.id,
            noun="generation",
            noun_id="create",
            accept=".jpg,.jpeg,.png,.webp,.heic,.heif,.tif,.tiff,.bmp,.avif",
            max_bytes=page.app.settings.uploads.max_picture_size,
            label="Drop one picture here",
            hint="or open one in the gallery",
            folders=False,
            multiple=False,
            on_done=partial(_accept_upload, page),
        )
    if asset_id := st.session_state.pop("create:taken", None):
        page.go("make/generation", start=asset_id)


def _accept_upload(page: Page, uploaded: Uploaded) -> None:
    for upload_id in uploaded.ids:
        with page.guard():
            card = generation.take_upload(
                lambda: page.transaction(needs="editor"), page.app.storage, settings=page.app.settings, upload_id=upload_id
            )
            st.session_state["create:taken"] = card.id
