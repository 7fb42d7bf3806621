"""Reads texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from backend.db.tables import Influencer, TextDraft
from backend.errors import NotFound
from backend.language import tr_lazy
from backend.writing.schemas import BrokenRule, DraftCard, DraftPage, PostBrief, TextParts

_COPIED_COLUMNS = (
    "id",
    "influencer_id",
    "batch_id",
    "state",
    "day",
    "content_type",
    "topic",
    "style",
    "length",
    "sponsored",
    "model",
    "cost_usd",
    "job_id",
    "picture_id",
    "version",
    "created_at",
    "updated_at",
)


def get(tx: Session, draft_id: str, *, lock: bool = False) -> DraftCard:
    """`lock`: nobody else changes it until `tx` ends. Raises NotFound."""
    query = _cards_query().where(TextDraft.id == draft_id)
    row = tx.execute(query.with_for_update(of=TextDraft) if lock else query).first()
    if row is None:
        raise NotFound(tr_lazy("This text does not exist here. It may have been written in another workspace."))
    return _card(*row)


def page(
    tx: Session,
    *,
    influencer_id: str = "",
    states: Sequence[str] = (),
    ideas: bool | None = None,
    cursor: str | None = None,
    take: int = 20,
    skip: int = 0,
) -> DraftPage:
    """Newest first. `ideas`: only those of a plan of days, or only others. `cursor`: the last page's `next_cursor`."""
    where: list[ColumnElement[bool]] = [TextDraft.state.in_(states)] if states else []
    if influencer_id:
        where.append(TextDraft.influencer_id == influencer_id)
    if ideas is not None:
        where.append(TextDraft.day.is_not(None) if ideas else TextDraft.day.is_(None))
    total = tx.scalar(select(func.count()).select_from(TextDraft).where(*where)) or 0
    older = [TextDraft.id < cursor] if cursor else []
    query = _cards_query().where(*where, *older).order_by(TextDraft.id.desc()).offset(skip).limit(take + 1)
    rows = tx.execute(query).all()
    cards = [_card(*row) for row in rows[:take]]
    return DraftPage(cards, cards[-1].id if len(rows) > take else None, total)


def batch(tx: Session, batch_id: str) -> list[DraftCard]:
    """All variants of one order, or all days of one plan, in order."""
    rows = tx.execute(_cards_query().where(TextDraft.batch_id == batch_id).order_by(TextDraft.day.nulls_first(), TextDraft.id))
    return [_card(*row) for row in rows]


def unused_text_of_picture(tx: Session, picture_id: str) -> DraftCard | None:
    """The newest text that was written with this picture, if no post has it yet."""
    own = TextDraft.picture_id == picture_id, TextDraft.state == "draft"
    row = tx.execute(_cards_query().where(*own).order_by(TextDraft.id.desc()).limit(1)).first()
    return _card(*row) if row else None


def latest_batch(tx: Session, influencer_id: str, *, ideas: bool) -> str:
    """The id of the newest batch of ideas, or of texts; "" when there is none."""
    same_kind = TextDraft.influencer_id == influencer_id, TextDraft.day.is_not(None) if ideas else TextDraft.day.is_(None)
    return tx.scalar(select(TextDraft.batch_id).where(*same_kind).order_by(TextDraft.id.desc()).limit(1)) or ""


def _cards_query() -> Select[TextDraft, str, str]:
    query = select(TextDraft, Influencer.name, Influencer.language)
    return query.join(Influencer, Influencer.id == TextDraft.influencer_id).execution_options(populate_existing=True)


def _card(row: TextDraft, name: str, language: str) -> DraftCard:
    return DraftCard(
        **{field: getattr(row, field) for field in _COPIED_COLUMNS},
        influencer_name=name,
        language=language,
        brief=PostBrief(**{name: value for name, value in row.brief.items() if name in PostBrief.model_fields}),
        publish_on=date.fromisoformat(on) if (on := row.brief.get("publish_on")) else None,
        parts=TextParts(**row.parts),
        notes=tuple(BrokenRule.from_json(note) for note in row.notes),
        earlier=tuple(row.earlier),
        replies=tuple(row.replies),
    )
