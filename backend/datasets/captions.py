"""Changing captions: one by one with a version check, or all of a set at once with what is needed to undo it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.datasets.schemas import CaptionDraft, Changed
from backend.datasets.service import locked, refresh_status
from backend.errors import Conflict, Invalid, NotFound
from backend.tables import DatasetImage


def set_captions(tx: Session, captions: Mapping[str, tuple[str, int]]) -> int:
    """Image id -> (caption, the version it was written against). All or none; returns how many changed.

    Raises Invalid, NotFound, and Conflict (`data["stale"]`: ids) when somebody changed one of them meanwhile.
    """
    wanted = {image_id: (CaptionDraft(caption=text).caption, version) for image_id, (text, version) in captions.items()}
    rows = tx.scalars(_locked().where(DatasetImage.id.in_(wanted))).all()
    if len(rows) < len(wanted):
        raise NotFound("Some of these pictures are no longer in the dataset. Reload the page, then try again.")
    if stale := [row for row in rows if row.caption_version != wanted[row.id][1]]:
        names = ", ".join(row.filename for row in stale[:3]) + (" and more" if len(stale) > 3 else "")
        raise Conflict(
            f"Somebody else changed the caption of {names} meanwhile. Nothing was overwritten: reload, look, save again.",
            stale=[row.id for row in stale],
        )
    return sum(_write(tx, row, wanted[row.id][0]) for row in rows)


def replace_in_captions(tx: Session, dataset_id: str, find: str, put: str) -> Changed:
    """Replaces `find` (as written, capitals matter) in every caption. Raises Invalid, NotFound."""
    if not find:
        raise Invalid("Say which words should be replaced.")
    return _each(tx, dataset_id, lambda caption: caption.replace(find, put))


def prefix_captions(tx: Session, dataset_id: str, prefix: str) -> Changed:
    """Puts `prefix` before every caption that does not begin with it. Raises Invalid, NotFound."""
    if not prefix.strip():
        raise Invalid("Write the words that should come first.")

    def put(caption: str) -> str:
        if caption.startswith(prefix.strip()):
            return caption
        gap = "" if not caption or prefix[-1].isspace() else ", "
        return f"{prefix.lstrip()}{gap}{caption}".strip()

    return _each(tx, dataset_id, put)


def _each(tx: Session, dataset_id: str, change: Callable[[str], str]) -> Changed:
    locked(tx, dataset_id)
    undo: dict[str, tuple[str, int]] = {}
    for row in tx.scalars(_locked().where(DatasetImage.dataset_id == dataset_id)).all():
        before = row.caption
        if _write(tx, row, CaptionDraft(caption=change(before)).caption):
            undo[row.id] = (before, row.caption_version)
    refresh_status(tx, dataset_id)
    return Changed(len(undo), undo)


def _write(tx: Session, row: DatasetImage, caption: str) -> bool:
    if caption == row.caption:
        return False
    row.caption, row.caption_by = caption, tx.info.get("user_id") or ""
    row.caption_version += 1
    tx.flush()
    return True


def _locked() -> Select[Any]:
    return select(DatasetImage).order_by(DatasetImage.id).with_for_update().execution_options(populate_existing=True)
