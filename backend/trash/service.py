"""Brings things back from the trash, and deletes them for good: each kind with the verbs of its own slice."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from backend import content_plans, datasets, gallery, loras, music, reels, videos, writing
from backend.errors import Invalid, NotFound
from backend.language import tr_lazy
from backend.trash.queries import ids_in_trash
from backend.trash.schemas import KINDS, MAX_ITEMS, TrashItem, TrashKind

_ERASE = {
    "picture": gallery.erase,
    "video": videos.erase,
    "reel": reels.erase,
    "text": writing.erase,
    "post": content_plans.erase,
    "board": gallery.erase_boards,
    "track": music.erase,
    "lora": loras.erase,
    "dataset": datasets.erase,
}
_BATCH = 500


def restore(tx: Session, items: Sequence[TrashItem]) -> int:
    """All or none. Texts become drafts again, posts get their date back. Returns how many. Raises NotFound,
    Invalid, Conflict (another board has the name)."""
    for kind, ids in _ids_by_kind(tx, items).items():
        if kind == "picture":
            gallery.undelete(tx, ids)
        elif kind == "video":
            videos.undelete(tx, ids)
        elif kind == "text":
            writing.restore(tx, ids)
        elif kind == "track":
            music.undelete(tx, ids)
        elif kind == "lora":
            loras.undelete(tx, ids)
        elif kind == "dataset":
            datasets.undelete(tx, ids)
        elif kind == "board":
            gallery.undelete_boards(tx, ids)
        else:
            for row_id in ids:
                (reels if kind == "reel" else content_plans).undelete(tx, row_id)
    return len(items)


def erase(tx: Session, items: Sequence[TrashItem]) -> int:
    """Deletes these things for good, all or none. Returns how many. Raises NotFound, Invalid."""
    return sum(_ERASE[kind](tx, ids) for kind, ids in _ids_by_kind(tx, items).items())


def empty(tx: Session, kinds: Collection[TrashKind] = KINDS) -> int:
    """Deletes everything of these kinds in the trash for good. Returns how many."""
    return _erase_all(tx, kinds, None)


def purge_old(tx: Session, *, days: int) -> int:
    """Deletes for good what has been in the trash for longer than `days`. Returns how many."""
    return _erase_all(tx, KINDS, days)


def _erase_all(tx: Session, kinds: Collection[TrashKind], older_than_days: int | None) -> int:
    n = 0
    for kind in KINDS:
        while kind in kinds and (ids := ids_in_trash(tx, kind, older_than_days=older_than_days, take=_BATCH)):
            n += _ERASE[kind](tx, ids)
    return n


def _ids_by_kind(tx: Session, items: Sequence[TrashItem]) -> dict[TrashKind, list[str]]:
    """Raises NotFound: one is not in the trash (any more)."""
    if not items:
        raise Invalid(tr_lazy("Choose at least one item."))
    if len(items) > MAX_ITEMS:
        raise Invalid(tr_lazy("At most {max_items} items at once. Choose fewer.", max_items=MAX_ITEMS))
    chosen: dict[TrashKind, list[str]] = {}
    for item in items:
        chosen.setdefault(item.kind, []).append(item.id)
    for kind, ids in chosen.items():
        if len(ids_in_trash(tx, kind, ids)) < len(set(ids)):
            raise NotFound(tr_lazy("One of these is not in the trash any more ({kind}). Load the page again.", kind=kind))
    return chosen
