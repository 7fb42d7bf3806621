"""The dialog of one dataset picture: its problems, crop, mask, caption and the caption's history."""

from __future__ import annotations

import streamlit as st

from backend import datasets
from backend.datasets import Box, ImageCard
from studio.datasets.cropper import cropper
from studio.datasets.dataset_edits import member_names
from studio.datasets.dataset_mask import mask_editor
from studio.shell.frame import Page
from studio.ui.format import ago, media_url, plain
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

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
            images = datasets.get_images(tx, dataset_id, [st.session_state["dataset:picture"]], side=side)
        if not images:
            st.info("This picture is no longer in the dataset.")
            return
        image = images[0]
        left, right = st.columns([3, 2], gap="medium")
        with left:
            part = st.segmented_control(
                "Work on",
                list(_PARTS),
                default="crop",
                format_func=_PARTS.__getitem__,
                key="dataset:picture:part",
                required=True,
                label_visibility="collapsed",
            )
            if part == "mask":
                mask_editor(page, image)
            else:
                cropper(
                    f"crop:{image.id}:{image.crop_version}",
                    src=media_url(page.workspace.id, image.asset_id, w=640),
                    width=image.width,
                    height=image.height,
                    crop=image.crop,
                    face=tuple(image.face_box or ()),
                    disabled=not page.can_edit,
                    on_saved=lambda box: _crop(page, image, box),
                )
        with right:
            _facts(image)
            _caption(page, image)
            _repeats(page, image)
            _history(page, image)
            st.button("Next picture", icon=":material/arrow_forward:", on_click=_next, args=(page, image))


def _next(page: Page, image: ImageCard) -> None:
    with page.transaction() as tx:
        following = datasets.images(tx, image.dataset_id, cursor=image.id, take=1).images
    if following:
        st.session_state["dataset:picture"] = following[0].id
    else:
        queue_toast("That was the last one.", ":material/last_page:")


def _crop(page: Page, image: ImageCard, box: Box | None) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            datasets.set_crop(tx, image.id, box, version=image.crop_version)
        queue_toast("The crop is saved." if box else "The whole picture is used.", ":material/crop:")


def _facts(image: ImageCard) -> None:
    st.markdown(
        f"**{plain(image.filename)}**"
        + ("" if image.included else " :gray-badge[left out]")
        + (" :gray-badge[cropped]" if image.crop else "")
        + (" :gray-badge[masked]" if image.mask_asset_id else "")
    )
    facts = [f"{image.width} × {image.height} px", f"sharpness {image.sharpness:.0f}"]
    if image.brightness is not None:
        facts += [f"brightness {image.brightness:.0f}", f"contrast {image.contrast or 0:.0f}"]
    facts.append("no face found" if image.framing == "unknown" else f"framing: {image.framing}")
    st.caption(" · ".join(facts))
    for reason in image.reasons:
        st.markdown(f":{'red' if reason.blocker else 'orange'}-badge[{plain(reason.sentence)}]")
    for note in image.notes:
        st.caption(plain(note["sentence"]))


def _caption(page: Page, image: ImageCard) -> None:
    caption = st.text_area(
        "Caption", image.caption, height=120, disabled=not page.can_edit, key=f"caption:{image.id}:{image.caption_version}"
    )
    if page.can_edit and st.button("Save caption", type="primary"):
        with page.transaction(needs="editor") as tx:
            datasets.set_captions(tx, {image.id: (caption, image.caption_version)})
        st.rerun(scope="fragment")


def _repeats(page: Page, image: ImageCard) -> None:
    repeats = st.number_input(
        "Shown so often an epoch",
        1,
        999,
        image.repeats,
        disabled=not page.can_edit,
        key=f"repeats:{image.id}:{image.repeats}",
        help="In training, times the repeats that are set there. Close-ups are often shown more than others.",
    )
    if page.can_edit and repeats != image.repeats:
        with page.transaction(needs="editor") as tx:
            datasets.set_repeats(tx, image.id, int(repeats))
        st.rerun(scope="fragment")


def _history(page: Page, image: ImageCard) -> None:
    with page.transaction() as tx:
        versions = datasets.caption_history(tx, image.id)
    if not versions:
        return
    with st.expander(f"Versions ({len(versions)})", icon=":material/history:"):
        user_names = member_names(page)
        for version in versions:
            author_text = f" by {user_names.get(version.said_by, 'somebody who left')}" if version.said_by else ""
            st.markdown(f"{plain(version.caption) or '*empty*'}")
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.caption(
                    f"{SOURCES.get(version.source, version.source)}{plain(author_text)}, {ago(version.created_at)}",
                    width="content",
                )
                if page.can_edit and version.caption != image.caption:
                    args = (page, image.id, version.version)
                    st.button("Restore", key=f"restore:{image.id}:{version.version}", on_click=_restore, args=args)


def _restore(page: Page, image_id: str, version: int) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        datasets.restore_caption(tx, image_id, version)
