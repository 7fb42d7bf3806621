"""Changing a part of a picture (inpainting): the part is painted over on the page."""

from __future__ import annotations

import streamlit as st

from backend import assets, generation
from backend.generation import GenerationDraft
from studio.components.mask_canvas import mask_canvas
from studio.shell.frame import Page
from studio.ui.format import media_url

_MODES = ("whole", "part")
_MODE_LABELS = {"whole": "Draw from it", "part": "Change a part of it"}


def mask_editor(page: Page, start: GenerationDraft) -> tuple[GenerationDraft, bool]:
    """The choice between the whole picture and a part, with the canvas for a part. Returns the draft and whether it can be
    drawn now (the painted mask is uploaded)."""
    asset_id = str(start.init_asset_id)
    key = f"mask:{asset_id}"
    preselected = "part" if st.query_params.get("part") or start.mask_asset_id else "whole"
    mode = st.segmented_control(
        "What to do with it",
        _MODES,
        default=preselected,
        format_func=_MODE_LABELS.__getitem__,
        key=f"{key}:way",
        required=True,
        label_visibility="collapsed",
        disabled=not page.can_edit,
    )
    if mode != "part":
        return start.model_copy(update={"mask_asset_id": None}), True
    with page.transaction() as tx:
        card = assets.get(tx, asset_id)
    mask_asset_id = st.session_state.get(key) or start.mask_asset_id
    dirty = mask_canvas(
        f"{key}:canvas",
        workspace=page.workspace.id,
        asset_id=asset_id,
        src=media_url(page.workspace.id, asset_id),
        width=card.width or 512,
        height=card.height or 512,
        in_use=bool(mask_asset_id),
        on_done=lambda upload: _accept_upload(page, key, upload),
    )
    feather = st.slider("Soft edge (px)", 0, 64, start.feather or 8, key=f"{key}:feather", help="Inside the painted part.")
    if not mask_asset_id:
        return start.model_copy(update={"mask_asset_id": None, "strength": 0.9}), False
    changes = {"mask_asset_id": mask_asset_id, "feather": feather, "strength": start.strength if start.mask_asset_id else 0.9}
    return start.model_copy(update=changes), not dirty


def _accept_upload(page: Page, key: str, upload_id: str) -> None:
    with page.guard():
        card = generation.take_upload(
            lambda: page.transaction(needs="editor"), page.app.storage, settings=page.app.settings, upload_id=upload_id
        )
        st.session_state[key] = card.id
