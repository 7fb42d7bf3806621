"""Actions on one or many pictures and how each is undone. All or nothing, once per `request_key`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import undo as undo_records
from backend.db.tables import Board, Picture, PictureAct
from backend.errors import Invalid, NotFound
from backend.gallery import board_order, queries, service, undo_entries
from backend.gallery.boards import undelete_boards
from backend.gallery.schemas import MAX_PICTURES, BulkActionDraft, GalleryFilters, UndoEntry
from backend.language import joined, tr_lazy, tr_lazy_plural


def act(tx: Session, *, draft: BulkActionDraft, filters: GalleryFilters | None = None, request_key: str) -> UndoEntry:
    """Performs `draft` on `draft.picture_ids`, or on all pictures that match `filters` (the first MAX_PICTURES in their order).

    Returns the undo entry, whose `count` says how many pictures were touched. Raises Invalid, NotFound.
    """
    if (earlier := undo_entries.find_by_key(tx, request_key)) is not None:
        return earlier
    ids = list(dict.fromkeys(draft.picture_ids))
    if filters is not None:
        ids = queries.matching_ids(tx, filters=filters, most=MAX_PICTURES)
    if not ids:
        raise Invalid(tr_lazy("Choose at least one picture."))
    if len(_existing(tx, ids)) < len(ids):
        raise NotFound(tr_lazy("One of these pictures does not exist here any more. Load the gallery again."))
    sentence, count, before = _ACTIONS[draft.kind](tx, draft, ids)
    return undo_entries.record(tx, draft.kind, request_key, sentence, count, before)


def undo(tx: Session, act_id: str) -> UndoEntry:
    """Restores what this action changed, except what somebody changed again since. Raises NotFound, Conflict, NotPermitted."""
    row = undo_records.mark_undone(tx, PictureAct, act_id, page="gallery")
    _UNDO_ACTIONS[row.kind](tx, row.before)
    return undo_entries.card(row)


Performed = tuple[str, int, dict[str, Any]]
"""What was done as a sentence, how many pictures were touched, what `undo` needs (stored in `picture_acts.before`)."""


def _rate(tx: Session, draft: BulkActionDraft, ids: list[str]) -> Performed:
    if draft.rating is None:
        raise Invalid(tr_lazy("Enter 0 to 5 stars."))
    ids_by_rating: dict[str, list[str]] = {}
    for picture_id, rating in tx.execute(select(Picture.id, Picture.rating).where(Picture.id.in_(ids))):
        if rating != draft.rating:
            ids_by_rating.setdefault(str(rating), []).append(picture_id)
    service.rate(tx, ids, draft.rating)
    sentence = (
        tr_lazy_plural("{n:,} picture rated {stars}.", "{n:,} pictures rated {stars}.", len(ids), stars="★" * draft.rating)
        if draft.rating
        else tr_lazy_plural("{n:,} picture rated no stars.", "{n:,} pictures rated no stars.", len(ids))
    )
    return sentence, len(ids), {"to": draft.rating, "were": ids_by_rating}


def _unrate(tx: Session, before: dict[str, Any]) -> None:
    for rating, ids in before["were"].items():
        if unchanged := list(tx.scalars(select(Picture.id).where(Picture.id.in_(ids), Picture.rating == before["to"]))):
            service.rate(tx, unchanged, int(rating))


def _favour(tx: Session, draft: BulkActionDraft, ids: list[str]) -> Performed:
    changed = list(tx.scalars(select(Picture.id).where(Picture.id.in_(ids), Picture.favourite != draft.favourite)))
    service.set_favourite(tx, ids, draft.favourite)
    sentence = (
        tr_lazy_plural("{n:,} picture is now a favourite.", "{n:,} pictures are now favourites.", len(ids))
        if draft.favourite
        else tr_lazy_plural("{n:,} picture is no favourite any more.", "{n:,} pictures are no favourites any more.", len(ids))
    )
    return sentence, len(ids), {"to": draft.favourite, "ids": changed}


def _unfavour(tx: Session, before: dict[str, Any]) -> None:
    if before["ids"]:
        service.set_favourite(tx, before["ids"], not before["to"])


def _delete(tx: Session, draft: BulkActionDraft, ids: list[str]) -> Performed:
    service.delete(tx, ids)
    return tr_lazy_plural("{n:,} picture deleted.", "{n:,} pictures deleted.", len(ids)), len(ids), {"ids": ids}


def _undelete(tx: Session, before: dict[str, Any]) -> None:
    service.undelete(tx, before["ids"])


def _add(tx: Session, draft: BulkActionDraft, ids: list[str]) -> Performed:
    board_id = _require_board(draft.board_id)
    name = board_order.lock_board(tx, board_id)
    added = board_order.add(tx, board_id, ids)
    on_it_already = len(ids) - len(added)
    done = tr_lazy_plural("{n:,} picture put on “{board}”.", "{n:,} pictures put on “{board}”.", len(added), board=name)
    rest = tr_lazy_plural("{n:,} picture was there already.", "{n:,} pictures were there already.", on_it_already)
    return joined(done, rest if on_it_already else ""), len(added), {"board": board_id, "ids": added}


def _unadd(tx: Session, before: dict[str, Any]) -> None:
    board_order.remove(tx, before["board"], before["ids"])


def _remove(tx: Session, draft: BulkActionDraft, ids: list[str]) -> Performed:
    board_id = _require_board(draft.board_id)
    name = board_order.lock_board(tx, board_id)
    positions = board_order.remove(tx, board_id, ids)
    n = len(positions)
    sentence = tr_lazy_plural("{n:,} picture taken off “{board}”.", "{n:,} pictures taken off “{board}”.", n, board=name)
    return sentence, n, {"board": board_id, "places": positions}


def _unremove(tx: Session, before: dict[str, Any]) -> None:
    board_order.lock_board(tx, before["board"])
    board_order.restore(tx, before["board"], before["places"])


def _move(tx: Session, draft: BulkActionDraft, ids: list[str]) -> Performed:
    source, target = _require_board(draft.from_board_id), _require_board(draft.board_id)
    if source == target:
        raise Invalid(tr_lazy("Choose another board to move to."))
    for board_id in sorted((source, target)):
        board_order.lock_board(tx, board_id)
    name = tx.scalar(select(Board.name).where(Board.id == target)) or ""
    positions = board_order.remove(tx, source, ids)
    added = board_order.add(tx, target, ids)
    before = {"board": source, "places": positions, "to": target, "ids": added}
    sentence = tr_lazy_plural("{n:,} picture moved to “{board}”.", "{n:,} pictures moved to “{board}”.", len(ids), board=name)
    return sentence, len(ids), before


def _unmove(tx: Session, before: dict[str, Any]) -> None:
    board_order.remove(tx, before["to"], before["ids"])
    _unremove(tx, before)


def _unarrange(tx: Session, before: dict[str, Any]) -> None:
    board_order.set_positions(tx, before["board"], before["places"])


def _unarchive(tx: Session, before: dict[str, Any]) -> None:
    board_order.lock_board(tx, before["board"], archived_at=None if before["to"] else func.clock_timestamp())


def _undo_board_delete(tx: Session, before: dict[str, Any]) -> None:
    undelete_boards(tx, [before["board"]])


_ACTIONS: dict[str, Callable[[Session, BulkActionDraft, list[str]], Performed]] = {
    "rate": _rate,
    "favourite": _favour,
    "delete": _delete,
    "board-add": _add,
    "board-remove": _remove,
    "board-move": _move,
}
_UNDO_ACTIONS: dict[str, Callable[[Session, dict[str, Any]], None]] = {
    "rate": _unrate,
    "favourite": _unfavour,
    "delete": _undelete,
    "board-add": _unadd,
    "board-remove": _unremove,
    "board-move": _unmove,
    "board-order": _unarrange,
    "board-archive": _unarchive,
    "board-delete": _undo_board_delete,
}


def _existing(tx: Session, ids: Sequence[str]) -> set[str]:
    return set(tx.scalars(select(Picture.id).where(Picture.id.in_(ids), Picture.deleted_at.is_(None))))


def _require_board(board_id: str | None) -> str:
    if not board_id:
        raise Invalid(tr_lazy("Choose a board."))
    return board_id
