"""Pictures of a dataset: bringing them in, what was not taken and why, the grid that filters and chooses."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import cast

import streamlit as st
from sqlalchemy.orm import Session

from backend import assets, datasets, jobs
from backend.datasets import ArrivalNote, DatasetCard, EditCard, ImageFilter, ImagePage, RefusedCard, Stats
from backend.kit.ids import new_id
from studio.components import dataset_grid, uploader
from studio.components.dataset_grid import GridFilter, GridState
from studio.components.uploader import Uploaded
from studio.datasets.captioning import caption_these, offer
from studio.datasets.dataset_edits import LISTED, last_edit
from studio.datasets.dataset_mask import clear_many
from studio.datasets.dataset_picture import open_picture
from studio.datasets.dataset_state import state_of, train_side
from studio.jobs.jobs import ACTIVE, follow
from studio.shell.frame import Page
from studio.ui.confirm import confirm
from studio.ui.format import count, plain

ACCEPT = ".jpg,.jpeg,.png,.webp,.heic,.heif,.tif,.tiff,.bmp,.avif,.zip,.txt,.caption"
FACES = Path(__file__).parent.parent / "faces"
SAMPLES = {"bella": "Bella", "marco": "Marco", "zara": "Zara"}
PAGE_SIZE = 36
"""What fills a first screen; the grid fetches the rest while people scroll."""
LABELS: dict[ImageFilter, str] = {
    "problems": "To look at", "too_small": "Too small", "blurred": "Blurred", "near_duplicates": "Look-alikes",
    "low_resolution": "Small", "dark": "Dark", "bright": "Bright", "flat": "No contrast", "clipped": "Burnt out",
    "several_faces": "Several faces", "uncaptioned": "No caption", "without_trigger": "No trigger word", "cropped": "Cropped",
    "masked": "Masked",
}  # fmt: skip


def add(page: Page, dataset_id: str, *, key: str, samples: bool = False) -> int:
    """Uploader (and sample characters), the check that follows, what came of it; returns how many pictures are in use."""
    with page.transaction() as tx:
        card = datasets.get(tx, dataset_id)
        job = jobs.latest(tx, subject=("dataset", dataset_id), kind="dataset-ingest")
        waiting = assets.uploads.count(tx, "dataset", dataset_id, states=("stored",))
        turned_down = datasets.refused(tx, dataset_id)
        notes = datasets.arrival_notes(tx, dataset_id)
        shown = _read(page, tx, card) if card.images and not (job and job.state in ACTIVE) else None
    if page.can_edit and not (job and job.state in ACTIVE):
        if samples and card.images == 0:
            own, sample = st.tabs(["Your own pictures", "Try a sample character"], key=f"{key}:tabs")
            with own:
                _upload(page, dataset_id, key, waiting)
            with sample:
                _samples(page, dataset_id)
        else:
            _upload(page, dataset_id, key, waiting)
    if follow(page, job, key=f"{key}:ingest"):
        return 0
    refused(page, dataset_id, turned_down)
    _arrival_notes(page, dataset_id, notes)
    if card.images:
        offer(page, card, shown.stats.uncaptioned if shown else 0)
        grid(page, dataset_id, key=key, shown=shown)
    return card.included


def _upload(page: Page, dataset_id: str, key: str, waiting: int) -> None:
    """`waiting`: files that arrived and that nobody asked to check, because the browser was closed before the last one."""
    settings = page.app.settings
    uploader(
        f"{key}:upload:{dataset_id}", workspace=page.workspace.id, noun="dataset", noun_id=dataset_id, accept=ACCEPT,
        max_bytes=settings.max_upload_size,
        hint=f"JPEG, PNG, WebP, HEIC, TIFF, BMP, AVIF or ZIP, captions as .txt · up to {settings.max_upload_size // 2**20} MB "
        "each · camera data and places are taken out",
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
        datasets.declare_sample(tx, dataset_id)
        datasets.add_sample_character(tx, dataset_id, name, request_key=f"sample:{dataset_id}:{name}")


def refused(page: Page, dataset_id: str, found: list[RefusedCard]) -> None:
    """Files that were not taken, each with its reason."""
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


def _arrival_notes(page: Page, dataset_id: str, found: list[ArrivalNote]) -> None:
    """What to know of the captions and folders of the pictures that were taken."""
    if not found:
        return
    with st.expander(f"{count(len(found), 'note')} on captions and folders", icon=":material/info:"):
        for one in found[:200]:
            more = f" and {one.count - len(one.filenames):,} more" if one.count > len(one.filenames) else ""
            st.markdown(f"{plain(one.sentence)}  \n:small[{plain(', '.join(one.filenames))}{more}]")
        if page.can_edit:
            st.button("Clear these notes", key=f"notes:{dataset_id}", on_click=_clear_notes, args=(page, dataset_id))


def _clear_notes(page: Page, dataset_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.clear_arrival_notes(tx, dataset_id)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the grid starts from, read together: round trips are what a first screen waits for."""

    card: DatasetCard
    first: ImagePage
    stats: Stats
    edits: list[EditCard]


