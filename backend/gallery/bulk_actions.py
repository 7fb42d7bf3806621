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
from backend.gallery.rules import count_pictures
from backend.gallery.schemas import MAX_PICTURES, BulkActionDraft, GalleryFilters, UndoEntry
from backend.language import tr_lazy


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
    stars = "★" * draft.rating if draft.rating else "no stars"
    return f"{count_pictures(len(ids))} rated {stars}.", len(ids), {"to": draft.rating, "were": ids_by_rating}


def _unrate(tx: Session, before: dict[str, Any]) -> None:
    for rating, ids in before["were"].items():
        if unchanged := list(tx.scalars(select(Picture.id).where(Picture.id.in_(ids), Picture.rating == before["to"]))):
            service.rate(tx, unchanged, int(rating))


def _favour(tx: Session, draft: BulkActionDraft, ids: list[str]) -> Performed:
    changed = list(tx.scalars(select(Picture.id).where(Picture.id.in_(ids), Picture.favourite != draft.favourite)))
    service.set_favourite(tx, ids, draft.favourite)
    where = "now a favourite" if draft.favourite else "no favourite any more"
    sentence = (
        f"{count_pictures(1)} is {where}."
        if len(ids) == 1
        else f"{count_pictures(len(ids))} are {where.replace('a favourite', 'favourites')}."
    )
    return sentence, len(ids), {"to": draft.favourite, "ids": changed}


def _unfavour(tx: Session, before: dict[str, Any]) -> None:
    if before["ids"]:
        service.set_favourite(tx, before["ids"], not before["to"])


def _delete(tx: Session, draft: BulkActionDraft, ids: list[str]) -> Performed:
    service.delete(tx, ids)
    return f"{count_pictures(len(ids))} deleted.", len(ids), {"ids": ids}


def _undelete(tx: Session, before: dict[str, Any]) -> None:
    service.undelete(tx, before["ids"])


def _add(tx: Session, draft: BulkActionDraft, ids: list[str]) -> Performed:
    board_id = _require_board(draft.board_id)
    name = board_order.lock_board(tx, board_id)
    added = board_order.add(tx, board_id, ids)
    on_it_already = len(ids) - len(added)
    sentence = f"{count_pictures(len(added))} put on “{name}”."
    if on_it_already:
        sentence += f" {count_pictures(on_it_already)} there already."
    return sentence, len(added), {"board": board_id, "ids": added}


def _unadd(tx: Session, before: dict[str, Any]) -> None:
    board_order.remove(tx, before["board"], before["ids"])


def _remove(tx: Session, draft: BulkActionDraft, ids: list[str]) -> Performed:
    board_id = _require_board(draft.board_id)
    name = board_order.lock_board(tx, board_id)
    positions = board_order.remove(tx, board_id, ids)
    return f"{count_pictures(len(positions))} taken off “{name}”.", len(positions), {"board": board_id, "places": positions}


def _unremove(tx: Session, before: dict[str, Any]) -> None:
    board_order.lock_board(tx, before["board"])
    board_order.restore(tx, before["board"], before["places"])


def _move(tx: Session, draft: BulkActionDraft, ids: list[str]) -> Performed:
    source, target = _require_board(draft.from_board_id), _require_board(draft.board_id)
    if source == target:
        raise Invalid(tr_lazy("Choose another board to move to."))
    for board_id in sorted((source, target)):
        board_order.lock_board(tx, board_id)
    name = tx.scalar(select(Board.name).where(Board.id == target))
    positions = board_order.remove(tx, source, ids)
    added = board_order.add(tx, target, ids)
    before = {"board": source, "places": positions, "to": target, "ids": added}
    return f"{count_pictures(len(ids))} moved to “{name}”.", len(ids), before


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
