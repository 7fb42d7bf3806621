"""Pictures of a dataset: bringing them in, what was not taken and why, the grid, one picture with its caption."""

from __future__ import annotations

import base64
from functools import cache, partial
from pathlib import Path

import streamlit as st

from backend import assets, datasets, jobs
from backend.datasets import ImageCard, ImageFilter
from backend.kit.ids import new_id
from studio.components import gallery, uploader
from studio.components.gallery import Tile
from studio.components.uploader import Uploaded
from studio.format import count, media_url, plain
from studio.frame import Page
from studio.widgets.confirm import confirm
from studio.widgets.jobs import ACTIVE, follow
from studio.widgets.picture import picture

ACCEPT = ".jpg,.jpeg,.png,.webp,.heic,.heif,.tif,.tiff,.bmp,.avif,.zip"
FACES = Path(__file__).parent.parent / "faces"
SAMPLES = {"bella": "Bella", "marco": "Marco", "zara": "Zara"}
PAGE_SIZE = 60
FILTERS: dict[ImageFilter, str] = {
    "": "All",
    "included": "In use",
    "excluded": "Left out",
    "blurred": "Blurred",
    "near_duplicates": "Look-alikes",
    "uncaptioned": "No caption",
}


def add(page: Page, dataset_id: str, *, key: str, samples: bool = False) -> int:
    """Uploader (and sample characters), the check that follows, what came of it; returns how many pictures are in use."""
    with page.transaction() as tx:
        job = jobs.latest(tx, subject=("dataset", dataset_id), kind="dataset-ingest")
        state = datasets.readiness(tx, dataset_id)
        waiting = len(assets.uploads.listing(tx, "dataset", dataset_id, states=("stored",)))
    if page.can_edit and not (job and job.state in ACTIVE):
        empty = state.stats.images == 0
        if samples and empty:
            own, sample = st.tabs(["Your own pictures", "Try a sample character"], key=f"{key}:tabs")
            with own:
                _upload(page, dataset_id, key, waiting)
            with sample:
                _samples(page, dataset_id)
        else:
            _upload(page, dataset_id, key, waiting)
    if follow(page, job, key=f"{key}:ingest"):
        return 0
    refused(page, dataset_id)
    if state.stats.images:
        grid(page, dataset_id, key=key)
    return int(state.stats.included)


def _upload(page: Page, dataset_id: str, key: str, waiting: int) -> None:
    """`waiting`: files that arrived and that nobody asked to check, because the browser was closed before the last one."""
    settings = page.app.settings
    uploader(
        f"{key}:upload:{dataset_id}", workspace=page.workspace.id, noun="dataset", noun_id=dataset_id, accept=ACCEPT,
        max_bytes=settings.max_upload_size,
        hint=f"JPEG, PNG, WebP, HEIC, TIFF, BMP, AVIF or ZIP · up to {settings.max_upload_size // 2**20} MB each",
        on_done=partial(_arrived, page, dataset_id, waiting),
    )  # fmt: skip
    if waiting:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"{count(waiting, 'uploaded file')} not checked yet.", width="content")
            st.button("Check now", key=f"{key}:ingest-now", on_click=_check_now, args=(page, dataset_id))


def _arrived(page: Page, dataset_id: str, waiting: int, done: Uploaded) -> None:
    if done.stored or (done.skipped and waiting):
        _check_now(page, dataset_id)


