"""Reading boards: one statement a list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from backend.boards.schemas import COUNT_TO, BoardCard
from backend.errors import NotFound
from backend.tables import Board, BoardPicture, Picture

MOST_BOARDS = 500


def page(tx: Session, *, archived: bool = False, take: int = MOST_BOARDS) -> list[BoardCard]:
    """Lately changed first. `archived`: those instead of the others."""
    query = _cards().where(
        Board.deleted_at.is_(None), Board.archived_at.isnot(None) if archived else Board.archived_at.is_(None)
    )
    return [_card(row) for row in tx.execute(query.order_by(Board.updated_at.desc(), Board.id.desc()).limit(take))]


def get(tx: Session, board_id: str) -> BoardCard:
    """Also a deleted one (`deleted_at` says so). Raises NotFound."""
    row = tx.execute(_cards().where(Board.id == board_id)).first()
    if row is None:
        raise NotFound("This board does not exist here. It may have been made in another workspace.")
    return _card(row)


def of_picture(tx: Session, picture_id: str) -> list[tuple[str, str]]:
    """(id, name) of the boards a picture is on."""
    query = select(Board.id, Board.name).join(BoardPicture, BoardPicture.board_id == Board.id)
    query = query.where(BoardPicture.picture_id == picture_id, Board.deleted_at.is_(None)).order_by(Board.name)
    return [(board_id, name) for board_id, name in tx.execute(query)]


def _cards() -> Select[Any]:
    live = (
        select(Picture.id, Picture.asset_id)
        .join(BoardPicture, BoardPicture.picture_id == Picture.id)
        .where(BoardPicture.board_id == Board.id, Picture.deleted_at.is_(None))
        .correlate(Board)
    )
    counted = live.with_only_columns(literal(1).label("one")).limit(COUNT_TO + 1).subquery()
    n = select(func.count()).select_from(counted).scalar_subquery()
    chosen_first = Picture.id != func.coalesce(Board.cover_id, "")
    firsts = live.with_only_columns(Picture.asset_id).order_by(chosen_first, BoardPicture.position, Picture.id).limit(4)
    return select(Board, n.label("n"), func.array(firsts.scalar_subquery()).label("covers"))


def _card(row: Any) -> BoardCard:
    board: Board = row[0]
    same = ("id", "name", "notes", "cover_id", "archived_at", "deleted_at", "created_at", "updated_at")
    return BoardCard(
        **{name: getattr(board, name) for name in same},
        covers=tuple(row.covers),
        count=min(row.n, COUNT_TO),
        more=row.n > COUNT_TO,
    )
