"""Reading reels: one with its scenes, and pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.db.tables import Influencer, Job, Reel, ReelScene
from backend.errors import NotFound
from backend.language import tr_lazy
from backend.reels.schemas import ReelCard, ReelPage, ReelStyle, SceneCard

MAX_PAGE_SIZE = 200


def get(tx: Session, reel_id: str) -> ReelCard:
    """A reel with its scenes, also a deleted one (`deleted_at`). Raises NotFound."""
    return _with_scenes(tx, _first(tx, Reel.id == reel_id))


def get_by_job(tx: Session, job_id: str) -> ReelCard | None:
    """The reel that this job renders, or None."""
    row = tx.execute(_cards().where(Reel.job_id == job_id)).first()
    return _with_scenes(tx, _card(*row)) if row else None


def get_by_run(tx: Session, run_id: str) -> ReelCard | None:
    """The reel that a program ordered under this name, or None."""
    row = tx.execute(_cards().where(Reel.run_id == run_id)).first()
    return _with_scenes(tx, _card(*row)) if row else None


def page(
    tx: Session, *, influencer_id: str | None = None, take: int = 30, skip: int = 0, cursor: str | None = None
) -> ReelPage:
    """Reels that are not deleted, newest first, without their scenes and variants. `cursor`: the last page's `next_cursor`."""
    where = [
        Reel.deleted_at.is_(None),
        Reel.variant_of.is_(None),
        *([Reel.influencer_id == influencer_id] if influencer_id else []),
    ]
    total = tx.scalar(select(func.count()).select_from(Reel).where(*where)) or 0
    query = _cards().where(*where, *([Reel.id < cursor] if cursor else []))
    take = min(take, MAX_PAGE_SIZE)
    rows = tx.execute(query.order_by(Reel.id.desc()).offset(skip).limit(take + 1)).all()
    cards = [_card(*row) for row in rows[:take]]
    return ReelPage(cards, cards[-1].id if len(rows) > take else None, total)


def variants_of(tx: Session, reel_id: str) -> list[ReelCard]:
    """The variants of a reel that are not deleted, oldest first."""
    rows = tx.execute(_cards().where(Reel.variant_of == reel_id, Reel.deleted_at.is_(None)).order_by(Reel.id)).all()
    return [_with_scenes(tx, _card(*row)) for row in rows]


def _cards() -> Select[Any]:
    named: Any = select(Reel, Influencer.name, Job.state, Job.error_message)
    cards: Select[Any] = named.outerjoin(Influencer, Influencer.id == Reel.influencer_id).outerjoin(Job, Job.id == Reel.job_id)
    return cards


def _first(tx: Session, where: Any) -> ReelCard:
    row = tx.execute(_cards().where(where)).first()
    if row is None:
        raise NotFound(tr_lazy("This reel does not exist here. It may have been deleted, or made in another workspace."))
    return _card(*row)


def _with_scenes(tx: Session, card: ReelCard) -> ReelCard:
    if card.variant_of:
        return _as_variant(card, get(tx, card.variant_of))
    rows = tx.scalars(select(ReelScene).where(ReelScene.reel_id == card.id).order_by(ReelScene.position, ReelScene.id))
    names = SceneCard.__dataclass_fields__
    scenes = tuple(SceneCard(**{name: getattr(row, name) for name in names}) for row in rows)
    values = {name: getattr(card, name) for name in ReelCard.__dataclass_fields__}
    return ReelCard(**{**values, "scenes": scenes})


def _as_variant(card: ReelCard, reel: ReelCard) -> ReelCard:
    """All that is the reel's, and the variant's own words, job and video. A recording says the reel's words: the voice speaks
    the variant's."""
    own = ("id", "title", "job_id", "state", "error_message", "asset_id", "files", "rendered_revision", "created_at")
    values = {name: getattr(card, name) for name in (*own, "deleted_at", "variant_of", "hook", "ending")}
    scenes = list(reel.scenes)
    if card.hook:
        scenes[0] = replace(scenes[0], words=card.hook, recording_asset_id=None)
    if card.ending:
        scenes[-1] = replace(scenes[-1], words=card.ending, recording_asset_id=None)
    return replace(reel, **values, run_id=None, scenes=tuple(scenes))


def _card(row: Reel, influencer_name: str | None, state: str | None, error_message: str | None) -> ReelCard:
    shown = ("id", "title", "influencer_id", "script", "caption", "format", "voice_id", "speed", "run_id", "job_id")
    music = ("music_track_id", "music_db")
    values = {name: getattr(row, name) for name in (*shown, *music, "asset_id", "revision", "rendered_revision", "created_at")}
    return ReelCard(
        **values,
        influencer_name=influencer_name,
        style=ReelStyle(**row.style),
        state=state or "",
        error_message=error_message,
        files=row.files,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
        variant_of=row.variant_of,
        hook=row.hook,
        ending=row.ending,
    )
