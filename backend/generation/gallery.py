"""The gallery, however many pictures it has: every page is one indexed look-up by keyset, every count stops at a limit.

Which pictures is asked of one reviewed function (`backend/db/migrations/gallery.py`); what they are is read under row-level
security as everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, Text, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Session

from backend import loras
from backend.db.tables import Asset, Board, BoardPicture, Generation, Influencer, Picture
from backend.db.transactions import Database, SignedIn
from backend.errors import Invalid, NotFound
from backend.generation.recipe import ImageOverrides, Recipe
from backend.generation.schemas import Count, GalleryFilters, GalleryPage, PictureCard, TileCard, TilePage
from backend.generation.search import Search, parse
from backend.kit.ids import first_id

COUNT_TO = 10_000
MOST = 200
"""Pictures a page."""
_ON_BOARD = ("board", "board-last")
_PLACED = (*_ON_BOARD, "best", "best-last")
"""Orders by a number of their own: the place on the board, the stars."""
_DOWN = ("newest", "best", "board-last")
_BACKWARDS = {"newest": "oldest", "oldest": "newest", "board": "board-last", "best": "best-last"}
_GONE = "This picture does not exist here. It may have been made in another workspace."
_SAME = (
    "id", "generation_id", "n", "asset_id", "influencer_id", "seed", "prompt", "rating", "created_at", "deleted_at",
    "favourite", "source", "origin", "dhash", "identity_score", "identity_line", "gate",
)  # fmt: skip
_TILE = ("id", "asset_id", "prompt", "rating", "favourite", "seed", "shape", "source", "influencer_id", "created_at",
         "identity_score", "identity_line", "gate")  # fmt: skip


def tiles(tx: Session, *, filters: GalleryFilters, cursor: str | None = None, take: int = 60) -> TilePage:
    """What a grid needs of one page. `cursor`: the last page's `next_cursor`. Raises Invalid, NotFound."""
    found = _found(_wanted(tx, filters), cursor, min(take, MOST) + 1)
    query = select(*(getattr(Picture, name) for name in _TILE), found.c.place).join(found, found.c.picture_id == Picture.id)
    rows = tx.execute(_sorted(query, filters.order, found)).all()
    cards = [TileCard(*row[:-1]) for row in rows[:take]]
    return TilePage(cards, _cursor(filters.order, rows[take - 1]) if len(rows) > take else None)


def glance(db: Database, caller: SignedIn, *, filters: GalleryFilters, cursor: str | None = None, take: int = 60) -> TilePage:
    """As `tiles`, in one trip, which is what pages ask all the time; names in the search are looked up first."""
    said, take = parse(filters.text), min(take, MOST)
    if said.lora or said.board or said.influencer:
        with db.transaction(caller) as tx:
            return tiles(tx, filters=filters, cursor=cursor, take=take)
    want = _want(filters, said, lora=filters.lora_id, board=filters.board_id, who=filters.influencer_id)
    rows = db.read_once(caller, (_page(filters.order), {"want": want, "after": cursor, "take": take + 1}))
    cards = [TileCard(*row[:-1]) for row in rows[:take]]
    return TilePage(cards, _cursor(filters.order, rows[take - 1]) if len(rows) > take else None)


@cache
def _page(order: str) -> Select[Any]:
    """Made once each: what a statement costs to make is more than what it costs to run."""
    asked = func.find_pictures(bindparam("want", type_=JSONB), bindparam("after", type_=Text), bindparam("take", type_=Integer))
    found = asked.table_valued(column("picture_id"), column("place", BigInteger), name="found")
    query = select(*(getattr(Picture, name) for name in _TILE), found.c.place).join(found, found.c.picture_id == Picture.id)
    return _sorted(query, order, found)


def count(tx: Session, *, filters: GalleryFilters, most: int = COUNT_TO) -> Count:
    """How many the filters leave; from `most` on only that there are more."""
    found = _found({**_wanted(tx, filters), "order": "none"}, None, most + 1)
    n = tx.scalar(select(func.count()).select_from(found)) or 0
    return Count(min(n, most), more=n > most)


