"""One picture of a dataset: what is wrong with it, its crop and mask, its caption and who wrote that."""

from __future__ import annotations

import streamlit as st

from backend import datasets
from backend.datasets import Box, ImageCard
from studio.components import cropper
from studio.datasets.dataset_edits import names
from studio.datasets.dataset_mask import mask
from studio.shell.frame import Page
from studio.ui.format import ago, media_url, plain
from studio.ui.toasts import queue_toast, show_queued_toasts, toast_errors

SOURCES = {
    "file": "came with its picture", "sample": "came with the sample", "bulk": "changed with many others",
    "undo": "put back by an undo", "restored": "restored", "person": "written", "": "written",
    "vision": "by a vision model", "blip": "by BLIP", "template": "from what was measured",
}  # fmt: skip
_PARTS = {"crop": ":material/crop: Crop", "mask": ":material/gradient: Mask"}


def open_picture(page: Page, dataset_id: str, image_id: str, *, side: int) -> None:
    """`side`: px the model trains at."""
    st.session_state["dataset:picture"] = image_id
    _picture(page, dataset_id, side)


@st.dialog("Picture", width="large", on_dismiss="rerun")
def _picture(page: Page, dataset_id: str, side: int) -> None:
    show_queued_toasts()
    with page.guard():
        with page.transaction() as tx:
            found = datasets.chosen(tx, dataset_id, [st.session_state["dataset:picture"]], side=side)
        if not found:
            st.info("This picture is no longer in the dataset.")
            return
        one = found[0]
        left, right = st.columns([3, 2], gap="medium")
        with left:
            part = st.segmented_control(
                "Work on", list(_PARTS), default="crop", format_func=_PARTS.__getitem__, key="dataset:picture:part",
                required=True, label_visibility="collapsed",
            )  # fmt: skip
            if part == "mask":
                mask(page, one)
            else:
                cropper(
                    f"crop:{one.id}:{one.crop_version}", src=media_url(page.workspace.id, one.asset_id, w=640),
                    width=one.width, height=one.height, crop=one.crop, face=tuple(one.face_box or ()),
                    disabled=not page.can_edit, on_saved=lambda box: _crop(page, one, box),
                )  # fmt: skip
        with right:
            _facts(one)
            _caption(page, one)
            _history(page, one)
            st.button("Next picture", icon=":material/arrow_forward:", on_click=_next, args=(page, one))


def _next(page: Page, one: ImageCard) -> None:
    with page.transaction() as tx:
        after = datasets.images(tx, one.dataset_id, cursor=one.id, take=1).images
    if after:
        st.session_state["dataset:picture"] = after[0].id
    else:
        queue_toast("That was the last one.", ":material/last_page:")


def _crop(page: Page, one: ImageCard, box: Box | None) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            datasets.set_crop(tx, one.id, box, version=one.crop_version)
        queue_toast("The crop is saved." if box else "The whole picture is used.", ":material/crop:")


def _facts(one: ImageCard) -> None:
    st.markdown(
        f"**{plain(one.filename)}**"
        + ("" if one.included else " :gray-badge[left out]")
        + (" :gray-badge[cropped]" if one.crop else "")
        + (" :gray-badge[masked]" if one.mask_asset_id else "")
    )
    known = [f"{one.width} × {one.height} px", f"sharpness {one.sharpness:.0f}"]
    if one.brightness is not None:
        known += [f"brightness {one.brightness:.0f}", f"contrast {one.contrast or 0:.0f}"]
    known.append("no face found" if one.framing == "unknown" else f"framing: {one.framing}")
    st.caption(" · ".join(known))
    for reason in one.reasons:
        st.markdown(f":{'red' if reason.blocker else 'orange'}-badge[{plain(reason.sentence)}]")
    for note in one.notes:
        st.caption(plain(note["sentence"]))


def _caption(page: Page, one: ImageCard) -> None:
    caption = st.text_area(
        "Caption", one.caption, height=120, disabled=not page.can_edit, key=f"caption:{one.id}:{one.caption_version}"
    )
    if page.can_edit and st.button("Save caption", type="primary"):
        with page.transaction(needs="editor") as tx:
            datasets.set_captions(tx, {one.id: (caption, one.caption_version)})
        st.rerun(scope="fragment")


def _history(page: Page, one: ImageCard) -> None:
    with page.transaction() as tx:
        found = datasets.caption_history(tx, one.id)
    if not found:
        return
    with st.expander(f"Versions ({len(found)})", icon=":material/history:"):
        people = names(page)
        for version in found:
            who = f" by {people.get(version.said_by, 'somebody who left')}" if version.said_by else ""
            st.markdown(f"{plain(version.caption) or '*empty*'}")
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.caption(
                    f"{SOURCES.get(version.source, version.source)}{plain(who)}, {ago(version.created_at)}", width="content"
                )
                if page.can_edit and version.caption != one.caption:
                    args = (page, one.id, version.version)
                    st.button("Restore", key=f"restore:{one.id}:{version.version}", on_click=_restore, args=args)


def _restore(page: Page, image_id: str, version: int) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        datasets.restore_caption(tx, image_id, version)
