"""Boards: pictures put together by hand. Each list is read in one statement; what is done to a board can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import Board, BoardPicture, Picture
from backend.errors import Conflict, Invalid, NotFound
from backend.gallery import board_order, undo_entries
from backend.gallery.schemas import COUNT_LIMIT, BoardCard, BoardDraft, UndoEntry
from backend.kit.ids import new_id
from backend.language import tr_lazy, tr_lazy_plural
from backend.undo import undoable

MAX_BOARDS = 500


def list_boards(tx: Session, *, archived: bool = False, take: int = MAX_BOARDS) -> list[BoardCard]:
    """At most `take` boards, last changed first. `archived`: only archived ones, else only the others."""
    query = _cards().where(
        Board.deleted_at.is_(None), Board.archived_at.isnot(None) if archived else Board.archived_at.is_(None)
    )
    return [_card(row) for row in tx.execute(query.order_by(Board.updated_at.desc(), Board.id.desc()).limit(take))]


def get_board(tx: Session, board_id: str) -> BoardCard:
    """A board, also a deleted one (`deleted_at` is set then). Raises NotFound."""
    row = tx.execute(_cards().where(Board.id == board_id)).first()
    if row is None:
        raise NotFound(tr_lazy("This board does not exist here. It may have been made in another workspace."))
    return _card(row)


def boards_of_picture(tx: Session, picture_id: str) -> list[tuple[str, str]]:
    """(id, name) of the boards a picture is on."""
    query = select(Board.id, Board.name).join(BoardPicture, BoardPicture.board_id == Board.id)
    query = query.where(BoardPicture.picture_id == picture_id, Board.deleted_at.is_(None)).order_by(Board.name)
    return [(board_id, name) for board_id, name in tx.execute(query)]


def create_board(tx: Session, *, draft: BoardDraft) -> BoardCard:
    """Creates a board. Raises Invalid (too many boards), Conflict (the name is taken)."""
    if (tx.scalar(select(func.count()).select_from(Board).where(Board.deleted_at.is_(None))) or 0) >= MAX_BOARDS:
        raise Invalid(
            tr_lazy("There are {max_boards} boards already. Delete one that is not needed any more.", max_boards=MAX_BOARDS)
        )
    row = {"id": new_id("brd"), "name": draft.name, "notes": draft.notes, "created_by": tx.info.get("user_id")}
    board_id = tx.scalar(insert(Board).values(row).on_conflict_do_nothing().returning(Board.id))
    if board_id is None:
        raise Conflict(_name_taken(draft.name))
    events.record(tx, "board.created", "board", board_id, {"name": draft.name})
    return get_board(tx, board_id)


@undoable("board.saved")
def edit_board(tx: Session, board_id: str, *, draft: BoardDraft) -> BoardCard:
    """Changes name and notes. Raises NotFound, Conflict (the name is taken)."""
    same_name = select(Board.id).where(Board.name == draft.name, Board.id != board_id, Board.deleted_at.is_(None))
    if tx.scalar(same_name) is not None:
        raise Conflict(_name_taken(draft.name))
    board_order.lock_board(tx, board_id, name=draft.name, notes=draft.notes)
    events.record(tx, "board.saved", "board", board_id, {"name": draft.name})
    return get_board(tx, board_id)


@undoable("board.cover")
def set_board_cover(tx: Session, board_id: str, picture_id: str | None) -> None:
    """Sets the cover; None: the board's first picture. Raises NotFound, Invalid (not on the board)."""
    position = select(BoardPicture.position).where(BoardPicture.board_id == board_id, BoardPicture.picture_id == picture_id)
    if picture_id is not None and tx.scalar(position) is None:
        raise Invalid(tr_lazy("The cover is a picture of the board. Add it to the board first."))
    name = board_order.lock_board(tx, board_id, cover_id=picture_id)
    events.record(tx, "board.cover_chosen", "board", board_id, {"name": name})


def archive_board(tx: Session, board_id: str, *, archived: bool = True, request_key: str) -> UndoEntry:
    """Archives a board, or takes it out of the archive. Raises NotFound."""
    if (earlier := undo_entries.find_by_key(tx, request_key)) is not None:
        return earlier
    name = board_order.lock_board(tx, board_id, archived_at=func.clock_timestamp() if archived else None)
    sentence = (
        tr_lazy("Board “{name}” put in the archive.", name=name)
        if archived
        else tr_lazy("Board “{name}” taken out of the archive.", name=name)
    )
    return undo_entries.record(tx, "board-archive", request_key, sentence, 0, {"board": board_id, "to": archived})