def _read(page: Page, tx: Session, card: DatasetCard) -> Shown:
    found = datasets.images(tx, card.id, take=PAGE_SIZE, side=train_side(page), counted=False)
    return Shown(card, found, state_of(page, tx, card).stats, datasets.edits(tx, card.id, take=LISTED))


def grid(page: Page, dataset_id: str, *, key: str, shown: Shown | None = None) -> None:
    """All pictures; chosen ones can be left out, taken back in or removed; one opens with its caption and crop."""
    side = train_side(page)
    if shown is None:
        with page.transaction() as tx:
            shown = _read(page, tx, datasets.get(tx, dataset_id))
    card, found, stats = shown.card, shown.first, shown.stats
    bar = st.container()
    state = dataset_grid(
        f"{key}:grid:{dataset_id}", workspace=page.workspace.id, dataset_id=dataset_id, first=found.images,
        next_cursor=found.next_cursor, filters=_filters(stats), stamp=f"{card.updated_at.isoformat()}:{stats.images}",
        side=side, selectable=page.can_edit, selection_round=st.session_state.get(f"{key}:round", 0),
    )  # fmt: skip
    with bar:
        if state.selected:
            _bar(page, dataset_id, state, key, masks=stats.masked > 0)
        else:
            last_edit(page, dataset_id, key=key, found=shown.edits)
    if state.opened:
        open_picture(page, dataset_id, state.opened, side=side)


def _filters(stats: Stats) -> list[GridFilter]:
    chips = [
        GridFilter("", "All", stats.images), GridFilter("included", "In use", stats.included),
        GridFilter("excluded", "Left out", stats.images - stats.included),
    ]  # fmt: skip
    wrong = sum(getattr(stats, code) for code in LABELS if code not in ("problems", "cropped", "masked"))
    for code, label in LABELS.items():
        n = wrong if code == "problems" else getattr(stats, code)
        tone = "bad" if code == "too_small" else "" if code in ("cropped", "masked") else "warn"
        if n:
            chips.append(GridFilter(code, label, None if code in ("problems", "near_duplicates") else n, tone))
    return chips


def _bar(page: Page, dataset_id: str, state: GridState, key: str, *, masks: bool) -> None:
    ids = state.selected
    if state.whole:
        with page.transaction() as tx:
            ids = datasets.matching(tx, dataset_id, cast("ImageFilter", state.filter), side=train_side(page))
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f"**{len(ids):,} chosen**", width="content")
        for label, included in (("Leave out", False), ("Take in", True)):
            st.button(label, key=f"{key}:in:{included}", on_click=_include, args=(page, ids, included, key))
        if masks:
            st.button("Remove masks", key=f"{key}:masks", on_click=_clear_masks, args=(page, dataset_id, ids, key))
        if st.button("Caption …", key=f"{key}:caption"):
            caption_these(page, dataset_id, ids)
        if st.button("Remove", key=f"{key}:remove"):
            days = page.app.settings.purge_after_days
            confirm(
                f"Remove {count(len(ids), 'picture')}?",
                f"They and their captions go from this dataset; for {count(days, 'day')} you can take that back under "
                "“Changes”. To keep them but not train on them, leave them out instead.",
                action="Remove", act=lambda: _remove(page, ids, key),
            )  # fmt: skip


def _include(page: Page, ids: list[str], included: bool, key: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.set_included(tx, ids, included)
    _choose_none(key)


def _remove(page: Page, ids: list[str], key: str) -> None:
    with page.transaction(needs="editor") as tx:
        datasets.remove_images(tx, ids)
    _choose_none(key)


def _clear_masks(page: Page, dataset_id: str, ids: list[str], key: str) -> None:
    clear_many(page, dataset_id, ids, new_id("req"))
    _choose_none(key)


def _choose_none(key: str) -> None:
    st.session_state[f"{key}:round"] = st.session_state.get(f"{key}:round", 0) + 1
