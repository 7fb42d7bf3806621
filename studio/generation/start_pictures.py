"""The pictures that a request starts from: a start image, the part of it that is painted over (inpainting), a picture whose
pose is held. Each is uploaded or comes from the gallery."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import streamlit as st

from backend import assets, generation
from backend import workflows as graphs
from backend.generation import GenerationDraft
from backend.language import tr, tr_lazy, worded
from studio.gallery.picture_urls import thumbs
from studio.generation import create_form
from studio.generation.create_form import CreateForm
from studio.shell.frame import Page
from studio.ui.format import media_url
from studio.ui.mask_canvas import MaskTexts, mask_canvas
from studio.ui.uploader import PICTURE_SUFFIXES, Uploaded, uploader

_MODES = ("whole", "part")
_MODE_LABELS = {"whole": tr_lazy("Image to image"), "part": tr_lazy("Edit area")}


def start_picture_bar(page: Page, form: CreateForm, asset_id: str) -> bool:
    """The start image with what is done with it. Returns whether an area of it is edited."""
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        thumbs([media_url(page.workspace.id, asset_id, w=160)], side=52, alt=tr("Start image"))
        mode = st.segmented_control(
            tr("What to do with the start image"),
            _MODES,
            default="part" if form.part or form.start.mask_asset_id else "whole",
            format_func=lambda mode: worded(_MODE_LABELS[mode]),
            key=f"{form.key}:part",
            required=True,
            label_visibility="collapsed",
            disabled=not page.can_edit,
        )
        st.space("stretch")
        if page.can_edit and st.button(tr("Remove"), type="tertiary"):
            create_form.change_form(page, init_asset_id=None, mask_asset_id=None)
            page.go("create/pictures")
    return mode == "part"


def upload_picture(page: Page) -> None:
    """The upload; pictures of the gallery have “Image to image” on their own pages."""
    with st.expander(tr("Start from an image"), icon=":material/add_photo_alternate:"):
        uploader(
            "create:start",
            workspace=page.workspace.id,
            noun="generation",
            noun_id="create",
            accept=PICTURE_SUFFIXES,
            max_bytes=page.app.settings.uploads.max_picture_size,
            label=tr("Drop one picture here"),
            hint=tr("or open one in the gallery"),
            folders=False,
            multiple=False,
            on_done=partial(_accept_init_image, page),
        )
    if asset_id := st.session_state.pop("create:taken", None):
        page.go("create/pictures", start=asset_id)


def _accept_init_image(page: Page, uploaded: Uploaded) -> None:
    for upload_id in uploaded.ids:
        with page.guard():
            card = generation.take_upload(
                lambda: page.transaction(needs="editor"), page.app.storage, settings=page.app.settings, upload_id=upload_id
            )
            st.session_state["create:taken"] = card.id


@dataclass(frozen=True, slots=True)
class MaskChoice:
    """An area to edit. `start`: the draft with the mask that was sent last. `painted`: something is; `dirty`: it has to be sent
    before it can be drawn (`request_mask`). `is_requested`: the mask that was asked for has just come."""

    start: GenerationDraft
    painted: bool
    dirty: bool
    is_requested: bool


def mask_editor(page: Page, start: GenerationDraft) -> MaskChoice:
    """The canvas over the start image, as wide as the page."""
    asset_id = str(start.init_asset_id)
    key = _mask_key(asset_id)
    with page.transaction() as tx:
        card = assets.get(tx, asset_id)
    mask_asset_id = st.session_state.get(key) or start.mask_asset_id
    state = mask_canvas(
        f"{key}:canvas",
        workspace=page.workspace.id,
        asset_id=asset_id,
        src=media_url(page.workspace.id, asset_id),
        width=card.width or 512,
        height=card.height or 512,
        in_use=bool(mask_asset_id),
        saved=media_url(page.workspace.id, mask_asset_id) if mask_asset_id else "",
        words=MaskTexts(used="", unused="", use="", picture=tr("The picture to edit")),
        disabled=not page.can_edit,
        tall=True,
        send_request=st.session_state.get(f"{key}:wanted", 0),
        on_done=lambda upload_id: _accept_mask(page, key, upload_id),
    )
    changes = {"mask_asset_id": mask_asset_id, "strength": start.strength if start.mask_asset_id else 0.9}
    is_requested = bool(st.session_state.pop(f"{key}:came", False))
    return MaskChoice(start.model_copy(update=changes), not state.blank, state.dirty or not mask_asset_id, is_requested)


def request_mask(start: GenerationDraft) -> NoReturn:
    """Has the browser send what is painted; the run after that has `is_requested`."""
    key = _mask_key(str(start.init_asset_id))
    st.session_state[f"{key}:wanted"] = st.session_state.get(f"{key}:wanted", 0) + 1
    st.rerun()


def _mask_key(asset_id: str) -> str:
    return f"mask:{asset_id}"


def _accept_mask(page: Page, key: str, upload_id: str) -> None:
    with page.guard():
        card = generation.take_upload(
            lambda: page.transaction(needs="editor"), page.app.storage, settings=page.app.settings, upload_id=upload_id
        )
        st.session_state[key] = card.id
        st.session_state[f"{key}:came"] = True


def show_pose(page: Page, asset_id: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        thumbs([media_url(page.workspace.id, asset_id, w=160)], side=64, alt=tr("Picture of the pose"))
        st.caption(tr("Uses the pose of this picture."), width="stretch")
        if page.can_edit and st.button(tr("Remove"), type="tertiary", key="pose:without"):
            create_form.change_form(page, pose=None)
            page.go("create/pictures")


def upload_pose(page: Page) -> None:
    """The upload, where a model or an imported workflow can hold a pose."""
    with page.transaction() as tx:
        workflows = any("pose" in card.takes for card in graphs.approved(tx))
    if not workflows and not any("pose" in card.features for card in page.app.engines.image.models()):
        return
    with st.expander(tr("Use a pose"), icon=":material/accessibility_new:"):
        uploader(
            "create:pose",
            workspace=page.workspace.id,
            noun="generation",
            noun_id="create",
            accept=PICTURE_SUFFIXES,
            max_bytes=page.app.settings.uploads.max_picture_size,
            label=tr("Drop a picture of the pose here"),
            hint=tr("a person, or a drawn skeleton"),
            folders=False,
            multiple=False,
            on_done=partial(_accept_pose, page),
        )
    if asset_id := st.session_state.pop("create:posed", None):
        page.go("create/pictures", pose=asset_id)


def _accept_pose(page: Page, uploaded: Uploaded) -> None:
    for upload_id in uploaded.ids:
        with page.guard():
            card = generation.take_upload(
                lambda: page.transaction(needs="editor"), page.app.storage, settings=page.app.settings, upload_id=upload_id
            )
            st.session_state["create:posed"] = card.id
