"""Reading music: the pieces that come along and those of the workspace, and where they are heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.db.tables import Clip, Job, Reel, Track
from backend.errors import Invalid, NotFound
from backend.language import tr_lazy
from backend.music.pieces import pieces
from backend.music.schemas import REFERENCE_LUFS, TrackCard, TrackPage, TrackUse, UsedTrack

MAX_PAGE_SIZE = 200
_MAX_USES = 20
"""Of each track, newest first."""


def get(tx: Session, track_id: str) -> TrackCard:
    """A track, also one that is not checked yet or was deleted (`deleted_at`). Raises NotFound."""
    if piece := pieces().get(track_id):
        return piece
    row = tx.execute(_cards().where(Track.id == track_id, Track.erased_at.is_(None))).first()
    if row is None:
        raise NotFound(tr_lazy("There is no such music here. Choose another track."))
    return _card(*row)


def find(tx: Session, name: str) -> TrackCard:
    """The track with this id, else the newest with this title. Raises NotFound, with what there is."""
    tracks = choices(tx)
    titled = [card for card in tracks.values() if card.title.casefold() == name.strip().casefold()]
    if card := tracks.get(name) or next(iter(titled), None):
        return card
    titles = ", ".join(card.title for card in list(tracks.values())[:10])
    raise NotFound(tr_lazy("There is no music called {name} here. There is: {titles}.", name=repr(name[:120]), titles=titles))


def usable(tx: Session, track_id: str) -> UsedTrack:
    """A track for a film. Raises NotFound, Invalid: it was deleted, or is not checked yet."""
    card = get(tx, track_id)
    if card.deleted_at:
        raise Invalid(
            tr_lazy("The music “{title}” was deleted. Choose another track, or restore it from the trash.", title=card.title)
        )
    if not card.is_ready:
        raise Invalid(
            tr_lazy(
                "The music “{title}” cannot be used yet. Wait until it is checked, or choose another track.", title=card.title
            )
        )
    values = {name: getattr(card, name) for name in ("id", "title", "licence", "source", "credit", "seconds", "asset_id")}
    return UsedTrack(**values, gain_db=round(REFERENCE_LUFS - card.lufs, 2))


def credit_of(tx: Session, track_id: str) -> str:
    """How the author of a track is named, also of one that was deleted since; "" where nobody has to be."""
    return tx.scalar(select(Track.credit).where(Track.id == track_id)) or ""


def page(tx: Session, *, take: int = MAX_PAGE_SIZE, cursor: str | None = None) -> TrackPage:
    """The workspace's own tracks that are not deleted, newest first; on the first page those that come along follow them.

    `cursor`: the last page's `next_cursor`. `total` counts all of them.
    """
    total = tx.scalar(select(func.count()).select_from(Track).where(Track.deleted_at.is_(None))) or 0
    query = _cards().where(Track.deleted_at.is_(None), *([Track.id < cursor] if cursor else []))
    take = min(take, MAX_PAGE_SIZE)
    rows = tx.execute(query.order_by(Track.id.desc()).limit(take + 1)).all()
    cards = [_card(*row) for row in rows[:take]]
    next_cursor = cards[-1].id if len(rows) > take else None
    return TrackPage(cards if cursor else [*cards, *pieces().values()], next_cursor, total + len(pieces()))


def choices(tx: Session) -> dict[str, TrackCard]:
    """Id -> track, of those that a film may use now: own ones first."""
    return {card.id: card for card in page(tx).cards if card.is_ready}


def uses(tx: Session, track_ids: Sequence[str]) -> dict[str, list[TrackUse]]:
    """Track id -> where it is heard: finished videos and reels that are not deleted, newest first."""
    track_id = Clip.recipe["finish"]["draft"]["music"].astext
    films: Any = select(track_id, Clip.id, Clip.recipe["title"].astext).where(track_id.in_(track_ids))
    films = films.where(Clip.asset_id.is_not(None), Clip.deleted_at.is_(None)).order_by(Clip.id.desc())
    reels: Any = select(Reel.music_track_id, Reel.id, Reel.title).where(Reel.music_track_id.in_(track_ids))
    reels = reels.where(Reel.deleted_at.is_(None)).order_by(Reel.id.desc())
    used: dict[str, list[TrackUse]] = defaultdict(list)
    for noun, query in (("reel", reels), ("video", films)):
        for track, noun_id, title in tx.execute(query.limit(_MAX_USES * max(1, len(track_ids)))):
            if len(used[track]) < _MAX_USES:
                used[track].append(TrackUse(noun, noun_id, title))
    return dict(used)


def _cards() -> Select[Any]:
    query: Any = select(Track, Job.state, Job.error_message).join(Job, Job.id == Track.job_id)
    joined: Select[Any] = query.execution_options(populate_existing=True)
    return joined


def _card(row: Track, state: str, error: str | None) -> TrackCard:
    names = ("id", "title", "licence", "source", "credit", "seconds", "lufs", "asset_id", "job_id", "created_at", "deleted_at")
    values = {name: getattr(row, name) for name in names}
    return TrackCard(**values, peaks=tuple(row.peaks), state=state, error_message=error or "")
