"""The dialog of one dataset picture: its problems, crop, mask, caption and the caption's history."""

from __future__ import annotations

import streamlit as st

from backend import datasets
from backend.datasets import Box, ImageCard
from backend.language import messages, tr, tr_context, tr_lazy, worded
from studio.datasets.cropper import cropper
from studio.datasets.dataset_edits import member_names
from studio.datasets.dataset_mask import mask_editor
from studio.shell.frame import Page
from studio.ui.format import ago, media_url, plain
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

SOURCES = {
    "file": tr_lazy("came with its picture"),
    "sample": tr_lazy("came with the sample"),
    "bulk": tr_lazy("changed with many others"),
    "undo": tr_lazy("restored by an undo"),
    "restored": tr_lazy("restored"),
    "person": tr_lazy("written"),
    "": tr_lazy("written"),
    "vision": tr_lazy("by a vision model"),
    "blip": tr_lazy("by BLIP"),
    "template": tr_lazy("from what was measured"),
}
_PARTS = {"crop": tr_lazy(":material/crop: Crop"), "mask": tr_lazy(":material/gradient: Mask")}
_FRAMINGS = {"face": tr_lazy("framing: face"), "bust": tr_lazy("framing: bust"), "body": tr_lazy("framing: body")}


def open_picture(page: Page, dataset_id: str, image_id: str, *, side: int) -> None:
    """`side`: px the model trains at."""
    st.session_state["dataset:picture"] = image_id
    st.dialog(tr("Picture"), width="large", on_dismiss="rerun")(_picture)(page, dataset_id, side)


def _picture(page: Page, dataset_id: str, side: int) -> None:
    show_queued_toasts()
    with page.guard():
        with page.transaction() as tx:
            images = datasets.get_images(tx, dataset_id, [st.session_state["dataset:picture"]], side=side)
        if not images:
            st.info(tr("This picture is no longer in the dataset."))
            return
        image = images[0]
        left, right = st.columns([3, 2], gap="medium")
        with left:
            part = st.segmented_control(
                tr("Work on"),
                list(_PARTS),
                default="crop",
                format_func=lambda part: worded(_PARTS[part]),
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
            st.button(tr("Next picture"), icon=":material/arrow_forward:", on_click=_next, args=(page, image))


def _next(page: Page, image: ImageCard) -> None:
    with page.transaction() as tx:
        following = datasets.images(tx, image.dataset_id, cursor=image.id, take=1).images
    if following:
        st.session_state["dataset:picture"] = following[0].id
    else:
        queue_toast(tr("That was the last one."), ":material/last_page:")


def _crop(page: Page, image: ImageCard, box: Box | None) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            datasets.set_crop(tx, image.id, box, version=image.crop_version)
        queue_toast(tr("The crop is saved.") if box else tr("The whole picture is used."), ":material/crop:")


def _facts(image: ImageCard) -> None:
    marks = [
        "" if image.included else tr(":gray-badge[left out]"),
        tr(":gray-badge[cropped]") if image.crop else "",
        tr(":gray-badge[masked]") if image.mask_asset_id else "",
    ]
    st.markdown(" ".join([f"**{plain(image.filename)}**", *filter(None, marks)]))
    facts = [
        tr("{width} × {height} px", width=image.width, height=image.height),
        tr("sharpness {sharpness:.0f}", sharpness=image.sharpness),
    ]
    if image.brightness is not None:
        facts += [
            tr("brightness {brightness:.0f}", brightness=image.brightness),
            tr("contrast {contrast:.0f}", contrast=image.contrast or 0),
        ]
    facts.append(worded(_FRAMINGS[image.framing]) if image.framing in _FRAMINGS else tr("no face found"))
    st.caption(" · ".join(facts))
    for reason in image.reasons:
        st.markdown(f":{'red' if reason.blocker else 'orange'}-badge[{plain(worded(reason.sentence))}]")
    for note in image.notes:
        st.caption(plain(worded(messages.read_coded(note))))


def _caption(page: Page, image: ImageCard) -> None:
    caption = st.text_area(
        tr_context("training picture", "Caption"),
        image.caption,
        height=120,
        disabled=not page.can_edit,
        key=f"caption:{image.id}:{image.caption_version}",
    )
    if page.can_edit and st.button(tr("Save caption"), type="primary"):
        with page.transaction(needs="editor") as tx:
            datasets.set_captions(tx, {image.id: (caption, image.caption_version)})
        st.rerun(scope="fragment")


def _repeats(page: Page, image: ImageCard) -> None:
    repeats = st.number_input(
        tr("Repeats per epoch"),
        1,
        999,
        image.repeats,
        disabled=not page.can_edit,
        key=f"repeats:{image.id}:{image.repeats}",
        help=tr("Multiplied by the repeats set in training. Close-ups are often repeated more than others."),
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
    with st.expander(tr("Versions ({n})", n=len(versions)), icon=":material/history:"):
        user_names = member_names(page)
        for version in versions:
            source = worded(SOURCES.get(version.source, version.source))
            if version.said_by:
                author = user_names.get(version.said_by) or tr("a former member")
                source = tr("{source} by {author}", source=source, author=plain(author))
            st.markdown(plain(version.caption) or tr("*empty*"))
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.caption(f"{source}, {ago(version.created_at)}", width="content")
                if page.can_edit and version.caption != image.caption:
                    args = (page, image.id, version.version)
                    st.button(tr("Restore"), key=f"restore:{image.id}:{version.version}", on_click=_restore, args=args)


def _restore(page: Page, image_id: str, version: int) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        datasets.restore_caption(tx, image_id, version)
