"""Changes captions: single ones with a version check, or many at once with a preview and an undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from backend.datasets import caption_text
from backend.datasets.checks import check_limits
from backend.datasets.edit_cards import CaptionChange, CaptionLeak, CaptionVersion, EditCard, TagCount
from backend.datasets.schemas import CaptionDraft, CaptionEdit
from backend.datasets.service import find_edit_by_key, lock_dataset, record_edit, refresh_status
from backend.db.tables import DatasetCaption, DatasetImage
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy, tr_lazy_plural

_WRITE = text(
    "UPDATE dataset_images d SET caption = x.caption, caption_version = d.caption_version + 1, caption_by = :by, "
    "caption_source = :source FROM unnest(CAST(:ids AS text[]), CAST(:captions AS text[])) AS x(id, caption) "
    "WHERE d.id = x.id AND d.dataset_id = :dataset_id RETURNING d.id, d.caption_version"
)
_INSERT_HISTORY = text(
    "INSERT INTO dataset_captions (image_id, version, caption, source, said_by, edit_id) "
    "SELECT id, caption_version, caption, caption_source, caption_by, CAST(:edit_id AS text) FROM dataset_images "
    "WHERE id = ANY(CAST(:ids AS text[])) AND dataset_id = :dataset_id"
)


def set_captions(tx: Session, captions: Mapping[str, tuple[str, int]]) -> int:
    """Image id -> (caption, the version it was written against). All or none; returns how many changed.

    Raises Invalid, NotFound, and Conflict (`data["stale"]`: ids) when somebody changed one of them meanwhile.
    """
    drafts = {image_id: (CaptionDraft(caption=text).caption, version) for image_id, (text, version) in captions.items()}
    dataset_ids = select(DatasetImage.dataset_id).where(DatasetImage.id.in_(drafts)).distinct()
    changed = 0
    for dataset_id in sorted(tx.scalars(dataset_ids)):
        lock_dataset(tx, dataset_id)
        rows = _lock_pictures(tx, dataset_id, list(drafts))
        changed += len(rows)
        _refuse_stale(rows, drafts)
    if changed < len(drafts):
        raise NotFound(tr_lazy("Some of these pictures are no longer in the dataset. Reload the page, then try again."))
    return sum(_save_changed(tx, dataset_id, drafts) for dataset_id in sorted(tx.scalars(dataset_ids)))


def preview_captions(tx: Session, dataset_id: str, edit: CaptionEdit, *, image_ids: Sequence[str] = ()) -> list[CaptionChange]:
    """The captions that the edit would change. `image_ids` empty: all pictures. Raises NotFound, Invalid."""
    if edit.verb in ("replace", "remove", "cut") and not edit.find.strip():
        raise Invalid(tr_lazy("Enter the words to change."))
    if edit.verb in ("prefix", "suffix") and not edit.put.strip():
        raise Invalid(tr_lazy("Write the words that should be added."))
    trigger_word = _trigger_word(tx, dataset_id)
    if edit.verb == "trigger" and not trigger_word:
        raise Invalid(tr_lazy("The dataset has no trigger word yet. Give it one in its settings first."))
    rows = tx.scalars(_pictures(dataset_id, list(image_ids)))
    changes = [
        CaptionChange(row.id, row.asset_id, row.filename, row.caption, _rewritten(row, edit, trigger_word)) for row in rows
    ]
    return [change for change in changes if change.after != change.before]


def edit_captions(
    tx: Session, dataset_id: str, edit: CaptionEdit, *, image_ids: Sequence[str] = (), request_key: str = ""
) -> EditCard:
    """Rewrites all captions (or those of `image_ids`) as one undoable edit. Raises NotFound, Invalid (nothing would change)."""
    if existing_edit := find_edit_by_key(tx, request_key):
        return existing_edit
    lock_dataset(tx, dataset_id)
    changes = preview_captions(tx, dataset_id, edit, image_ids=image_ids)
    if not changes:
        raise Invalid(tr_lazy("No caption would change. Check the words; capitals matter when replacing."))
    edit_id = new_id("edit")
    versions = write_captions(
        tx, dataset_id, {change.image_id: change.after for change in changes}, source="bulk", edit_id=edit_id
    )
    undo = {change.image_id: [change.before, versions[change.image_id]] for change in changes}
    card = record_edit(tx, dataset_id, "captions", edit.title, undo, request_key=request_key, edit_id=edit_id)
    refresh_status(tx, dataset_id)
    return card


def caption_history(tx: Session, image_id: str) -> list[CaptionVersion]:
    """Newest first. The oldest entry is the caption from before histories were kept, where there was one."""
    query = select(DatasetCaption).where(DatasetCaption.image_id == image_id).order_by(DatasetCaption.version.desc())
    return [CaptionVersion(row.version, row.caption, row.source, row.said_by, row.created_at) for row in tx.scalars(query)]


def restore_caption(tx: Session, image_id: str, version: int) -> None:
    """Writes an earlier version's text as a new version. Raises NotFound."""
    query = select(DatasetImage.dataset_id, DatasetCaption.caption).join(
        DatasetCaption, DatasetCaption.image_id == DatasetImage.id
    )
    row = tx.execute(query.where(DatasetImage.id == image_id, DatasetCaption.version == version)).first()
    if row is None:
        raise NotFound(tr_lazy("This version of the caption is gone. Reload the page."))
    dataset_id, caption = row
    lock_dataset(tx, dataset_id)
    write_captions(tx, dataset_id, {image_id: caption}, source="restored")
    refresh_status(tx, dataset_id)


