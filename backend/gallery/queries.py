"""Reads the gallery at any size: every page is one indexed keyset query, every count stops at a limit.

The ids come from one SQL function, `find_pictures` (`backend/db/migrations/gallery.py`); rows are read under row-level security
like everything else.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, Text, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from backend import generation, loras
from backend.db.tables import Board, BoardPicture, Influencer, Picture
from backend.db.transactions import Database, Member
from backend.errors import Invalid, NotFound
from backend.gallery.schemas import TILE_COLUMNS, Count, GalleryFilters, GalleryPage, TileCard, TilePage
from backend.gallery.search import GallerySearch, parse_search
from backend.kit.ids import first_id
from backend.language import joined, tr_lazy

COUNT_TO = 10_000
MAX_PAGE_SIZE = 200
"""Pictures a page."""
_ON_BOARD = ("board", "board-last")
_ORDERED_BY_NUMBER = (*_ON_BOARD, "best", "best-last")
"""Orders whose cursor is `number:id`: the position on the board, the stars."""
_DESCENDING = ("newest", "best", "board-last")
_REVERSED_ORDER = {"newest": "oldest", "oldest": "newest", "board": "board-last", "best": "best-last"}


def tiles(tx: Session, *, filters: GalleryFilters, cursor: str | None = None, take: int = 60) -> TilePage:
    """One page of tiles. `cursor`: the last page's `next_cursor`. Raises Invalid, NotFound."""
    matches = _find_pictures(_resolved_query(tx, filters), cursor, min(take, MAX_PAGE_SIZE) + 1)
    query = select(*(getattr(Picture, name) for name in TILE_COLUMNS), matches.c.place).join(
        matches, matches.c.picture_id == Picture.id
    )
    rows = tx.execute(_ordered(query, filters.order, matches)).all()
    cards = [TileCard(*row[:-1]) for row in rows[:take]]
    return TilePage(cards, _cursor(filters.order, rows[take - 1]) if len(rows) > take else None)


def read_tiles(db: Database, caller: Member, *, filters: GalleryFilters, cursor: str | None = None, take: int = 60) -> TilePage:
    """As `tiles`, with a transaction of its own in one round trip, for pages that poll. Names in the search (LoRA, board,
    influencer) have to be looked up first, in a transaction of several statements.
    """
    search, take = parse_search(filters.text), min(take, MAX_PAGE_SIZE)
    if search.lora or search.board or search.influencer:
        return db.read_list(caller, lambda tx: tiles(tx, filters=filters, cursor=cursor, take=take))
    values = _query_values(filters, search, lora=filters.lora_id, board=filters.board_id, influencer_id=filters.influencer_id)
    rows = db.read_rows(caller, (_page_query(filters.order), {"want": values, "after": cursor, "take": take + 1}))
    cards = [TileCard(*row[:-1]) for row in rows[:take]]
    return TilePage(cards, _cursor(filters.order, rows[take - 1]) if len(rows) > take else None)


@cache
def _page_query(order: str) -> Select[Any]:
    """The statement of `read_tiles`, cached: building it costs more than running it."""
    function_call = func.find_pictures(
        bindparam("want", type_=JSONB), bindparam("after", type_=Text), bindparam("take", type_=Integer)
    )
    matches = function_call.table_valued(column("picture_id"), column("place", BigInteger), name="found")
    query = select(*(getattr(Picture, name) for name in TILE_COLUMNS), matches.c.place).join(
        matches, matches.c.picture_id == Picture.id
    )
    return _ordered(query, order, matches)


def count(tx: Session, *, filters: GalleryFilters, most: int = COUNT_TO) -> Count:
    """How many pictures match; above `most` only that there are more."""
    matches = _find_pictures({**_resolved_query(tx, filters), "order": "none"}, None, most + 1)
    n = tx.scalar(select(func.count()).select_from(matches)) or 0
    return Count(min(n, most), more=n > most)


def matching_ids(tx: Session, *, filters: GalleryFilters, most: int) -> list[str]:
    """Ids of the first `most` matching pictures, in the gallery's order."""
    matches = _find_pictures(_resolved_query(tx, filters), None, most)
    return list(tx.scalars(select(matches.c.picture_id)))


def neighbours(tx: Session, picture_id: str, *, filters: GalleryFilters) -> tuple[TileCard | None, TileCard | None]:
    """The pictures before and after this one in the same list; None at an end. Raises NotFound."""
    at = _cursor_at(tx, picture_id, filters)
    after = tiles(tx, filters=filters, cursor=at, take=1).tiles
    before = tiles(tx, filters=replace(filters, order=_REVERSED_ORDER[filters.order]), cursor=at, take=1).tiles
    return before[0] if before else None, after[0] if after else None