def ids(tx: Session, *, filters: GalleryFilters, most: int) -> list[str]:
    """The first `most` of what the filters leave, as the grid shows them."""
    found = _found(_wanted(tx, filters), None, most)
    return list(tx.scalars(select(found.c.picture_id)))


def around(tx: Session, picture_id: str, *, filters: GalleryFilters) -> tuple[TileCard | None, TileCard | None]:
    """The pictures before and after this one in the same list. Raises NotFound."""
    at = _place(tx, picture_id, filters)
    after = tiles(tx, filters=filters, cursor=at, take=1).tiles
    before = tiles(tx, filters=replace(filters, order=_BACKWARDS[filters.order]), cursor=at, take=1).tiles
    return before[0] if before else None, after[0] if after else None


def similar(tx: Session, picture_id: str, *, most: int = 12, take: int = 60) -> list[tuple[TileCard, int]]:
    """Pictures that look alike, each with how many of 64 bits differ, closest first. `look` at it before.

    Raises NotFound, Invalid.
    """
    row = tx.execute(select(Picture.dhash, Picture.bands).where(Picture.id == picture_id)).first()
    if row is None:
        raise NotFound(_GONE)
    if row.dhash is None:
        raise Invalid("This picture has not been looked at yet. Ask again in a moment.")
    bands = bindparam("bands", row.bands, ARRAY(Integer))
    found = func.similar_pictures(row.dhash, bands, most, take + 1).table_valued(
        column("picture_id"), column("distance", Integer)
    )
    query = select(*(getattr(Picture, name) for name in _TILE), found.c.distance)
    query = query.join(found, found.c.picture_id == Picture.id).where(Picture.id != picture_id)
    rows = tx.execute(query.order_by(found.c.distance, Picture.id.desc()).limit(take))
    return [(TileCard(*one[:-1]), one.distance) for one in rows]


def gallery(tx: Session, *, filters: GalleryFilters | None = None, cursor: str | None = None, take: int = 60) -> GalleryPage:
    """Whole cards, newest first, for few. `total` counts what the filters leave, up to COUNT_TO."""
    filters = replace(filters or GalleryFilters(), order="newest")
    found = _found(_wanted(tx, filters), cursor, take + 1)
    query = _cards().add_columns(found.c.place).join(found, found.c.picture_id == Picture.id)
    rows = tx.execute(_sorted(query, filters.order, found)).all()
    cards = [_card(*row[:-1]) for row in rows[:take]]
    if len(rows) <= take:
        return GalleryPage(cards, None, len(cards) if cursor is None else count(tx, filters=filters).n)
    return GalleryPage(cards, cards[-1].id, count(tx, filters=filters).n)


def picture(tx: Session, picture_id: str) -> PictureCard:
    """Also one that was deleted (`deleted_at` says so). Raises NotFound."""
    row = tx.execute(_cards().where(Picture.id == picture_id)).first()
    if row is None:
        raise NotFound(_GONE)
    return _card(*row)


def tile(tx: Session, picture_id: str) -> TileCard:
    """Raises NotFound."""
    row = tx.execute(select(*(getattr(Picture, name) for name in _TILE)).where(Picture.id == picture_id)).first()
    if row is None:
        raise NotFound(_GONE)
    return TileCard(*row)


def pictures(tx: Session, picture_ids: Sequence[str]) -> list[PictureCard]:
    """Those that are there, in the order asked for."""
    rows = {row[0].id: row for row in tx.execute(_cards().where(Picture.id.in_(picture_ids), Picture.deleted_at.is_(None)))}
    return [_card(*rows[one]) for one in picture_ids if one in rows]


def pictures_of(tx: Session, generation_id: str) -> list[PictureCard]:
    """Those that are there, in order of their seeds."""
    query = _cards().where(Picture.generation_id == generation_id, Picture.deleted_at.is_(None)).order_by(Picture.n)
    return [_card(*row) for row in tx.execute(query)]


def shape_of(width: int, height: int) -> str:
    return "landscape" if width > height else "portrait" if width < height else "square"


def _wanted(tx: Session, filters: GalleryFilters) -> dict[str, Any]:
    """The filters as values for `find_pictures`. Names become ids here; a name of nothing is said."""
    said = parse(filters.text)
    lora = loras.by_name(tx, said.lora).id if said.lora else filters.lora_id
    board = _board(tx, said.board) if said.board else filters.board_id
    who = _influencer(tx, said.influencer) if said.influencer else filters.influencer_id
    return _want(filters, said, lora=lora, board=board, who=who)