def caption_tags(tx: Session, dataset_id: str) -> list[TagCount]:
    """Of the included pictures, most frequent first."""
    return caption_text.tag_counts(_texts(tx, dataset_id))


def caption_leaks(tx: Session, dataset_id: str) -> list[CaptionLeak]:
    """Phrases in captions that the trigger word should stand for. Raises NotFound."""
    return caption_text.leaks(_texts(tx, dataset_id), _trigger_word(tx, dataset_id))


def write_captions(
    tx: Session, dataset_id: str, captions: Mapping[str, str], *, source: str, edit_id: str = ""
) -> dict[str, int]:
    """Image id -> its new version. The caller holds the dataset's lock and has left out what would not change."""
    if not captions:
        return {}
    common = {"by": tx.info.get("user_id") or "", "source": source, "dataset_id": dataset_id}
    tx.flush()
    rows = tx.execute(_WRITE, {"ids": list(captions), "captions": list(captions.values()), **common}).all()
    tx.execute(_INSERT_HISTORY, {"ids": list(captions), "edit_id": edit_id or None, "dataset_id": dataset_id})
    tx.expire_all()
    return {image_id: version for image_id, version in rows}


def _save_changed(tx: Session, dataset_id: str, drafts: Mapping[str, tuple[str, int]]) -> int:
    before = {row.id: row.caption for row in _lock_pictures(tx, dataset_id, list(drafts))}
    texts = {image_id: drafts[image_id][0] for image_id, caption in before.items() if caption != drafts[image_id][0]}
    edit_id = new_id("edit") if len(texts) > 1 else ""
    versions = write_captions(tx, dataset_id, texts, source="person", edit_id=edit_id)
    if edit_id:
        undo = {image_id: [before[image_id], version] for image_id, version in versions.items()}
        record_edit(
            tx,
            dataset_id,
            "captions",
            tr_lazy_plural("Wrote {n:,} caption", "Wrote {n:,} captions", len(texts)),
            undo,
            edit_id=edit_id,
        )
    refresh_status(tx, dataset_id)
    return len(texts)


def _refuse_stale(rows: Sequence[DatasetImage], drafts: Mapping[str, tuple[str, int]]) -> None:
    if stale := [row for row in rows if row.caption_version != drafts[row.id][1]]:
        names = ", ".join(row.filename for row in stale[:3]) + (" …" if len(stale) > 3 else "")
        raise Conflict(
            tr_lazy(
                "Somebody else changed the caption of {names} meanwhile. Nothing was overwritten: reload, look, save again.",
                names=names,
            ),
            stale=[row.id for row in stale],
        )


def _rewritten(row: DatasetImage, edit: CaptionEdit, trigger_word: str) -> str:
    return CaptionDraft(caption=caption_text.rewrite(row.caption, edit, trigger_word)).caption


def _texts(tx: Session, dataset_id: str) -> list[str]:
    conditions = DatasetImage.dataset_id == dataset_id, DatasetImage.included
    return list(tx.scalars(select(DatasetImage.caption).where(*conditions)))


def _trigger_word(tx: Session, dataset_id: str) -> str:
    return check_limits(tx, dataset_id).trigger_word


def _lock_pictures(tx: Session, dataset_id: str, image_ids: list[str]) -> Sequence[DatasetImage]:
    return tx.scalars(_pictures(dataset_id, image_ids).with_for_update()).all()


def _pictures(dataset_id: str, image_ids: list[str]) -> Select[Any]:
    """`image_ids` empty: all of the dataset."""
    query = select(DatasetImage).where(DatasetImage.dataset_id == dataset_id).order_by(DatasetImage.id)
    query = query.where(DatasetImage.id.in_(image_ids)) if image_ids else query
    return query.execution_options(populate_existing=True)
