"""What is on a board, and in which order: positions with gaps, so that a move writes only what moves."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Text, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from backend.errors import NotFound
from backend.tables import Board, BoardPicture

STEP = 1 << 20
"""Between two neighbours: twenty moves to the same spot before a board is numbered anew."""
Places = list[tuple[str, int]]


def touch(tx: Session, board_id: str, **values: object) -> str:
    """Locks the board for the rest of `tx` and returns its name. Raises NotFound."""
    there = update(Board).where(Board.id == board_id, Board.deleted_at.is_(None)).returning(Board.name)
    name = tx.scalar(there.values(updated_at=func.clock_timestamp(), **values))
    if name is None:
        raise NotFound("This board does not exist here. It may have been deleted.")
    return name


def add(tx: Session, board_id: str, picture_ids: Sequence[str]) -> list[str]:
    """To the end, in this order; those that are there stay where they are. Returns the new ones."""
    if not picture_ids:
        return []
    last = tx.scalar(select(func.max(BoardPicture.position)).where(BoardPicture.board_id == board_id)) or 0
    rows = [{"board_id": board_id, "picture_id": one, "position": last + n * STEP} for n, one in enumerate(picture_ids, 1)]
    return list(tx.scalars(insert(BoardPicture).values(rows).on_conflict_do_nothing().returning(BoardPicture.picture_id)))


def restore(tx: Session, board_id: str, places: Places) -> None:
    """Back to where they were; what is on the board meanwhile is moved there."""
    if places:
        rows = [{"board_id": board_id, "picture_id": one, "position": place} for one, place in places]
        new = insert(BoardPicture).values(rows)
        tx.execute(
            new.on_conflict_do_update(
                index_elements=["tenant_id", "board_id", "picture_id"], set_={"position": new.excluded.position}
            )
        )


def remove(tx: Session, board_id: str, picture_ids: Sequence[str]) -> Places:
    """Returns where they were."""
    gone = delete(BoardPicture).where(BoardPicture.board_id == board_id, BoardPicture.picture_id.in_(picture_ids))
    return [(one, place) for one, place in tx.execute(gone.returning(BoardPicture.picture_id, BoardPicture.position))]


def arrange(tx: Session, board_id: str, moving: Sequence[str], before: str | None) -> Places:
    """Moves pictures in front of `before` (None: to the end); returns where they were. Raises NotFound."""
    low, high = _gap(tx, board_id, moving, before)
    if high is not None and high - low <= len(moving):
        _renumber(tx, board_id)
        low, high = _gap(tx, board_id, moving, before)
    mine = BoardPicture.board_id == board_id, BoardPicture.picture_id.in_(moving)
    were = [(one, place) for one, place in tx.execute(select(BoardPicture.picture_id, BoardPicture.position).where(*mine))]
    if len(were) < len(moving):
        raise NotFound("One of these pictures is not on the board any more. Open the board again.")
    step = STEP if high is None else (high - low) // (len(moving) + 1)
    put(tx, board_id, [(one, low + step * n) for n, one in enumerate(moving, 1)])
    return were


def put(tx: Session, board_id: str, places: Places) -> None:
    """New positions of pictures that are on the board; others are left out."""
    ids = bindparam("ids", [one for one, _ in places], ARRAY(Text))
    numbers = bindparam("numbers", [place for _, place in places], ARRAY(BigInteger))
    new = select(func.unnest(ids).label("one"), func.unnest(numbers).label("place")).subquery()
    moved = update(BoardPicture).where(BoardPicture.board_id == board_id, BoardPicture.picture_id == new.c.one)
    tx.execute(moved.values(position=new.c.place).execution_options(synchronize_session=False))


def _gap(tx: Session, board_id: str, moving: Sequence[str], before: str | None) -> tuple[int, int | None]:
    """The positions between which there is room; None: no end."""
    others = BoardPicture.board_id == board_id, BoardPicture.picture_id.not_in(moving)
    if before is None:
        return tx.scalar(select(func.max(BoardPicture.position)).where(*others)) or 0, None
    high = tx.scalar(select(BoardPicture.position).where(*others, BoardPicture.picture_id == before))
    if high is None:
        raise NotFound("The picture to put them in front of is not on the board any more. Open the board again.")
    low = tx.scalar(select(func.max(BoardPicture.position)).where(*others, BoardPicture.position < high))
    return (low if low is not None else high - STEP), high


def _renumber(tx: Session, board_id: str) -> None:
    order = func.row_number().over(order_by=(BoardPicture.position, BoardPicture.picture_id))
    new = select(BoardPicture.picture_id, (order * STEP).label("place")).where(BoardPicture.board_id == board_id).subquery()
    moved = update(BoardPicture).where(BoardPicture.board_id == board_id, BoardPicture.picture_id == new.c.picture_id)
    tx.execute(moved.values(position=new.c.place).execution_options(synchronize_session=False))
