"""Making boards, naming them, choosing a cover, putting them away."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.boards import history, places
from backend.boards.queries import MOST_BOARDS, get
from backend.boards.schemas import ActCard, BoardCard, BoardDraft
from backend.boards.wording import pictures
from backend.errors import Conflict, Invalid
from backend.kit.ids import new_id
from backend.tables import Board, BoardPicture


def create(tx: Session, *, draft: BoardDraft) -> BoardCard:
    """Raises Invalid (too many), Conflict (the name is taken)."""
    if (tx.scalar(select(func.count()).select_from(Board).where(Board.deleted_at.is_(None))) or 0) >= MOST_BOARDS:
        raise Invalid(f"There are {MOST_BOARDS} boards already. Delete one that is not needed any more.")
    row = {"id": new_id("brd"), "name": draft.name, "notes": draft.notes, "created_by": tx.info.get("user_id")}
    made = tx.scalar(insert(Board).values(row).on_conflict_do_nothing().returning(Board.id))
    if made is None:
        raise Conflict(_taken(draft.name))
    return get(tx, made)


def edit(tx: Session, board_id: str, *, draft: BoardDraft) -> BoardCard:
    """Name and notes. Raises NotFound, Conflict."""
    other = select(Board.id).where(Board.name == draft.name, Board.id != board_id, Board.deleted_at.is_(None))
    if tx.scalar(other) is not None:
        raise Conflict(_taken(draft.name))
    places.touch(tx, board_id, name=draft.name, notes=draft.notes)
    return get(tx, board_id)


def set_cover(tx: Session, board_id: str, picture_id: str | None) -> None:
    """None: the first picture. Raises NotFound, Invalid (not on the board)."""
    there = select(BoardPicture.position).where(BoardPicture.board_id == board_id, BoardPicture.picture_id == picture_id)
    if picture_id and tx.scalar(there) is None:
        raise Invalid("The cover is a picture of the board. Add it to the board first.")
    places.touch(tx, board_id, cover_id=picture_id)


def archive(tx: Session, board_id: str, *, archived: bool = True, request_key: str) -> ActCard:
    """Out of sight, nothing is lost. Raises NotFound."""
    if (again := history.first(tx, request_key)) is not None:
        return again
    name = places.touch(tx, board_id, archived_at=func.clock_timestamp() if archived else None)
    said = f"Board “{name}” put in the archive." if archived else f"Board “{name}” taken out of the archive."
    return history.record(tx, "board-archive", request_key, said, 0, {"board": board_id, "to": archived})


def delete(tx: Session, board_id: str, *, request_key: str) -> ActCard:
    """The board goes, its pictures stay in the gallery. Raises NotFound."""
    if (again := history.first(tx, request_key)) is not None:
        return again
    name = places.touch(tx, board_id, deleted_at=func.clock_timestamp())
    return history.record(tx, "board-delete", request_key, f"Board “{name}” deleted.", 0, {"board": board_id})


def arrange(tx: Session, board_id: str, *, picture_ids: Sequence[str], before: str | None, request_key: str) -> ActCard:
    """Moves pictures, in the order given, in front of `before` (None: to the end). Raises NotFound, Invalid."""
    if (again := history.first(tx, request_key)) is not None:
        return again
    moving = list(dict.fromkeys(picture_ids))
    if not moving or before in moving:
        raise Invalid("Choose what to move, and another picture to put it in front of.")
    places.touch(tx, board_id)
    were = places.arrange(tx, board_id, moving, before)
    before_it = {"board": board_id, "places": were}
    return history.record(tx, "board-order", request_key, f"{pictures(len(moving))} moved.", len(moving), before_it)


def _taken(name: str) -> str:
    return f"There is a board called “{name}” already. Choose another name."
