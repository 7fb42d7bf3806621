"""Variants: a reel once more with another hook or ending. Only the scenes that differ are rendered anew."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import Reel
from backend.errors import Invalid, NotFound
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.reels import queries, service
from backend.reels.schemas import NOUN, ReelCard, ReelVariantDraft

MAX_VARIANTS = 12
_MAX_TITLE = 60


def add_variant(tx: Session, reel_id: str, draft: ReelVariantDraft) -> ReelCard:
    """A new variant of a reel, not rendered yet. Raises NotFound, Invalid."""
    reel = service.lock_own(tx, reel_id)
    _check(reel, draft)
    if len(queries.variants_of(tx, reel_id)) >= MAX_VARIANTS:
        raise Invalid(tr_lazy("A reel has at most {max_variants} variants. Delete one first.", max_variants=MAX_VARIANTS))
    row = Reel(id=new_id("reel"), variant_of=reel_id, format=reel.format, created_by=tx.info.get("user_id"))
    row.title, row.hook, row.ending = _title(draft), draft.hook, draft.ending
    tx.add(row)
    tx.flush()
    events.record(tx, "reel.created", NOUN, row.id, {"variant_of": reel_id})
    return queries.get(tx, row.id)


def save_variant(tx: Session, reel_id: str, variant_id: str, draft: ReelVariantDraft) -> ReelCard:
    """Changes its words; its video shows the earlier ones until it is rendered again. Raises NotFound, Invalid."""
    reel = service.lock_own(tx, reel_id)
    _check(reel, draft)
    if queries.get(tx, variant_id).variant_of != reel_id:
        raise NotFound(tr_lazy("This variant does not belong to this reel."))
    values = {"hook": draft.hook, "ending": draft.ending, "title": _title(draft), "rendered_revision": None}
    tx.execute(update(Reel).where(Reel.id == variant_id).values(**values))
    return queries.get(tx, variant_id)


def render_all(tx: Session, reel_id: str, *, request_key: str) -> list[JobCard]:
    """Starts the render of the reel and of each of its variants that has no current video. Raises NotFound, Invalid."""
    reel = service.lock_own(tx, reel_id)
    stale = [
        card
        for card in (reel, *queries.variants_of(tx, reel_id))
        if card.asset_id is None or card.rendered_revision != card.revision
    ]
    return [service.render(tx, card.id, request_key=f"{request_key}/{card.id}") for card in stale]


def _check(reel: ReelCard, draft: ReelVariantDraft) -> None:
    if reel.deleted_at:
        raise NotFound(tr_lazy("This reel was deleted. Restore it first."))
    if draft.hook and draft.ending and len(reel.scenes) == 1:
        raise Invalid(tr_lazy("This reel has one scene: give its variant a hook or an ending, not both."))


def _title(draft: ReelVariantDraft) -> str:
    words = " ".join((draft.hook or draft.ending).split())
    return words if len(words) <= _MAX_TITLE else words[: _MAX_TITLE - 1].rstrip() + "…"
