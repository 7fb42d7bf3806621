"""Changing captions: one by one with a version check, or many at once, seen before and taken back after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from backend.datasets import caption_text
from backend.datasets.checks import gate
from backend.datasets.edit_cards import CaptionChange, CaptionVersion, EditCard, Leak, TagCount
from backend.datasets.edit_log import once, record
from backend.datasets.schemas import CaptionDraft, CaptionEdit
from backend.datasets.service import locked, refresh_status
from backend.db.tables import DatasetCaption, DatasetImage
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id

_WRITE = text(
    "UPDATE dataset_images d SET caption = x.caption, caption_version = d.caption_version + 1, caption_by = :by, "
    "caption_source = :source FROM unnest(CAST(:ids AS text[]), CAST(:captions AS text[])) AS x(id, caption) "
    "WHERE d.id = x.id AND d.dataset_id = :dataset_id RETURNING d.id, d.caption_version"
)
_KEEP = text(
    "INSERT INTO dataset_captions (image_id, version, caption, source, said_by, edit_id) "
    "SELECT id, caption_version, caption, caption_source, caption_by, CAST(:edit_id AS text) FROM dataset_images "
    "WHERE id = ANY(CAST(:ids AS text[])) AND dataset_id = :dataset_id"
)


def set_captions(tx: Session, captions: Mapping[str, tuple[str, int]]) -> int:
    """Image id -> (caption, the version it was written against). All or none; returns how many changed.

    Raises Invalid, NotFound, and Conflict (`data["stale"]`: ids) when somebody changed one of them meanwhile.
    """
    wanted = {image_id: (CaptionDraft(caption=text).caption, version) for image_id, (text, version) in captions.items()}
    found = select(DatasetImage.dataset_id).where(DatasetImage.id.in_(wanted)).distinct()
    changed = 0
    for dataset_id in sorted(tx.scalars(found)):
        locked(tx, dataset_id)
        rows = _locked(tx, dataset_id, list(wanted))
        changed += len(rows)
        _refuse_stale(rows, wanted)
    if changed < len(wanted):
        raise NotFound("Some of these pictures are no longer in the dataset. Reload the page, then try again.")
    return sum(_save(tx, dataset_id, wanted) for dataset_id in sorted(tx.scalars(found)))


def preview_captions(tx: Session, dataset_id: str, edit: CaptionEdit, *, image_ids: Sequence[str] = ()) -> list[CaptionChange]:
    """What the change would do, only where it does something. `image_ids`: none: all. Raises NotFound, Invalid."""
    if edit.verb in ("replace", "remove", "cut") and not edit.find.strip():
        raise Invalid("Say which words this is about.")
    if edit.verb in ("prefix", "suffix") and not edit.put.strip():
        raise Invalid("Write the words that should be added.")
    word = _word(tx, dataset_id)
    if edit.verb == "trigger" and not word:
        raise Invalid("The dataset has no trigger word yet. Give it one in its settings first.")
    rows = tx.scalars(_pictures(dataset_id, list(image_ids)))
    changes = [CaptionChange(row.id, row.asset_id, row.filename, row.caption, _new(row, edit, word)) for row in rows]
    return [one for one in changes if one.after != one.before]


def edit_captions(
    tx: Session, dataset_id: str, edit: CaptionEdit, *, image_ids: Sequence[str] = (), request_key: str = ""
) -> EditCard:
    """Rewrites all captions (or those of `image_ids`) and remembers how they were. Raises NotFound, Invalid (nothing to do)."""
    if done := once(tx, request_key):
        return done
    locked(tx, dataset_id)
    changes = preview_captions(tx, dataset_id, edit, image_ids=image_ids)
    if not changes:
        raise Invalid("No caption would change. Look at the words again; capitals matter when replacing.")
    edit_id = new_id("edit")
    now = write(tx, dataset_id, {one.image_id: one.after for one in changes}, source="bulk", edit_id=edit_id)
    undo = {one.image_id: [one.before, now[one.image_id]] for one in changes}
    card = record(tx, dataset_id, "captions", edit.title, undo, request_key=request_key, edit_id=edit_id)
    refresh_status(tx, dataset_id)
    return card


def caption_history(tx: Session, image_id: str) -> list[CaptionVersion]:
    """Newest first; what was there before histories were kept is its first entry."""
    query = select(DatasetCaption).where(DatasetCaption.image_id == image_id).order_by(DatasetCaption.version.desc())
    return [CaptionVersion(row.version, row.caption, row.source, row.said_by, row.created_at) for row in tx.scalars(query)]


def restore_caption(tx: Session, image_id: str, version: int) -> None:
    """Writes an earlier version anew; none is lost. Raises NotFound."""
    here = select(DatasetImage.dataset_id, DatasetCaption.caption).join(
        DatasetCaption, DatasetCaption.image_id == DatasetImage.id
    )
    row = tx.execute(here.where(DatasetImage.id == image_id, DatasetCaption.version == version)).first()
    if row is None:
        raise NotFound("This version of the caption is gone. Reload the page.")
    dataset_id, caption = row
    locked(tx, dataset_id)
    write(tx, dataset_id, {image_id: caption}, source="restored")
    refresh_status(tx, dataset_id)


def caption_tags(tx: Session, dataset_id: str) -> list[TagCount]:
    """Of the included pictures, most frequent first."""
    return caption_text.tag_counts(_texts(tx, dataset_id))


def caption_leaks(tx: Session, dataset_id: str) -> list[Leak]:
    """Words in captions that name what the trigger word should carry. Raises NotFound."""
    return caption_text.leaks(_texts(tx, dataset_id), _word(tx, dataset_id))


def write(tx: Session, dataset_id: str, captions: Mapping[str, str], *, source: str, edit_id: str = "") -> dict[str, int]:
    """Image id -> its new version. The caller holds the dataset's lock and has left out what would not change."""
    if not captions:
        return {}
    said = {"by": tx.info.get("user_id") or "", "source": source, "dataset_id": dataset_id}
    tx.flush()
    found = tx.execute(_WRITE, {"ids": list(captions), "captions": list(captions.values()), **said}).all()
    tx.execute(_KEEP, {"ids": list(captions), "edit_id": edit_id or None, "dataset_id": dataset_id})
    tx.expire_all()
    return {image_id: version for image_id, version in found}


