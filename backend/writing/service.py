"""Starts the jobs that write (a text with its picture, ideas for days); saves, edits, discards and restores texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.orm import Session

from backend import events, influencers, jobs
from backend.db.tables import TextDraft
from backend.errors import Conflict, Invalid
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.undo import undoable
from backend.writing import checks
from backend.writing.composition import CheckedIdea, CheckedText
from backend.writing.content_types import CONTENT_TYPES, full_key
from backend.writing.normalize import normalize_picture_prompt
from backend.writing.queries import batch, get
from backend.writing.schemas import (
    PARTS,
    BrokenRule,
    DraftCard,
    IdeasOrder,
    IdeasPayload,
    LlmCost,
    Part,
    PostBrief,
    State,
    TextParts,
    WriteOrder,
)

MAX_EARLIER = 20
_NO_COST = LlmCost()
NOUN = "text"
CONTENT_KIND, IDEAS_KIND = "content-generation", "content-ideas"


def save_texts(
    tx: Session,
    order: WriteOrder,
    texts: Sequence[CheckedText],
    llm_cost: LlmCost = _NO_COST,
    *,
    job_id: str | None = None,
    batch_id: str = "",
) -> list[DraftCard]:
    """Saves variants of one order; each carries an equal share of the cost. `batch_id` "": a new one."""
    batch_id, ids = batch_id or new_id("bat"), []
    for text in texts:
        row = _new_row(tx, order, batch_id, text.parts, llm_cost, len(texts))
        row.notes, row.job_id = [note.as_json() for note in text.notes], job_id
        tx.add(row)
        ids.append(row.id)
    tx.flush()
    events.record(tx, "text.written", NOUN, ids[0], {"influencer_id": order.influencer_id, "n": len(ids)})
    return [get(tx, draft_id) for draft_id in ids]


def save_ideas(
    tx: Session, order: IdeasOrder, checked_ideas: Sequence[CheckedIdea], llm_cost: LlmCost, *, batch_id: str, job_id: str
) -> list[str]:
    """Saves ideas for days of a plan, without captions. A content type nobody asked for becomes the first asked for."""
    card, ids = influencers.get(tx, order.influencer_id), []
    for checked in checked_ideas:
        idea = checked.idea
        kind = full_key(idea.content_type)
        kind = kind if kind in order.kinds else order.kinds[0]
        topic = " ".join((idea.topic or idea.hook).split())[:200] or "an idea"
        idea_order = WriteOrder(
            influencer_id=card.id,
            content_type=kind,
            topic=topic,
            style=order.style,
            sponsored=order.sponsored,
            length=order.length,
            publish_on=order.dates(idea.day, 1).get(idea.day),
            **order.brief(),
        )
        parts = TextParts(hook=idea.hook[:500], picture=normalize_picture_prompt(idea.picture, card)[:2000])
        row = _new_row(tx, idea_order, batch_id, parts, llm_cost, len(checked_ideas))
        row.day, row.job_id, row.notes = idea.day, job_id, [note.as_json() for note in checked.notes]
        tx.add(row)
        ids.append(row.id)
    tx.flush()
    return ids


def create(tx: Session, order: WriteOrder, parts: TextParts) -> DraftCard:
    """Saves a text that a person wrote; checked like any other. Raises NotFound, Invalid."""
    card = influencers.get(tx, order.influencer_id)
    notes = checks.check_text(parts, order, card.persona, card.language)
    return save_texts(tx, order, [CheckedText(parts, tuple(notes))])[0]


@undoable("text.parts")
def edit(tx: Session, draft_id: str, changes: Mapping[str, Any], *, version: int | None = None) -> DraftCard:
    """Writes a person's changes (part -> value); the values before are kept for `undo_edit`. `version`: of the card they saw.

    Raises NotFound, Conflict, Invalid.
    """
    before = get(tx, draft_id, lock=True)
    _check_version(before, version)
    if unknown := set(changes) - set(PARTS):
        raise Invalid(tr_lazy("A text has no part called {min}. Its parts: {parts}.", min=min(unknown), parts=", ".join(PARTS)))
    values: dict[str, Any] = {**before.parts.model_dump(), **changes}
    card = _save_change(tx, before, TextParts(**values))
    events.record(tx, "text.edited", NOUN, draft_id)
    return card


def save_rewrite(
    tx: Session, draft_id: str, text: CheckedText, llm_cost: LlmCost, *, version: int, only: Part | None = None
) -> DraftCard:
    """Replaces one part (`only`), or all of them, by what a model wrote. Raises NotFound, Conflict."""
    before = get(tx, draft_id, lock=True)
    _check_version(before, version)
    parts = text.parts if only is None else TextParts(**{**before.parts.model_dump(), only: getattr(text.parts, only)})
    return _save_change(tx, before, parts, llm_cost=llm_cost, notes=text.notes)


def undo_edit(tx: Session, draft_id: str) -> DraftCard:
    """Undoes the last change of a text. Raises NotFound, Invalid (nothing to undo)."""
    before = get(tx, draft_id, lock=True)
    if not before.earlier:
        raise Invalid(tr_lazy("Nothing of this text was changed yet."))
    parts = TextParts(**{**before.parts.model_dump(), **before.earlier[-1]["parts"]})
    _save(tx, before, parts, list(before.earlier[:-1]))
    return get(tx, draft_id)


@undoable("text.state")
def set_state(tx: Session, draft_id: str, state: State) -> DraftCard:
    """Sets the state: draft, used or discarded. Raises NotFound."""
    get(tx, draft_id, lock=True)
    changed = update(TextDraft).where(TextDraft.id == draft_id)
    tx.execute(changed.values(state=state, version=TextDraft.version + 1, updated_at=func.clock_timestamp()))
    events.record(tx, f"text.{state}", NOUN, draft_id)
    return get(tx, draft_id)


def choose_variant(tx: Session, draft_id: str) -> list[str]:
    """Keeps this variant and discards the others of its batch. Returns their ids, so that it can be undone. Raises NotFound."""
    chosen = get(tx, draft_id, lock=True)
    others = [card.id for card in batch(tx, chosen.batch_id) if card.id != draft_id and card.state == "draft"]
    for other_id in others if chosen.day is None else []:
        set_state(tx, other_id, "discarded")
    return others if chosen.day is None else []


def restore(tx: Session, draft_ids: Sequence[str]) -> None:
    """Makes discarded texts drafts again. Raises NotFound."""
    for draft_id in draft_ids:
        set_state(tx, draft_id, "draft")


def erase(tx: Session, draft_ids: Sequence[str]) -> int:
    """Deletes discarded texts for good; others are left alone. Posts that were made from them stay. Returns how many."""
    discarded = TextDraft.id.in_(draft_ids), TextDraft.state == "discarded"
    ids = tx.scalars(delete(TextDraft).where(*discarded).returning(TextDraft.id)).all()
    if ids:
        events.record(tx, "texts.erased", NOUN, ids[0], {"ids": list(ids)})
    return len(ids)


def set_picture(tx: Session, draft_id: str, picture_id: str) -> None:
    """Says which picture was drawn for it."""
    tx.execute(update(TextDraft).where(TextDraft.id == draft_id).values(picture_id=picture_id))


def _new_row(tx: Session, order: WriteOrder, batch_id: str, parts: TextParts, llm_cost: LlmCost, n_texts: int) -> TextDraft:
    values = order.model_dump(exclude={*PostBrief.model_fields, "publish_on"})
    brief = order.brief() | ({"publish_on": order.publish_on.isoformat()} if order.publish_on else {})
    row = TextDraft(id=new_id("txt"), batch_id=batch_id, parts=parts.model_dump(mode="json"), **values)
    row.brief = {name: value for name, value in brief.items() if value}
    row.model, row.replies, row.cost_usd = llm_cost.model, list(llm_cost.replies), llm_cost.usd / n_texts
    row.created_by = tx.info["user_id"]
    return row


def _save_change(
    tx: Session, before: DraftCard, parts: TextParts, *, llm_cost: LlmCost | None = None, notes: Sequence[BrokenRule] = ()
) -> DraftCard:
    old, new = before.parts.model_dump(mode="json"), parts.model_dump(mode="json")
    changed = {name: value for name, value in old.items() if new[name] != value}
    if changed:
        earlier = [*before.earlier, {"parts": changed}][-MAX_EARLIER:]
        repaired_notes = [note for note in notes if note.repaired]
        _save(tx, before, parts, earlier, llm_cost=llm_cost, repaired_notes=repaired_notes)
    return get(tx, before.id)


def _save(
    tx: Session,
    before: DraftCard,
    parts: TextParts,
    earlier: list[Any],
    *,
    llm_cost: LlmCost | None = None,
    repaired_notes: Sequence[BrokenRule] = (),
) -> None:
    card = influencers.get(tx, before.influencer_id)
    notes = checks.check_text(parts, before.order(), card.persona, card.language) if parts.caption else []
    values: dict[str, Any] = {
        "parts": parts.model_dump(mode="json"),
        "earlier": earlier,
        "notes": [note.as_json() for note in [*notes, *repaired_notes]],
        "version": before.version + 1,
        "updated_at": func.clock_timestamp(),
    }
    if llm_cost is not None:
        replies, cost = [*before.replies, *llm_cost.replies], before.cost_usd + llm_cost.usd
        values |= {"model": llm_cost.model, "replies": replies, "cost_usd": cost}
    tx.execute(update(TextDraft).where(TextDraft.id == before.id).values(**values))


def _check_version(card: DraftCard, version: int | None) -> None:
    if version is not None and version != card.version:
        raise Conflict(tr_lazy("Somebody else changed this text meanwhile. Load it again, then repeat your change."))


def start_content(tx: Session, *, order: WriteOrder, request_key: str) -> JobCard:
    """Starts a text and its picture. The job's result: {assetId, s3Key, contentPlan, cost, draftId, pictureId …}. Raises
    NotFound.
    """
    card = influencers.get(tx, order.influencer_id)
    kind = CONTENT_TYPES[order.content_type].title
    topic = _shorten(order.topic, 90 - len(f"{kind} of {card.name}: "))
    title = tr_lazy("{kind} of {name}: {topic}", kind=kind, name=card.name, topic=topic)
    return jobs.enqueue(
        tx, kind=CONTENT_KIND, payload=order, title=title, request_key=request_key, subject=("influencer", card.id)
    )


def start_ideas(tx: Session, *, order: IdeasOrder, request_key: str) -> JobCard:
    """Starts ideas, saved as drafts, one a day. The job's result: {batchId, ideas, missing: days without one, cost}. Raises
    NotFound.
    """
    card = influencers.get(tx, order.influencer_id)
    payload = IdeasPayload(order=order, batch_id=new_id("bat"))
    title = tr_lazy("Ideas of {influencer} for {days} days", influencer=card.name, days=order.days)
    return jobs.enqueue(
        tx, kind=IDEAS_KIND, payload=payload, title=title, request_key=request_key, subject=("influencer", card.id)
    )


def latest_job(tx: Session, kind: str, influencer_id: str) -> JobCard | None:
    """The newest job of this kind for them, in whatever state."""
    return jobs.latest(tx, ("influencer", influencer_id), kind)


def _shorten(topic: str, most: int) -> str:
    return topic if len(topic) <= most else topic[: max(most - 1, 10)].rstrip() + "…"
