"""The verbs of boards: create, edit, set the cover, archive, delete, arrange."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.boards import history, ordering
from backend.boards.phrases import pictures
from backend.boards.queries import MAX_BOARDS, get
from backend.boards.schemas import BoardCard, BoardDraft, UndoEntry
from backend.db.tables import Board, BoardPicture
from backend.errors import Conflict, Invalid
from backend.kit.ids import new_id


def create(tx: Session, *, draft: BoardDraft) -> BoardCard:
    """Creates a board. Raises Invalid (too many boards), Conflict (the name is taken)."""
    if (tx.scalar(select(func.count()).select_from(Board).where(Board.deleted_at.is_(None))) or 0) >= MAX_BOARDS:
        raise Invalid(f"There are {MAX_BOARDS} boards already. Delete one that is not needed any more.")
    row = {"id": new_id("brd"), "name": draft.name, "notes": draft.notes, "created_by": tx.info.get("user_id")}
    board_id = tx.scalar(insert(Board).values(row).on_conflict_do_nothing().returning(Board.id))
    if board_id is None:
        raise Conflict(_name_taken(draft.name))
    return get(tx, board_id)


def edit(tx: Session, board_id: str, *, draft: BoardDraft) -> BoardCard:
    """Changes name and notes. Raises NotFound, Conflict (the name is taken)."""
    same_name = select(Board.id).where(Board.name == draft.name, Board.id != board_id, Board.deleted_at.is_(None))
    if tx.scalar(same_name) is not None:
        raise Conflict(_name_taken(draft.name))
    ordering.lock_board(tx, board_id, name=draft.name, notes=draft.notes)
    return get(tx, board_id)


def set_cover(tx: Session, board_id: str, picture_id: str | None) -> None:
    """Sets the cover; None: the board's first picture. Raises NotFound, Invalid (not on the board)."""
    position = select(BoardPicture.position).where(BoardPicture.board_id == board_id, BoardPicture.picture_id == picture_id)
    if picture_id and tx.scalar(position) is None:
        raise Invalid("The cover is a picture of the board. Add it to the board first.")
    ordering.lock_board(tx, board_id, cover_id=picture_id)


def archive(tx: Session, board_id: str, *, archived: bool = True, request_key: str) -> UndoEntry:
    """Archives a board, or takes it out of the archive. Raises NotFound."""
    if (earlier := history.find_by_key(tx, request_key)) is not None:
        return earlier
    name = ordering.lock_board(tx, board_id, archived_at=func.clock_timestamp() if archived else None)
    sentence = f"Board “{name}” put in the archive." if archived else f"Board “{name}” taken out of the archive."
    return history.record(tx, "board-archive", request_key, sentence, 0, {"board": board_id, "to": archived})


def delete(tx: Session, board_id: str, *, request_key: str) -> UndoEntry:
    """Deletes a board; its pictures stay in the gallery. Raises NotFound."""
    if (earlier := history.find_by_key(tx, request_key)) is not None:
        return earlier
    name = ordering.lock_board(tx, board_id, deleted_at=func.clock_timestamp())
    return history.record(tx, "board-delete", request_key, f"Board “{name}” deleted.", 0, {"board": board_id})


def arrange(tx: Session, board_id: str, *, picture_ids: Sequence[str], before: str | None, request_key: str) -> UndoEntry:
    """Moves pictures, in the order given, in front of `before` (None: to the end). Raises NotFound, Invalid."""
    if (earlier := history.find_by_key(tx, request_key)) is not None:
        return earlier
    moving = list(dict.fromkeys(picture_ids))
    if not moving or before in moving:
        raise Invalid("Choose what to move, and another picture to put it in front of.")
    ordering.lock_board(tx, board_id)
    positions = ordering.arrange(tx, board_id, moving, before)
    undo_data = {"board": board_id, "places": positions}
    return history.record(tx, "board-order", request_key, f"{pictures(len(moving))} moved.", len(moving), undo_data)


def _name_taken(name: str) -> str:
    return f"There is a board called “{name}” already. Choose another name."
