"""Reads boards, each list in one statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from backend.boards.schemas import COUNT_LIMIT, BoardCard
from backend.db.tables import Board, BoardPicture, Picture
from backend.errors import NotFound

MAX_BOARDS = 500


def page(tx: Session, *, archived: bool = False, take: int = MAX_BOARDS) -> list[BoardCard]:
    """At most `take` boards, last changed first. `archived`: only archived ones, else only the others."""
    query = _cards().where(
        Board.deleted_at.is_(None), Board.archived_at.isnot(None) if archived else Board.archived_at.is_(None)
    )
    return [_card(row) for row in tx.execute(query.order_by(Board.updated_at.desc(), Board.id.desc()).limit(take))]


def get(tx: Session, board_id: str) -> BoardCard:
    """A board, also a deleted one (`deleted_at` is set then). Raises NotFound."""
    row = tx.execute(_cards().where(Board.id == board_id)).first()
    if row is None:
        raise NotFound("This board does not exist here. It may have been made in another workspace.")
    return _card(row)


def boards_of_picture(tx: Session, picture_id: str) -> list[tuple[str, str]]:
    """(id, name) of the boards a picture is on."""
    query = select(Board.id, Board.name).join(BoardPicture, BoardPicture.board_id == Board.id)
    query = query.where(BoardPicture.picture_id == picture_id, Board.deleted_at.is_(None)).order_by(Board.name)
    return [(board_id, name) for board_id, name in tx.execute(query)]


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