def delete_board(tx: Session, board_id: str, *, request_key: str) -> UndoEntry:
    """Deletes a board; its pictures stay in the gallery. Raises NotFound."""
    if (earlier := undo_entries.find_by_key(tx, request_key)) is not None:
        return earlier
    name = board_order.lock_board(tx, board_id, deleted_at=func.clock_timestamp())
    return undo_entries.record(
        tx, "board-delete", request_key, tr_lazy("Board “{name}” deleted.", name=name), 0, {"board": board_id}
    )


def undelete_boards(tx: Session, board_ids: Sequence[str]) -> None:
    """Brings boards back with their pictures. Raises NotFound (gone for good), Conflict (another board has the name)."""
    for board_id in board_ids:
        board = tx.scalars(select(Board).where(Board.id == board_id).with_for_update()).one_or_none()
        if board is None:
            raise NotFound(tr_lazy("This board was deleted for good. Make a new one."))
        same_name = select(Board.id).where(Board.name == board.name, Board.id != board_id, Board.deleted_at.is_(None))
        if tx.scalar(same_name) is not None:
            raise Conflict(
                tr_lazy("Meanwhile another board is called “{name}”. Rename that one first, then try again.", name=board.name)
            )
        board.deleted_at = None
        tx.flush()
        events.record(tx, "board.restored", "board", board_id)


def erase_boards(tx: Session, board_ids: Sequence[str]) -> int:
    """Deletes boards of the trash for good; their pictures stay in the gallery. Others are left alone. Returns how many."""
    erasing = delete(Board).where(Board.id.in_(board_ids), Board.deleted_at.is_not(None)).returning(Board.id)
    erased = list(tx.scalars(erasing))
    if erased:
        events.record(tx, "boards.erased", "board", erased[0], {"ids": erased})
    return len(erased)


def arrange_board(tx: Session, board_id: str, *, picture_ids: Sequence[str], before: str | None, request_key: str) -> UndoEntry:
    """Moves pictures, in the order given, in front of `before` (None: to the end). Raises NotFound, Invalid."""
    if (earlier := undo_entries.find_by_key(tx, request_key)) is not None:
        return earlier
    moving = list(dict.fromkeys(picture_ids))
    if not moving or before in moving:
        raise Invalid(tr_lazy("Choose what to move, and another picture to put it in front of."))
    board_order.lock_board(tx, board_id)
    positions = board_order.arrange(tx, board_id, moving, before)
    undo_data = {"board": board_id, "places": positions}
    sentence = tr_lazy_plural("{n:,} picture moved.", "{n:,} pictures moved.", len(moving))
    return undo_entries.record(tx, "board-order", request_key, sentence, len(moving), undo_data)


def _name_taken(name: str) -> str:
    return tr_lazy("There is a board called “{name}” already. Choose another name.", name=name)


def _cards() -> Select[Any]:
    """Board, number of pictures (counted to COUNT_LIMIT + 1), and up to four asset ids for its cover."""
    on_board = (
        select(Picture.id, Picture.asset_id)
        .join(BoardPicture, BoardPicture.picture_id == Picture.id)
        .where(BoardPicture.board_id == Board.id, Picture.deleted_at.is_(None))
        .correlate(Board)
    )
    counted = on_board.with_only_columns(literal(1).label("one")).limit(COUNT_LIMIT + 1).subquery()
    n = select(func.count()).select_from(counted).scalar_subquery()
    is_not_cover = Picture.id != func.coalesce(Board.cover_id, "")  # false sorts first
    covers = on_board.with_only_columns(Picture.asset_id).order_by(is_not_cover, BoardPicture.position, Picture.id).limit(4)
    return select(Board, n.label("n"), func.array(covers.scalar_subquery()).label("covers"))


def _card(row: Any) -> BoardCard:
    board: Board = row[0]
    copied = ("id", "name", "notes", "cover_id", "archived_at", "deleted_at", "created_at", "updated_at")
    return BoardCard(
        **{name: getattr(board, name) for name in copied},
        covers=tuple(row.covers),
        count=min(row.n, COUNT_LIMIT),
        more=row.n > COUNT_LIMIT,
    )
