"""Acts on one or many pictures, and each one's way back. All or nothing, once per `request_key`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import generation
from backend.boards import history, places
from backend.boards.schemas import MOST_AT_ONCE, ActCard, ActDraft
from backend.boards.wording import pictures
from backend.errors import Conflict, Invalid, NotFound
from backend.generation import GalleryFilters
from backend.tables import Board, Picture


def act(tx: Session, *, draft: ActDraft, filters: GalleryFilters | None = None, request_key: str) -> ActCard:
    """On `draft.picture_ids`, or on all that `filters` leave (the first MOST_AT_ONCE as shown; the card says how many).

    Raises Invalid, NotFound.
    """
    if (again := history.first(tx, request_key)) is not None:
        return again
    ids = list(dict.fromkeys(draft.picture_ids))
    if filters is not None:
        ids = generation.ids(tx, filters=filters, most=MOST_AT_ONCE)
    if not ids:
        raise Invalid("Choose at least one picture.")
    known = _there(tx, ids)
    if len(known) < len(ids):
        raise NotFound("One of these pictures does not exist here any more. Load the gallery again.")
    said, count, before = _DO[draft.kind](tx, draft, ids)
    return history.record(tx, draft.kind, request_key, said, count, before)


def undo(tx: Session, act_id: str) -> ActCard:
    """Puts back what this act changed and nobody changed again since. Raises NotFound, Conflict, NotPermitted."""
    row = history.claim(tx, act_id)
    _UNDO[row.kind](tx, row.before)
    return history.card(row)


Done = tuple[str, int, dict[str, Any]]


def _rate(tx: Session, draft: ActDraft, ids: list[str]) -> Done:
    if draft.rating is None:
        raise Invalid("Say how many stars, 0 to 5.")
    were: dict[str, list[str]] = {}
    for picture_id, rating in tx.execute(select(Picture.id, Picture.rating).where(Picture.id.in_(ids))):
        if rating != draft.rating:
            were.setdefault(str(rating), []).append(picture_id)
    generation.rate(tx, ids, draft.rating)
    stars = "★" * draft.rating if draft.rating else "no stars"
    return f"{pictures(len(ids))} rated {stars}.", len(ids), {"to": draft.rating, "were": were}


def _unrate(tx: Session, before: dict[str, Any]) -> None:
    for rating, ids in before["were"].items():
        if same := list(tx.scalars(select(Picture.id).where(Picture.id.in_(ids), Picture.rating == before["to"]))):
            generation.rate(tx, same, int(rating))


def _favour(tx: Session, draft: ActDraft, ids: list[str]) -> Done:
    changed = list(tx.scalars(select(Picture.id).where(Picture.id.in_(ids), Picture.favourite != draft.favourite)))
    generation.favour(tx, ids, draft.favourite)
    where = "now a favourite" if draft.favourite else "no favourite any more"
    said = (
        f"{pictures(1)} is {where}."
        if len(ids) == 1
        else f"{pictures(len(ids))} are {where.replace('a favourite', 'favourites')}."
    )
    return said, len(ids), {"to": draft.favourite, "ids": changed}


def _unfavour(tx: Session, before: dict[str, Any]) -> None:
    if before["ids"]:
        generation.favour(tx, before["ids"], not before["to"])


def _delete(tx: Session, draft: ActDraft, ids: list[str]) -> Done:
    generation.delete(tx, ids)
    return f"{pictures(len(ids))} deleted.", len(ids), {"ids": ids}


def _undelete(tx: Session, before: dict[str, Any]) -> None:
    generation.undelete(tx, before["ids"])


def _add(tx: Session, draft: ActDraft, ids: list[str]) -> Done:
    board_id = _named(draft.board_id)
    name = places.touch(tx, board_id)
    new = places.add(tx, board_id, ids)
    there = len(ids) - len(new)
    said = f"{pictures(len(new))} put on “{name}”." + (f" {pictures(there)} there already." if there else "")
    return said, len(new), {"board": board_id, "ids": new}


def _unadd(tx: Session, before: dict[str, Any]) -> None:
    places.remove(tx, before["board"], before["ids"])


def _remove(tx: Session, draft: ActDraft, ids: list[str]) -> Done:
    board_id = _named(draft.board_id)
    name = places.touch(tx, board_id)
    were = places.remove(tx, board_id, ids)
    return f"{pictures(len(were))} taken off “{name}”.", len(were), {"board": board_id, "places": were}


def _unremove(tx: Session, before: dict[str, Any]) -> None:
    places.touch(tx, before["board"])
    places.restore(tx, before["board"], before["places"])


def _move(tx: Session, draft: ActDraft, ids: list[str]) -> Done:
    source, target = _named(draft.from_board_id), _named(draft.board_id)
    if source == target:
        raise Invalid("Choose another board to move to.")
    for board_id in sorted((source, target)):
        places.touch(tx, board_id)
    name = tx.scalar(select(Board.name).where(Board.id == target))
    were = places.remove(tx, source, ids)
    new = places.add(tx, target, ids)
    return f"{pictures(len(ids))} moved to “{name}”.", len(ids), {"board": source, "places": were, "to": target, "ids": new}


def _unmove(tx: Session, before: dict[str, Any]) -> None:
    places.remove(tx, before["to"], before["ids"])
    _unremove(tx, before)


def _unarrange(tx: Session, before: dict[str, Any]) -> None:
    places.put(tx, before["board"], before["places"])


def _unarchive(tx: Session, before: dict[str, Any]) -> None:
    places.touch(tx, before["board"], archived_at=None if before["to"] else func.clock_timestamp())


def _bring_back(tx: Session, before: dict[str, Any]) -> None:
    board = tx.scalars(select(Board).where(Board.id == before["board"])).one()
    taken = select(Board.id).where(Board.name == board.name, Board.deleted_at.is_(None))
    if tx.scalar(taken) is not None:
        raise Conflict(f"Meanwhile another board is called “{board.name}”. Rename that one first, then undo.")
    tx.execute(update(Board).where(Board.id == board.id).values(deleted_at=None))


_DO: dict[str, Callable[[Session, ActDraft, list[str]], Done]] = {
    "rate": _rate,
    "favourite": _favour,
    "delete": _delete,
    "board-add": _add,
    "board-remove": _remove,
    "board-move": _move,
}
_UNDO: dict[str, Callable[[Session, dict[str, Any]], None]] = {
    "rate": _unrate,
    "favourite": _unfavour,
    "delete": _undelete,
    "board-add": _unadd,
    "board-remove": _unremove,
    "board-move": _unmove,
    "board-order": _unarrange,
    "board-archive": _unarchive,
    "board-delete": _bring_back,
}


def _there(tx: Session, ids: Sequence[str]) -> set[str]:
    return set(tx.scalars(select(Picture.id).where(Picture.id.in_(ids), Picture.deleted_at.is_(None))))


def _named(board_id: str | None) -> str:
    if not board_id:
        raise Invalid("Choose a board.")
    return board_id
