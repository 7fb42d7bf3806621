"""Which part of a picture counts: painted over in the page, kept with the picture; and whether the trainer cares."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import datasets
from backend.datasets import ImageCard
from backend.engines.trainer.port import uses_masks
from backend.errors import StudioError
from studio.components.mask_canvas import MaskTexts, mask_canvas
from studio.shell.frame import Page
from studio.ui.format import count, media_url, plain
from studio.ui.toasts import queue_toast, toast_errors

_WORDS = MaskTexts(
    blank="No mask: all of the picture counts. Paint over what should be learned.",
    used="✓ Only the painted part counts.",
    unused="Painted, not saved yet.",
    use="Save mask",
    picture="The picture to learn from",
)


def mask(page: Page, one: ImageCard) -> None:
    """The painting of one picture, as saved; viewers only see it."""
    mask_canvas(
        f"mask:{one.id}:{one.mask_version}", workspace=page.workspace.id, asset_id=f"{one.asset_id}:{one.mask_version}",
        src=media_url(page.workspace.id, one.asset_id, w=640), width=one.width, height=one.height,
        in_use=one.mask_asset_id is not None, noun=("dataset-mask", one.id), words=_WORDS, disabled=not page.can_edit,
        saved=media_url(page.workspace.id, one.mask_asset_id) if one.mask_asset_id else "",
        on_done=lambda upload_id: _save(page, one, upload_id),
    )  # fmt: skip
    if one.mask_asset_id and page.can_edit:
        st.button("Remove the mask", icon=":material/ink_eraser:", on_click=_clear, args=(page, one))
    ignored(page, 1)


def ignored(page: Page, masked: int) -> None:
    """Says so where the trainer learns from whole pictures all the same."""
    if masked and not uses_masks(page.app.engines.trainer):
        st.caption(
            ":material/info: The trainer of this studio learns from whole pictures: it does not use masks. They are kept, and "
            "go along in the ZIP for trainers that do."
        )


def clear_many(page: Page, dataset_id: str, ids: list[str], request_key: str) -> None:
    """Takes the masks of these pictures away, as one act that can be taken back."""
    try:
        with page.transaction(needs="editor") as tx:
            n = datasets.clear_masks(tx, dataset_id, ids, request_key=request_key)
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")
    else:
        st.toast(f"{count(n, 'mask')} taken away.", icon=":material/ink_eraser:")


def _save(page: Page, one: ImageCard, upload_id: str) -> None:
    with toast_errors():
        datasets.take_mask(
            partial(page.transaction, needs="editor"), page.app.storage, settings=page.app.settings, image_id=one.id,
            upload_id=upload_id, version=one.mask_version,
        )  # fmt: skip
        queue_toast("The mask is saved.", ":material/gradient:")


def _clear(page: Page, one: ImageCard) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            datasets.clear_mask(tx, one.id, version=one.mask_version)
        queue_toast("All of the picture counts again.", ":material/ink_eraser:")