def _check_now(page: Page, dataset_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.ingest(tx, dataset_id, request_key=new_id("req"))


def _samples(page: Page, dataset_id: str) -> None:
    st.caption("Drawn people that come with the studio, free to use. Good for a first try: 14 pictures with captions.")
    columns = st.columns(len(SAMPLES))
    for column, (name, title) in zip(columns, SAMPLES.items(), strict=True):
        with column:
            st.html(f'<img src="{_face(name)}" alt="{title}" style="width:100%;border-radius:12px;display:block">')
            st.button(
                f"Use {title}", key=f"sample:{name}", width="stretch", on_click=_take_sample, args=(page, dataset_id, name)
            )


@cache
def _face(name: str) -> str:
    data = base64.b64encode((FACES / f"{name}.webp").read_bytes()).decode()
    return f"data:image/webp;base64,{data}"


def _take_sample(page: Page, dataset_id: str, name: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.add_sample_character(tx, dataset_id, name, request_key=f"sample:{dataset_id}:{name}")


def refused(page: Page, dataset_id: str) -> None:
    """Files that were not taken, each with its reason."""
    with page.transaction() as tx:
        found = datasets.refused(tx, dataset_id)
    if not found:
        return
    with st.expander(f"{count(len(found), 'file')} not taken", icon=":material/block:"):
        for one in found[:200]:
            st.markdown(f"**{plain(one.filename)}** — {plain(one.reason)}")
        if page.can_edit:
            st.button("Clear this list", key=f"refused:{dataset_id}", on_click=_dismiss, args=(page, dataset_id))


def _dismiss(page: Page, dataset_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.dismiss_refused(tx, dataset_id)


def grid(page: Page, dataset_id: str, *, key: str) -> None:
    """All pictures; chosen ones can be left out, taken back in or removed; one opens with its caption."""
    shown = st.session_state.setdefault(f"{key}:take:{dataset_id}", PAGE_SIZE)
    only = st.pills(
        "Show", list(FILTERS), default="", format_func=FILTERS.__getitem__, key=f"{key}:filter", label_visibility="collapsed",
        wrap=True,
    )  # fmt: skip
    with page.transaction() as tx:
        found = datasets.images(tx, dataset_id, take=shown, filter=only or "")
    bar = st.container()
    state = gallery(
        f"{key}:grid:{dataset_id}", tiles=[_tile(page, one) for one in found.images], selectable=page.can_edit, size=140,
        selection_round=st.session_state.get(f"{key}:round", 0),
    )  # fmt: skip
    with bar:
        _bar(page, state.selected, found.total, key)
    if opened := next((one for one in found.images if one.id == state.opened), None):
        _one(page, opened)
    if found.next_cursor and st.button("Show more", key=f"{key}:more", width="stretch"):
        st.session_state[f"{key}:take:{dataset_id}"] = shown + PAGE_SIZE
        st.rerun()


def _tile(page: Page, one: ImageCard) -> Tile:
    badges = [("left out", "")] if not one.included else []
    if one.blurred:
        badges.append(("blurred", "warn"))
    if one.near_duplicate_of:
        badges.append(("look-alike", "warn"))
    return Tile(
        id=one.id, src=media_url(page.workspace.id, one.asset_id, w=320), alt=one.caption or one.filename, caption=one.caption,
        badges=badges, dim=not one.included,
    )  # fmt: skip


def _bar(page: Page, selected: list[str], total: int, key: str) -> None:
    if not selected:
        st.caption(f"{count(total, 'picture')}" + (" · choose some to leave them out or remove them" if page.can_edit else ""))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(selected)} chosen**", width="content")
        for label, included in (("Leave out", False), ("Take in", True)):
            st.button(label, key=f"{key}:in:{included}", on_click=_include, args=(page, selected, included, key))
        if st.button("Remove", key=f"{key}:remove"):
            confirm(
                f"Remove {count(len(selected), 'picture')}?",
                "They and their captions go from this dataset. To keep them but not train on them, leave them out instead.",
                action="Remove", act=lambda: _remove(page, selected, key),
            )  # fmt: skip


def _include(page: Page, selected: list[str], included: bool, key: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.set_included(tx, selected, included)
    _choose_none(key)


def _remove(page: Page, selected: list[str], key: str) -> None:
    with page.transaction(needs="editor") as tx:
        datasets.remove_images(tx, selected)
    _choose_none(key)


def _choose_none(key: str) -> None:
    st.session_state[f"{key}:round"] = st.session_state.get(f"{key}:round", 0) + 1


@st.dialog("Picture", width="medium")
def _one(page: Page, one: ImageCard) -> None:
    picture(media_url(page.workspace.id, one.asset_id, w=640), alt=one.filename)
    st.caption(f"{plain(one.filename)} · {one.width} × {one.height} px · sharpness {one.sharpness:.0f}")
    for note in one.notes:
        st.caption(plain(note["sentence"]))
    caption = st.text_area("Caption", one.caption, disabled=not page.can_edit)
    if page.can_edit and st.button("Save", type="primary"):
        with page.guard():
            with page.transaction(needs="editor") as tx:
                datasets.set_captions(tx, {one.id: (caption, one.caption_version)})
            st.rerun()
