"""The pictures of a board and their order: positions with gaps, so that a move writes only the rows that move."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Text, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from backend.db.tables import Board, BoardPicture
from backend.errors import NotFound
from backend.language import tr_lazy

STEP = 1 << 20
"""Distance between two neighbours: about twenty moves to the same place fit before a board is renumbered."""
Positions = list[tuple[str, int]]


def lock_board(tx: Session, board_id: str, **values: object) -> str:
    """Locks the board until `tx` ends, sets `values` and `updated_at`, and returns its name. Raises NotFound."""
    board = update(Board).where(Board.id == board_id, Board.deleted_at.is_(None)).returning(Board.name)
    name = tx.scalar(board.values(updated_at=func.clock_timestamp(), **values))
    if name is None:
        raise NotFound(tr_lazy("This board does not exist here. It may have been deleted."))
    return name


def add(tx: Session, board_id: str, picture_ids: Sequence[str]) -> list[str]:
    """Appends pictures in this order; those that are on the board already stay where they are. Returns the ids of the new
    ones."""
    if not picture_ids:
        return []
    last = tx.scalar(select(func.max(BoardPicture.position)).where(BoardPicture.board_id == board_id)) or 0
    rows = [
        {"board_id": board_id, "picture_id": picture_id, "position": last + n * STEP}
        for n, picture_id in enumerate(picture_ids, 1)
    ]
    return list(tx.scalars(insert(BoardPicture).values(rows).on_conflict_do_nothing().returning(BoardPicture.picture_id)))


def restore(tx: Session, board_id: str, positions: Positions) -> None:
    """Puts pictures at these positions, also those that are on the board elsewhere."""
    if positions:
        rows = [{"board_id": board_id, "picture_id": picture_id, "position": position} for picture_id, position in positions]
        inserted = insert(BoardPicture).values(rows)
        tx.execute(
            inserted.on_conflict_do_update(
                index_elements=["tenant_id", "board_id", "picture_id"], set_={"position": inserted.excluded.position}
            )
        )


def remove(tx: Session, board_id: str, picture_ids: Sequence[str]) -> Positions:
    """Takes pictures off the board. Returns the positions they had."""
    removed = delete(BoardPicture).where(BoardPicture.board_id == board_id, BoardPicture.picture_id.in_(picture_ids))
    rows = tx.execute(removed.returning(BoardPicture.picture_id, BoardPicture.position))
    return [(picture_id, position) for picture_id, position in rows]


def arrange(tx: Session, board_id: str, moving: Sequence[str], before: str | None) -> Positions:
    """Moves pictures in front of `before` (None: to the end). Returns the positions they had. Raises NotFound."""
    low, high = _free_range(tx, board_id, moving, before)
    if high is not None and high - low <= len(moving):
        _renumber(tx, board_id)
        low, high = _free_range(tx, board_id, moving, before)
    is_moving = BoardPicture.board_id == board_id, BoardPicture.picture_id.in_(moving)
    rows = tx.execute(select(BoardPicture.picture_id, BoardPicture.position).where(*is_moving))
    old_positions = [(picture_id, position) for picture_id, position in rows]
    if len(old_positions) < len(moving):
        raise NotFound(tr_lazy("One of these pictures is not on the board any more. Open the board again."))
    step = STEP if high is None else (high - low) // (len(moving) + 1)
    set_positions(tx, board_id, [(picture_id, low + step * n) for n, picture_id in enumerate(moving, 1)])
    return old_positions


def set_positions(tx: Session, board_id: str, positions: Positions) -> None:
    """Sets the positions of pictures that are on the board; others are ignored."""
    ids = bindparam("ids", [picture_id for picture_id, _ in positions], ARRAY(Text))
    numbers = bindparam("numbers", [position for _, position in positions], ARRAY(BigInteger))
    new = select(func.unnest(ids).label("picture_id"), func.unnest(numbers).label("position")).subquery()
    moved = update(BoardPicture).where(BoardPicture.board_id == board_id, BoardPicture.picture_id == new.c.picture_id)
    tx.execute(moved.values(position=new.c.position).execution_options(synchronize_session=False))


def _free_range(tx: Session, board_id: str, moving: Sequence[str], before: str | None) -> tuple[int, int | None]:
    """(low, high): new positions must lie between the two; high None: there is no upper bound. Raises NotFound."""
    others = BoardPicture.board_id == board_id, BoardPicture.picture_id.not_in(moving)
    if before is None:
        return tx.scalar(select(func.max(BoardPicture.position)).where(*others)) or 0, None
    high = tx.scalar(select(BoardPicture.position).where(*others, BoardPicture.picture_id == before))
    if high is None:
        raise NotFound(tr_lazy("The picture to put them in front of is not on the board any more. Open the board again."))
    low = tx.scalar(select(func.max(BoardPicture.position)).where(*others, BoardPicture.position < high))
    return (low if low is not None else high - STEP), high


def _renumber(tx: Session, board_id: str) -> None:
    """Numbers the board's pictures anew in multiples of STEP."""
    order = func.row_number().over(order_by=(BoardPicture.position, BoardPicture.picture_id))
    new = select(BoardPicture.picture_id, (order * STEP).label("position")).where(BoardPicture.board_id == board_id).subquery()
    moved = update(BoardPicture).where(BoardPicture.board_id == board_id, BoardPicture.picture_id == new.c.picture_id)
    tx.execute(moved.values(position=new.c.position).execution_options(synchronize_session=False))
