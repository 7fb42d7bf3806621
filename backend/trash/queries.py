"""Reads the trash: one list of nine tables, each read along its own index."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal, null, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.tables import (
    Board,
    BoardPicture,
    Clip,
    ContentPlan,
    Dataset,
    DatasetImage,
    Influencer,
    Lora,
    Picture,
    Post,
    Reel,
    TextDraft,
    Track,
)
from backend.errors import Invalid
from backend.language import tr_lazy
from backend.trash.schemas import KINDS, TrashCard, TrashKind, TrashPage

_MAX_TITLE = 300
_IN_TRASH: dict[TrashKind, list[ColumnElement[bool]]] = {
    "picture": [Picture.deleted_at.is_not(None), Picture.erased_at.is_(None)],
    "video": [Clip.deleted_at.is_not(None), Clip.erased_at.is_(None)],
    "reel": [Reel.deleted_at.is_not(None)],
    "text": [TextDraft.state == "discarded"],
    "post": [ContentPlan.deleted_at.is_not(None)],
    "board": [Board.deleted_at.is_not(None)],
    "track": [Track.deleted_at.is_not(None), Track.erased_at.is_(None)],
    "lora": [Lora.deleted_at.is_not(None), Lora.erased_at.is_(None)],
    "dataset": [Dataset.deleted_at.is_not(None), Dataset.erased_at.is_(None)],
}
_ID: dict[TrashKind, InstrumentedAttribute[str]] = {
    "picture": Picture.id,
    "video": Clip.id,
    "reel": Reel.id,
    "text": TextDraft.id,
    "post": ContentPlan.id,
    "board": Board.id,
    "track": Track.id,
    "lora": Lora.id,
    "dataset": Dataset.id,
}
_DELETED_AT: dict[TrashKind, InstrumentedAttribute[Any]] = {
    "picture": Picture.deleted_at,
    "video": Clip.deleted_at,
    "reel": Reel.deleted_at,
    "text": TextDraft.updated_at,
    "post": ContentPlan.deleted_at,
    "board": Board.deleted_at,
    "track": Track.deleted_at,
    "lora": Lora.deleted_at,
    "dataset": Dataset.deleted_at,
}
_INFLUENCER_ID: dict[TrashKind, Any] = {
    "picture": Picture.influencer_id,
    "video": Clip.influencer_id,
    "reel": Reel.influencer_id,
    "text": TextDraft.influencer_id,
    "post": ContentPlan.influencer_id,
    "board": cast(null(), Text),
    "track": cast(null(), Text),
    "lora": Lora.influencer_id,
    "dataset": Dataset.influencer_id,
}


def page(
    tx: Session, *, kinds: Collection[TrashKind] = KINDS, influencer_id: str = "", cursor: str | None = None, take: int = 50
) -> TrashPage:
    """`cursor`: the last page's `next_cursor`. Raises Invalid: that is none."""
    after = _read_cursor(cursor) if cursor else None
    parts = [_cards_query(kind, influencer_id, after, take + 1).subquery() for kind in KINDS if kind in kinds]
    if not parts:
        return TrashPage([], None)
    together = union_all(*(select(part) for part in parts)).subquery()
    rows = tx.execute(select(together).order_by(together.c.deleted_at.desc(), together.c.id.desc()).limit(take + 1)).all()
    cards = [TrashCard(*row) for row in rows[:take]]
    last = cards[-1] if len(rows) > take else None
    return TrashPage(cards, f"{last.deleted_at.isoformat()}~{last.id}" if last else None)


def count(tx: Session, influencer_id: str = "") -> dict[TrashKind, int]:
    """How many things of each kind are in the trash, of an influencer or of all."""
    counts = [select(func.count()).where(*_where(kind, influencer_id)).scalar_subquery().label(kind) for kind in KINDS]
    return dict(zip(KINDS, tx.execute(select(*counts)).one(), strict=True))