def page(tx: Session, *, filters: GalleryFilters | None = None, cursor: str | None = None, take: int = 60) -> GalleryPage:
    """A page of whole cards, newest first; tiles are cheaper for many. `total` counts matches, up to COUNT_TO."""
    filters = replace(filters or GalleryFilters(), order="newest")
    matches = _find_pictures(_resolved_query(tx, filters), cursor, take + 1)
    query = generation.select_cards().add_columns(matches.c.place).join(matches, matches.c.picture_id == Picture.id)
    rows = tx.execute(_ordered(query, filters.order, matches)).all()
    cards = [generation.to_card(*row[:-1]) for row in rows[:take]]
    if len(rows) <= take:
        return GalleryPage(cards, None, len(cards) if cursor is None else count(tx, filters=filters).n)
    return GalleryPage(cards, cards[-1].id, count(tx, filters=filters).n)


def tile(tx: Session, picture_id: str) -> TileCard:
    """Raises NotFound."""
    row = tx.execute(select(*(getattr(Picture, name) for name in TILE_COLUMNS)).where(Picture.id == picture_id)).first()
    if row is None:
        raise NotFound(tr_lazy("This picture does not exist here. It may have been made in another workspace."))
    return TileCard(*row)


def _resolved_query(tx: Session, filters: GalleryFilters) -> dict[str, Any]:
    """The filters as values for `find_pictures`, with names resolved to ids. Raises Invalid for an unknown name."""
    search = parse_search(filters.text)
    lora = loras.by_name(tx, search.lora).id if search.lora else filters.lora_id
    board = _board(tx, search.board) if search.board else filters.board_id
    influencer_id = _influencer(tx, search.influencer) if search.influencer else filters.influencer_id
    return _query_values(filters, search, lora=lora, board=board, influencer_id=influencer_id)


def _query_values(
    filters: GalleryFilters, search: GallerySearch, *, lora: str | None, board: str | None, influencer_id: str | None
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "words": search.words,
        "phrases": search.phrases,
        "without": search.without,
        "order": filters.order,
    }
    stars = search.stars or ((filters.min_rating, 5) if filters.min_rating else None)
    optional = {
        "who": influencer_id,
        "lora": lora,
        "board": board,
        "model": search.model,
        "shape": search.shape or filters.shape,
        "source": search.source or filters.source,
        "seed": search.seed,
        "stars": stars,
        "favourite": search.favourite or filters.favourite or None,
        "gate": filters.gate,
        "from": _first_id_of_day(search.date_from or filters.date_from),
        "until": _first_id_of_day(search.date_to or filters.date_to, days=1),
    }
    values |= {key: value for key, value in optional.items() if value is not None and value != ""}
    if filters.order in _ON_BOARD and "board" not in values:
        raise Invalid(tr_lazy("Pictures have an order of their own only on a board. Choose one, or sort by newest."))
    return values


def _first_id_of_day(day: date | None, *, days: int = 0) -> str | None:
    """The first id a picture made on `day` (UTC) could have, `days` later: ids are ordered by the time they were made."""
    if day is None:
        return None
    later = timedelta(days=days)
    return first_id("pic", datetime.combine(min(day, date.max - later) + later, time(), UTC))


def _influencer(tx: Session, name: str) -> str:
    rows = tx.execute(select(Influencer.id, Influencer.name)).all()
    for row in rows:
        if row.name.lower() == name.lower():
            return str(row.id)
    listed = ", ".join(sorted(row.name for row in rows)[:5])
    raise Invalid(
        joined(
            tr_lazy("There is no influencer called “{name}”.", name=name[:60]),
            tr_lazy("There are: {names}.", names=listed) if listed else "",
        )
    )


def _board(tx: Session, name: str) -> str:
    board_id = tx.scalar(select(Board.id).where(func.lower(Board.name) == name.lower(), Board.deleted_at.is_(None)))
    if board_id is None:
        raise Invalid(tr_lazy("There is no board called “{name}”. See the list of boards.", name=name[:60]))
    return str(board_id)


def _find_pictures(values: dict[str, Any], cursor: str | None, take: int) -> Any:
    function_call = func.find_pictures(bindparam("want", values, JSONB, unique=True), cursor, take)
    return function_call.table_valued(column("picture_id"), column("place", BigInteger), name="found")


def _ordered(query: Select[Any], order: str, matches: Any) -> Select[Any]:
    """Sorts again after the join, which does not keep the function's order."""
    columns = (matches.c.place, Picture.id) if order in _ORDERED_BY_NUMBER else (Picture.id,)
    return query.order_by(*(column.desc() if order in _DESCENDING else column for column in columns))


def _cursor(order: str, row: Any) -> str:
    return f"{row.place}:{row.id}" if order in _ORDERED_BY_NUMBER else str(row.id)


def _cursor_at(tx: Session, picture_id: str, filters: GalleryFilters) -> str:
    """The cursor that a page ending with this picture would have."""
    if filters.order != "board":
        current = tile(tx, picture_id)
        return f"{current.rating}:{current.id}" if filters.order == "best" else current.id
    position_of_picture = BoardPicture.board_id == _resolved_query(tx, filters)["board"], BoardPicture.picture_id == picture_id
    position = tx.scalar(select(BoardPicture.position).where(*position_of_picture))
    if position is None:
        raise NotFound(tr_lazy("This picture is not on this board any more. Open the board again."))
    return f"{position}:{picture_id}"
