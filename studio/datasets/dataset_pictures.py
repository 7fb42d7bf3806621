"""The Pictures tab of a dataset: upload, refused files, notes, and the grid with filters and bulk actions."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import cast

import streamlit as st
from sqlalchemy.orm import Session

from backend import assets, datasets, jobs
from backend.datasets import DatasetCard, EditCard, ImageFilter, ImagePage, ImportNote, RefusedFile, Stats
from backend.kit.ids import new_id
from backend.language import tr, tr_context, tr_lazy, tr_plural, worded
from studio.datasets.captioning import offer_captioning, open_caption_dialog
from studio.datasets.dataset_edits import MAX_EDITS, last_edit
from studio.datasets.dataset_grid import GridFilter, GridState, dataset_grid
from studio.datasets.dataset_mask import clear_masks
from studio.datasets.dataset_picture import open_picture
from studio.datasets.dataset_state import cached_readiness, train_side
from studio.jobs.jobs import ACTIVE, follow
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.format import plain
from studio.ui.uploader import Uploaded, uploader

ACCEPTED_SUFFIXES = ".jpg,.jpeg,.png,.webp,.heic,.heif,.tif,.tiff,.bmp,.avif,.zip,.txt,.caption"
FACES = Path(__file__).parent.parent / "faces"
SAMPLES = {"bella": "Bella", "marco": "Marco", "zara": "Zara"}
PAGE_SIZE = 36
"""Pictures on the first screen; the grid fetches more on scrolling."""
LABELS: dict[ImageFilter, str] = {
    "problems": tr_lazy("Needs check"),
    "too_small": tr_lazy("Too small"),
    "blurred": tr_lazy("Blurred"),
    "near_duplicates": tr_lazy("Near-duplicates"),
    "low_resolution": tr_lazy("Small"),
    "dark": tr_lazy("Dark"),
    "bright": tr_lazy("Bright"),
    "flat": tr_lazy("No contrast"),
    "clipped": tr_lazy("Overexposed"),
    "several_faces": tr_lazy("Several faces"),
    "uncaptioned": tr_lazy("No caption"),
    "without_trigger": tr_lazy("No trigger word"),
    "cropped": tr_lazy("Cropped"),
    "masked": tr_lazy("Masked"),
}


def add_pictures(page: Page, dataset_id: str, *, key: str, samples: bool = False) -> int:
    """Uploader (and sample characters), progress and result of the import, then the grid. Returns how many pictures are in
    use, 0 during an import."""
    with page.transaction() as tx:
        card = datasets.get(tx, dataset_id)
        job = jobs.latest(tx, subject=("dataset", dataset_id), kind="dataset-ingest")
        waiting = assets.uploads.count(tx, "dataset", dataset_id, states=("stored",))
        refused_uploads = datasets.refused_files(tx, dataset_id)
        notes = datasets.import_notes(tx, dataset_id)
        grid_data = _read_grid(page, tx, card) if card.images and not (job and job.state in ACTIVE) else None
    if page.can_edit and not (job and job.state in ACTIVE):
        if samples and card.images == 0:
            own, sample = st.tabs([tr("Your own pictures"), tr("Try a sample character")], key=f"{key}:tabs")
            with own:
                _upload(page, dataset_id, key, waiting)
            with sample:
                _samples(page, dataset_id)
        else:
            _upload(page, dataset_id, key, waiting)
    if follow(page, job, key=f"{key}:ingest"):
        return 0
    refused_files(page, dataset_id, refused_uploads)
    _import_notes(page, dataset_id, notes)
    if card.images:
        offer_captioning(page, card, grid_data.stats.uncaptioned if grid_data else 0)
        grid(page, dataset_id, key=key, grid_data=grid_data)
    return card.included


def _upload(page: Page, dataset_id: str, key: str, waiting: int) -> None:
    """`waiting`: uploaded files that are not being checked, because the browser was closed before the upload ended."""
    max_bytes = page.app.settings.uploads.max_picture_size
    uploader(
        f"{key}:upload:{dataset_id}",
        workspace=page.workspace.id,
        noun="dataset",
        noun_id=dataset_id,
        accept=ACCEPTED_SUFFIXES,
        max_bytes=max_bytes,
        hint=tr(
            "JPEG, PNG, WebP, HEIC, TIFF, BMP, AVIF or ZIP, captions as .txt · up to {megabytes} MB each · "
            "camera data and location are removed",
            megabytes=max_bytes // 2**20,
        ),
        on_done=partial(_after_upload, page, dataset_id, waiting),
    )
    if waiting:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            text = tr_plural("{n:,} uploaded file not checked yet.", "{n:,} uploaded files not checked yet.", waiting)
            st.markdown(text, width="content")
            st.button(tr("Check now"), key=f"{key}:ingest-now", on_click=_check_now, args=(page, dataset_id))


def _after_upload(page: Page, dataset_id: str, waiting: int, uploaded: Uploaded) -> None:
    if uploaded.stored or (uploaded.skipped and waiting):
        _check_now(page, dataset_id)


def _check_now(page: Page, dataset_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.ingest(tx, dataset_id, request_key=new_id("req"))


def _samples(page: Page, dataset_id: str) -> None:
    st.caption(
        tr("Cartoon characters that come with the studio, free to use. Good for a first try: 14 pictures with captions.")
    )
    columns = st.columns(len(SAMPLES))
    for column, (name, title) in zip(columns, SAMPLES.items(), strict=True):
        with column:
            st.html(f'<img src="{_face(name)}" alt="{title}" style="width:100%;border-radius:12px;display:block">')
            st.button(
                tr("Use {name}", name=title),
                key=f"sample:{name}",
                width="stretch",
                on_click=_take_sample,
                args=(page, dataset_id, name),
            )


@cache
def _face(name: str) -> str:
    data = base64.b64encode((FACES / f"{name}.webp").read_bytes()).decode()
    return f"data:image/webp;base64,{data}"


def _take_sample(page: Page, dataset_id: str, name: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.declare_sample_rights(tx, dataset_id)
        datasets.add_sample_character(tx, dataset_id, name, request_key=f"sample:{dataset_id}:{name}")


def refused_files(page: Page, dataset_id: str, files: list[RefusedFile]) -> None:
    """The refused files, each with its reason."""
    if not files:
        return
    with st.expander(tr_plural("{n:,} file rejected", "{n:,} files rejected", len(files)), icon=":material/block:"):
        for file in files[:200]:
            st.markdown(f"**{plain(file.filename)}** — {plain(worded(file.reason))}")
        if page.can_edit:
            st.button(tr("Clear this list"), key=f"refused:{dataset_id}", on_click=_dismiss, args=(page, dataset_id))


def _dismiss(page: Page, dataset_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.dismiss_refused(tx, dataset_id)


def _import_notes(page: Page, dataset_id: str, notes: list[ImportNote]) -> None:
    """Notes about captions and folders of the imported pictures."""
    if not notes:
        return
    label = tr_plural("{n:,} remark on captions and folders", "{n:,} remarks on captions and folders", len(notes))
    with st.expander(label, icon=":material/info:"):
        for note in notes[:200]:
            names = plain(", ".join(note.filenames))
            if note.count > len(note.filenames):
                names = tr("{names} and {n:,} more", names=names, n=note.count - len(note.filenames))
            st.markdown(f"{plain(worded(note.sentence))}  \n:small[{names}]")
        if page.can_edit:
            st.button(tr("Clear these remarks"), key=f"notes:{dataset_id}", on_click=_clear_notes, args=(page, dataset_id))


def _clear_notes(page: Page, dataset_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.clear_import_notes(tx, dataset_id)


@dataclass(frozen=True, slots=True)
class GridData:
    """What the grid needs at first, read in one transaction to save round trips."""

    card: DatasetCard
    first: ImagePage
    stats: Stats
    edits: list[EditCard]


def _read_grid(page: Page, tx: Session, card: DatasetCard) -> GridData:
    first_page = datasets.images(tx, card.id, take=PAGE_SIZE, side=train_side(page), counted=False)
    return GridData(card, first_page, cached_readiness(page, tx, card).stats, datasets.list_edits(tx, card.id, take=MAX_EDITS))


def grid(page: Page, dataset_id: str, *, key: str, grid_data: GridData | None = None) -> None:
    """The grid of all pictures, with bulk actions for selected ones; opening one shows its dialog."""
    side = train_side(page)
    if grid_data is None:
        with page.transaction() as tx:
            grid_data = _read_grid(page, tx, datasets.get(tx, dataset_id))
    card, first_page, stats = grid_data.card, grid_data.first, grid_data.stats
    bar = st.container()
    state = dataset_grid(
        f"{key}:grid:{dataset_id}",
        workspace=page.workspace.id,
        dataset_id=dataset_id,
        first=first_page.images,
        next_cursor=first_page.next_cursor,
        filters=_filters(stats),
        stamp=f"{card.updated_at.isoformat()}:{stats.images}",
        side=side,
        selectable=page.can_edit,
        selection_round=st.session_state.get(f"{key}:round", 0),
    )
    with bar:
        if state.selected:
            _selection_bar(page, dataset_id, state, key, masks=stats.masked > 0)
        else:
            last_edit(page, dataset_id, key=key, edits=grid_data.edits)
    if state.opened:
        open_picture(page, dataset_id, state.opened, side=side)


def _filters(stats: Stats) -> list[GridFilter]:
    chips = [
        GridFilter("", tr_context("pictures", "All"), stats.images),
        GridFilter("included", tr("In use"), stats.included),
        GridFilter("excluded", tr("Left out"), stats.images - stats.included),
    ]
    problem_count = sum(getattr(stats, code) for code in LABELS if code not in ("problems", "cropped", "masked"))
    for code, label in LABELS.items():
        n = problem_count if code == "problems" else getattr(stats, code)
        tone = "bad" if code == "too_small" else "" if code in ("cropped", "masked") else "warn"
        if n:
            chips.append(GridFilter(code, worded(label), None if code in ("problems", "near_duplicates") else n, tone))
    return chips


def _selection_bar(page: Page, dataset_id: str, state: GridState, key: str, *, masks: bool) -> None:
    ids = state.selected
    if state.whole:
        with page.transaction() as tx:
            ids = datasets.matching_ids(tx, dataset_id, cast("ImageFilter", state.filter), side=train_side(page))
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(tr_plural("**{n:,} selected**", "**{n:,} selected**", len(ids)), width="content")
        for label, included in ((tr("Leave out"), False), (tr("Use"), True)):
            st.button(label, key=f"{key}:in:{included}", on_click=_include, args=(page, ids, included, key))
        if masks:
            st.button(tr("Remove masks"), key=f"{key}:masks", on_click=_clear_masks, args=(page, dataset_id, ids, key))
        if st.button(tr("Caption …"), key=f"{key}:caption"):
            open_caption_dialog(page, dataset_id, ids)
        if st.button(tr("Remove"), key=f"{key}:remove"):
            days = page.app.settings.retention.purge_after_days
            confirm(
                tr_plural("Remove {n:,} picture?", "Remove {n:,} pictures?", len(ids)),
                tr_plural(
                    "They and their captions leave this dataset. You can undo it under “Changes” for {n} day. To keep "
                    "them but not train on them, leave them out instead.",
                    "They and their captions leave this dataset. You can undo it under “Changes” for {n} days. To keep "
                    "them but not train on them, leave them out instead.",
                    days,
                ),
                action=tr("Remove"),
                act=lambda: _remove(page, ids, key),
            )


def _include(page: Page, ids: list[str], included: bool, key: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.set_included(tx, ids, included)
    _clear_selection(key)


def _remove(page: Page, ids: list[str], key: str) -> None:
    with page.transaction(needs="editor") as tx:
        datasets.remove_images(tx, ids)
    _clear_selection(key)


def _clear_masks(page: Page, dataset_id: str, ids: list[str], key: str) -> None:
    clear_masks(page, dataset_id, ids, new_id("req"))
    _clear_selection(key)


def _clear_selection(key: str) -> None:
    st.session_state[f"{key}:round"] = st.session_state.get(f"{key}:round", 0) + 1
