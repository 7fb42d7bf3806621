"""Texts as rows: kept, edited, chosen, put away, taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from backend import events, influencers
from backend.db.tables import TextDraft
from backend.errors import Conflict, Invalid
from backend.kit.ids import new_id
from backend.writing import checks
from backend.writing.composition import CheckedIdea, Composed
from backend.writing.content_types import named
from backend.writing.normalize import prompted
from backend.writing.queries import batch, get
from backend.writing.schemas import PARTS, DraftCard, IdeasOrder, LlmCost, Note, Part, Parts, PostBrief, State, WriteOrder

KEPT_EARLIER = 20
_NOBODY = LlmCost()
NOUN = "text"


def keep(
    tx: Session, order: WriteOrder, made: Sequence[Composed], bill: LlmCost = _NOBODY, *, job_id: str | None = None
) -> list[DraftCard]:
    """Variants of one wish as rows; the cost is shared among them."""
    batch_id, ids = new_id("bat"), []
    for one in made:
        row = _row(tx, order, batch_id, one.parts, bill, len(made))
        row.notes, row.job_id = [asdict(note) for note in one.notes], job_id
        tx.add(row)
        ids.append(row.id)
    tx.flush()
    events.record(tx, "text.written", NOUN, ids[0], {"influencer_id": order.influencer_id, "n": len(ids)})
    return [get(tx, one) for one in ids]


def keep_ideas(
    tx: Session, order: IdeasOrder, found: Sequence[CheckedIdea], bill: LlmCost, *, batch_id: str, job_id: str
) -> list[str]:
    """Ideas of some days of a plan as rows without a caption. Types that were not asked for become the first that was."""
    card, ids = influencers.get(tx, order.influencer_id), []
    for checked in found:
        idea = checked.idea
        kind = named(idea.content_type)
        kind = kind if kind in order.kinds else order.kinds[0]
        topic = " ".join((idea.topic or idea.hook).split())[:200] or "an idea"
        one = WriteOrder(
            influencer_id=card.id, content_type=kind, topic=topic, style=order.style, sponsored=order.sponsored,
            length=order.length, publish_on=order.dates(idea.day, 1).get(idea.day), **order.brief(),
        )  # fmt: skip
        parts = Parts(hook=idea.hook[:500], picture=prompted(idea.picture, card)[:2000])
        row = _row(tx, one, batch_id, parts, bill, len(found))
        row.day, row.job_id, row.notes = idea.day, job_id, [asdict(note) for note in checked.notes]
        tx.add(row)
        ids.append(row.id)
    tx.flush()
    return ids


def create(tx: Session, order: WriteOrder, parts: Parts) -> DraftCard:
    """A text that a person wrote; checked as any other. Raises NotFound, Invalid."""
    card = influencers.get(tx, order.influencer_id)
    notes = checks.check(parts, order, card.persona, card.language)
    return keep(tx, order, [Composed(parts, tuple(notes))])[0]


def edit(tx: Session, draft_id: str, changes: Mapping[str, Any], *, version: int | None = None) -> DraftCard:
    """What a person wrote over it; what stood there is kept. `version`: of the card they saw. Raises NotFound, Conflict,
    Invalid.
    """
    before = get(tx, draft_id, lock=True)
    _same(before, version)
    if unknown := set(changes) - set(PARTS):
        raise Invalid(f"A text has no part called {min(unknown)}. Its parts: {', '.join(PARTS)}.")
    laid: dict[str, Any] = {**before.parts.model_dump(), **changes}
    return _write(tx, before, Parts(**laid))


def rewritten(
    tx: Session, draft_id: str, made: Composed, bill: LlmCost, *, version: int, only: Part | None = None
) -> DraftCard:
    """What was written anew in place of what stood there: one part, or all of them. Raises NotFound, Conflict."""
    before = get(tx, draft_id, lock=True)
    _same(before, version)
    parts = made.parts if only is None else Parts(**{**before.parts.model_dump(), only: getattr(made.parts, only)})
    return _write(tx, before, parts, bill=bill, notes=made.notes)


def take_back(tx: Session, draft_id: str) -> DraftCard:
    """The last change of a text undone. Raises NotFound, Invalid (nothing to take back)."""
    before = get(tx, draft_id, lock=True)
    if not before.earlier:
        raise Invalid("Nothing of this text was changed yet.")
    parts = Parts(**{**before.parts.model_dump(), **before.earlier[-1]["parts"]})
    _save(tx, before, parts, list(before.earlier[:-1]))
    return get(tx, draft_id)


def mark(tx: Session, draft_id: str, state: State) -> DraftCard:
    """Draft, used or discarded. Raises NotFound."""
    get(tx, draft_id, lock=True)
    changed = update(TextDraft).where(TextDraft.id == draft_id)
    tx.execute(changed.values(state=state, version=TextDraft.version + 1, updated_at=func.clock_timestamp()))
    events.record(tx, f"text.{state}", NOUN, draft_id)
    return get(tx, draft_id)


def choose(tx: Session, draft_id: str) -> list[str]:
    """This variant stays; the others of its wish are discarded. Returns those, so that it can be undone. Raises NotFound."""
    chosen = get(tx, draft_id, lock=True)
    others = [one.id for one in batch(tx, chosen.batch_id) if one.id != draft_id and one.state == "draft"]
    for one in others if chosen.day is None else []:
        mark(tx, one, "discarded")
    return others if chosen.day is None else []


def restore(tx: Session, draft_ids: Sequence[str]) -> None:
    """Out of the discarded ones. Raises NotFound."""
    for one in draft_ids:
        mark(tx, one, "draft")


def drawn(tx: Session, draft_id: str, picture_id: str) -> None:
    """Its picture is there."""
    tx.execute(update(TextDraft).where(TextDraft.id == draft_id).values(picture_id=picture_id))


def _row(tx: Session, order: WriteOrder, batch_id: str, parts: Parts, bill: LlmCost, share: int) -> TextDraft:
    values = order.model_dump(exclude={*PostBrief.model_fields, "publish_on"})
    brief = order.brief() | ({"publish_on": order.publish_on.isoformat()} if order.publish_on else {})
    row = TextDraft(id=new_id("txt"), batch_id=batch_id, parts=parts.model_dump(mode="json"), **values)
    row.brief = {name: value for name, value in brief.items() if value}
    row.model, row.replies, row.cost_usd = bill.model, list(bill.replies), bill.usd / share
    row.created_by = tx.info["user_id"]
    return row


def _write(
    tx: Session, before: DraftCard, parts: Parts, *, bill: LlmCost | None = None, notes: Sequence[Note] = ()
) -> DraftCard:
    old, new = before.parts.model_dump(mode="json"), parts.model_dump(mode="json")
    changed = {name: value for name, value in old.items() if new[name] != value}
    if changed:
        kept = [*before.earlier, {"parts": changed}][-KEPT_EARLIER:]
        mended = [note for note in notes if note.repaired]
        _save(tx, before, parts, kept, bill=bill, more=mended)
    return get(tx, before.id)


def _save(
    tx: Session,
    before: DraftCard,
    parts: Parts,
    earlier: list[Any],
    *,
    bill: LlmCost | None = None,
    more: Sequence[Note] = (),
) -> None:
    card = influencers.get(tx, before.influencer_id)
    notes = checks.check(parts, before.order(), card.persona, card.language) if parts.caption else []
    values: dict[str, Any] = {
        "parts": parts.model_dump(mode="json"), "earlier": earlier, "notes": [asdict(note) for note in [*notes, *more]],
        "version": before.version + 1, "updated_at": func.clock_timestamp(),
    }  # fmt: skip
    if bill is not None:
        replies, cost = [*before.replies, *bill.replies], before.cost_usd + bill.usd
        values |= {"model": bill.model, "replies": replies, "cost_usd": cost}
    tx.execute(update(TextDraft).where(TextDraft.id == before.id).values(**values))


def _same(card: DraftCard, version: int | None) -> None:
    if version is not None and version != card.version:
        raise Conflict("This text was changed by someone else meanwhile. Load it again, then repeat your change.")
