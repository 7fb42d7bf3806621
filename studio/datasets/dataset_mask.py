"""The mask editor of a dataset picture, and the hint when the trainer ignores masks."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import datasets
from backend.datasets import ImageCard
from backend.engines.ports.trainer import uses_masks
from backend.errors import StudioError
from backend.language import tr, tr_plural
from studio.shell.frame import Page
from studio.ui.format import media_url, plain
from studio.ui.mask_canvas import MaskTexts, mask_canvas
from studio.ui.notices import queue_toast, toast_errors


def mask_editor(page: Page, image: ImageCard) -> None:
    """Draws the editor with the saved mask; read-only for viewers."""
    mask_canvas(
        f"mask:{image.id}:{image.mask_version}",
        workspace=page.workspace.id,
        asset_id=f"{image.asset_id}:{image.mask_version}",
        src=media_url(page.workspace.id, image.asset_id, w=640),
        width=image.width,
        height=image.height,
        in_use=image.mask_asset_id is not None,
        noun=("dataset-mask", image.id),
        words=_texts(),
        disabled=not page.can_edit,
        saved=media_url(page.workspace.id, image.mask_asset_id) if image.mask_asset_id else "",
        on_done=lambda upload_id: _save(page, image, upload_id),
    )
    if image.mask_asset_id and page.can_edit:
        st.button(tr("Remove the mask"), icon=":material/ink_eraser:", on_click=_clear, args=(page, image))
    show_masks_ignored(page, 1)


def _texts() -> MaskTexts:
    return MaskTexts(
        blank=tr("No mask: all of the picture counts. Paint over what should be learned."),
        used=tr("✓ Only the painted part counts."),
        unused=tr("Painted, not saved yet."),
        use=tr("Save mask"),
        picture=tr("The picture to learn from"),
    )


def show_masks_ignored(page: Page, masked: int) -> None:
    """A hint when there are masks but the trainer does not use them."""
    if masked and not uses_masks(page.app.engines.trainer):
        st.caption(
            ":material/info: "
            + tr(
                "The trainer of this studio learns from whole pictures: it does not use masks. They are kept, and go along in "
                "the ZIP for trainers that do."
            )
        )


def clear_masks(page: Page, dataset_id: str, ids: list[str], request_key: str) -> None:
    """Removes the masks of these pictures as one undoable edit."""
    try:
        with page.transaction(needs="editor") as tx:
            n = datasets.clear_masks(tx, dataset_id, ids, request_key=request_key)
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")
    else:
        st.toast(tr_plural("{n:,} mask removed.", "{n:,} masks removed.", n), icon=":material/ink_eraser:")


def _save(page: Page, image: ImageCard, upload_id: str) -> None:
    with toast_errors():
        datasets.save_mask(
            partial(page.transaction, needs="editor"),
            page.app.storage,
            settings=page.app.settings,
            image_id=image.id,
            upload_id=upload_id,
            version=image.mask_version,
        )
        queue_toast(tr("The mask is saved."), ":material/gradient:")


def _clear(page: Page, image: ImageCard) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            datasets.clear_mask(tx, image.id, version=image.mask_version)
        queue_toast(tr("All of the picture counts again."), ":material/ink_eraser:")