def _save(tx: Session, dataset_id: str, wanted: Mapping[str, tuple[str, int]]) -> int:
    before = {row.id: row.caption for row in _locked(tx, dataset_id, list(wanted))}
    texts = {image_id: wanted[image_id][0] for image_id, caption in before.items() if caption != wanted[image_id][0]}
    edit_id = new_id("edit") if len(texts) > 1 else ""
    now = write(tx, dataset_id, texts, source="person", edit_id=edit_id)
    if edit_id:
        undo = {image_id: [before[image_id], version] for image_id, version in now.items()}
        record(tx, dataset_id, "captions", f"Wrote {len(texts)} captions", undo, edit_id=edit_id)
    refresh_status(tx, dataset_id)
    return len(texts)


def _refuse_stale(rows: Sequence[DatasetImage], wanted: Mapping[str, tuple[str, int]]) -> None:
    if stale := [row for row in rows if row.caption_version != wanted[row.id][1]]:
        names = ", ".join(row.filename for row in stale[:3]) + (" and more" if len(stale) > 3 else "")
        raise Conflict(
            f"Somebody else changed the caption of {names} meanwhile. Nothing was overwritten: reload, look, save again.",
            stale=[row.id for row in stale],
        )


def _new(row: DatasetImage, edit: CaptionEdit, trigger_word: str) -> str:
    return CaptionDraft(caption=caption_text.rewrite(row.caption, edit, trigger_word)).caption


def _texts(tx: Session, dataset_id: str) -> list[str]:
    mine = DatasetImage.dataset_id == dataset_id, DatasetImage.included
    return list(tx.scalars(select(DatasetImage.caption).where(*mine)))


def _word(tx: Session, dataset_id: str) -> str:
    return gate(tx, dataset_id).trigger_word


def _locked(tx: Session, dataset_id: str, image_ids: list[str]) -> Sequence[DatasetImage]:
    return tx.scalars(_pictures(dataset_id, image_ids).with_for_update()).all()


def _pictures(dataset_id: str, image_ids: list[str]) -> Select[Any]:
    """`image_ids` empty: all of the dataset."""
    query = select(DatasetImage).where(DatasetImage.dataset_id == dataset_id).order_by(DatasetImage.id)
    query = query.where(DatasetImage.id.in_(image_ids)) if image_ids else query
    return query.execution_options(populate_existing=True)