def ids_in_trash(
    tx: Session, kind: TrashKind, ids: Sequence[str] | None = None, *, older_than_days: int | None = None, take: int = 1000
) -> list[str]:
    """Ids of things of this kind that are in the trash: of `ids`, or the oldest ones."""
    query = select(_ID[kind]).where(*_IN_TRASH[kind])
    if ids is not None:
        return list(tx.scalars(query.where(_ID[kind].in_(ids))))
    if older_than_days is not None:
        query = query.where(_DELETED_AT[kind] < func.clock_timestamp() - func.make_interval(0, 0, 0, older_than_days))
    return list(tx.scalars(query.order_by(_DELETED_AT[kind], _ID[kind]).limit(take)))


def _where(kind: TrashKind, influencer_id: str) -> list[ColumnElement[bool]]:
    return [*_IN_TRASH[kind], *([_INFLUENCER_ID[kind] == influencer_id] if influencer_id else [])]


def _cards_query(kind: TrashKind, influencer_id: str, after: tuple[datetime, str] | None, limit: int) -> Select[Any]:
    """Rows of TrashCard's fields, in order."""
    title, asset_id = _TITLE_AND_ASSET[kind]
    row_id, deleted_at = _ID[kind], _DELETED_AT[kind]
    query: Any = select(
        literal(kind).label("kind"),
        row_id.label("id"),
        func.left(title, _MAX_TITLE).label("title"),
        func.coalesce(asset_id, "").label("asset_id"),
        func.coalesce(_INFLUENCER_ID[kind], "").label("influencer_id"),
        func.coalesce(Influencer.name, "").label("influencer_name"),
        deleted_at.label("deleted_at"),
    )
    query = query.outerjoin(Influencer, Influencer.id == _INFLUENCER_ID[kind]).where(*_where(kind, influencer_id))
    if kind == "text":
        query = query.outerjoin(Picture, Picture.id == TextDraft.picture_id)
    if after:
        query = query.where(tuple_(deleted_at, row_id) < tuple_(*map(literal, after)))
    ordered: Select[Any] = query.order_by(deleted_at.desc(), row_id.desc()).limit(limit)
    return ordered


def _first_of_posts(column: InstrumentedAttribute[str] | ColumnElement[str]) -> ColumnElement[Any]:
    of_plan = select(column).where(Post.plan_id == ContentPlan.id, Post.tenant_id == ContentPlan.tenant_id, column != "")
    return of_plan.order_by(Post.id).limit(1).correlate(ContentPlan).scalar_subquery()


def _cover() -> ColumnElement[Any]:
    """Its cover, else its first picture that is still there."""
    on_board = select(Picture.asset_id).join(BoardPicture, BoardPicture.picture_id == Picture.id)
    on_board = on_board.where(BoardPicture.board_id == Board.id, Picture.deleted_at.is_(None))
    is_not_cover = Picture.id != func.coalesce(Board.cover_id, "")  # false sorts first
    return on_board.order_by(is_not_cover, BoardPicture.position, Picture.id).limit(1).correlate(Board).scalar_subquery()


def _first_picture() -> ColumnElement[Any]:
    of_dataset = select(DatasetImage.asset_id).where(
        DatasetImage.dataset_id == Dataset.id, DatasetImage.tenant_id == Dataset.tenant_id
    )
    return of_dataset.order_by(DatasetImage.id).limit(1).correlate(Dataset).scalar_subquery()


_TITLE_AND_ASSET: dict[TrashKind, tuple[Any, Any]] = {
    "picture": (Picture.prompt, Picture.asset_id),
    "video": (Clip.recipe["title"].astext, Clip.asset_id),
    "reel": (Reel.title, Reel.asset_id),
    "text": (
        func.coalesce(func.nullif(TextDraft.parts["caption"].astext, ""), TextDraft.parts["hook"].astext, TextDraft.topic),
        Picture.asset_id,
    ),
    "post": (
        func.coalesce(func.nullif(ContentPlan.topic, ""), _first_of_posts(Post.caption), ""),
        _first_of_posts(cast(Post.media[0].astext, Text)),
    ),
    "board": (Board.name, _cover()),
    "track": (Track.title, cast(null(), Text)),
    "lora": (Lora.name, cast(null(), Text)),
    "dataset": (Dataset.name, _first_picture()),
}


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    at, _, row_id = cursor.partition("~")
    try:
        return datetime.fromisoformat(at), row_id
    except ValueError as error:
        raise Invalid(tr_lazy("cursor: send the nextCursor of the page before, as it was answered.")) from error
