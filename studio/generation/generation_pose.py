"""The picture whose pose is held: uploaded or from the gallery, shown while it is chosen."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import assets, generation
from backend import workflows as graphs
from backend.errors import Invalid
from backend.generation import GenerationDraft, PosePick
from studio.components import uploader
from studio.components.uploader import Uploaded
from studio.gallery.picture_urls import thumbs
from studio.shell.frame import Page
from studio.ui.format import media_url


def with_pose(page: Page, start: GenerationDraft) -> GenerationDraft:
    """The draft with the pose that the address names: ?pose=<gallery picture or asset>. Raises NotFound, Invalid."""
    requested = st.query_params.get("pose")
    if not requested:
        return start
    with page.transaction() as tx:
        asset_id = generation.picture(tx, requested).asset_id if requested.startswith("pic_") else requested
        if assets.get(tx, asset_id).kind != "image":
            raise Invalid("This file is no picture. Choose another one to take the pose from.")
    kept_pose = start.pose if start.pose and start.pose.asset_id == asset_id else None
    return start.model_copy(update={"pose": kept_pose or PosePick(asset_id=asset_id)})


def show_pose(page: Page, asset_id: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        thumbs([media_url(page.workspace.id, asset_id, w=160)], side=64, alt="Picture of the pose")
        st.caption("Holds the pose of this picture.")
        if st.button("Without it", type="tertiary", key="pose:without"):
            page.go("make/generation")


def upload_pose(page: Page) -> None:
    """The upload, where a model or an imported workflow can hold a pose."""
    with page.transaction() as tx:
        workflows = any("pose" in card.takes for card in graphs.approved(tx))
    if not workflows and not any("pose" in card.features for card in page.app.engines.image.models()):
        return
    with st.expander("Hold a pose", icon=":material/accessibility_new:"):
        uploader(
            "create:pose",
            workspace=page.workspace.id,
            noun="generation",
            noun_id="create",
            accept=".jpg,.jpeg,.png,.webp,.heic,.heif,.tif,.tiff,.bmp,.avif",
            max_bytes=page.app.settings.uploads.max_picture_size,
            label="Drop a picture of the pose here",
            hint="a person, or a drawn skeleton",
            folders=False,
            multiple=False,
            on_done=partial(_accept_upload, page),
        )
    if asset_id := st.session_state.pop("create:posed", None):
        page.go("make/generation", pose=asset_id)


def _accept_upload(page: Page, uploaded: Uploaded) -> None:
    for upload_id in uploaded.ids:
        with page.guard():
            card = generation.take_upload(
                lambda: page.transaction(needs="editor"), page.app.storage, settings=page.app.settings, upload_id=upload_id
            )
            st.session_state["create:posed"] = card.id