def _want(filters: GalleryFilters, said: Search, *, lora: str | None, board: str | None, who: str | None) -> dict[str, Any]:
    want: dict[str, Any] = {"words": said.words, "phrases": said.phrases, "without": said.without, "order": filters.order}
    stars = said.stars or ((filters.min_rating, 5) if filters.min_rating else None)
    more = {
        "who": who, "lora": lora, "board": board, "model": said.model, "shape": said.shape or filters.shape,
        "source": said.source or filters.source, "seed": said.seed, "stars": stars,
        "favourite": said.favourite or filters.favourite or None, "gate": filters.gate,
        "from": _first(said.date_from or filters.date_from), "until": _first(said.date_to or filters.date_to, days=1),
    }  # fmt: skip
    want |= {key: value for key, value in more.items() if value is not None and value != ""}
    if filters.order in _ON_BOARD and "board" not in want:
        raise Invalid("Pictures have an order of their own only on a board. Choose one, or sort by newest.")
    return want


def _first(day: date | None, *, days: int = 0) -> str | None:
    """Ids carry the time they were made: a day in UTC is where its first id would stand."""
    if day is None:
        return None
    later = timedelta(days=days)
    return first_id("pic", datetime.combine(min(day, date.max - later) + later, time(), UTC))


def _influencer(tx: Session, name: str) -> str:
    known = tx.execute(select(Influencer.id, Influencer.name)).all()
    for one in known:
        if one.name.lower() == name.lower():
            return str(one.id)
    listed = ", ".join(sorted(one.name for one in known)[:5])
    raise Invalid(f"There is no influencer called “{name[:60]}”." + (f" There are: {listed}." if listed else ""))


def _board(tx: Session, name: str) -> str:
    found = tx.scalar(select(Board.id).where(func.lower(Board.name) == name.lower(), Board.deleted_at.is_(None)))
    if found is None:
        raise Invalid(f"There is no board called “{name[:60]}”. Look at the list of boards.")
    return str(found)


def _found(want: dict[str, Any], cursor: str | None, take: int) -> Any:
    asked = func.find_pictures(bindparam("want", want, JSONB, unique=True), cursor, take)
    return asked.table_valued(column("picture_id"), column("place", BigInteger), name="found")


def _sorted(query: Select[Any], order: str, found: Any) -> Select[Any]:
    """A join forgets the order of what it joins."""
    columns = (found.c.place, Picture.id) if order in _PLACED else (Picture.id,)
    return query.order_by(*(one.desc() if order in _DOWN else one for one in columns))


def _cursor(order: str, row: Any) -> str:
    return f"{row.place}:{row.id}" if order in _PLACED else str(row.id)


def _place(tx: Session, picture_id: str, filters: GalleryFilters) -> str:
    """The cursor that stands on this picture."""
    if filters.order != "board":
        one = tile(tx, picture_id)
        return f"{one.rating}:{one.id}" if filters.order == "best" else one.id
    mine = BoardPicture.board_id == _wanted(tx, filters)["board"], BoardPicture.picture_id == picture_id
    position = tx.scalar(select(BoardPicture.position).where(*mine))
    if position is None:
        raise NotFound("This picture is not on this board any more. Open the board again.")
    return f"{position}:{picture_id}"


def _cards() -> Select[Any]:
    query = select(Picture, Asset.width, Asset.height, Generation.recipe, Influencer.name)
    query = query.join(Asset, Asset.id == Picture.asset_id).join(Generation, Generation.id == Picture.generation_id)
    return query.outerjoin(Influencer, Influencer.id == Picture.influencer_id).execution_options(populate_existing=True)


def _card(row: Picture, width: int | None, height: int | None, recipe: dict[str, Any], who: str | None) -> PictureCard:
    said = Recipe.model_validate(recipe).of(ImageOverrides.model_validate(row.shot))
    return PictureCard(
        **{name: getattr(row, name) for name in _SAME},
        influencer_name=who,
        width=width or said.width,
        height=height or said.height,
        recipe=said,
    )
