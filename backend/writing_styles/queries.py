"""Reads writing styles, their sources and the texts written with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, defer

from backend.db.tables import Influencer, StyleSource, StyleText, WritingStyle
from backend.errors import NotFound
from backend.language import tr_lazy
from backend.writing_styles import prompts
from backend.writing_styles.schemas import StyleProfile, StyleSourceCard, StyleTextCard, WritingStyleCard

_NOT_FOUND = tr_lazy("This writing style does not exist here. It may have been deleted; open the list of writing styles.")


def get(tx: Session, style_id: str, *, deleted: bool = False) -> WritingStyleCard:
    """`deleted`: also a deleted one that can still be brought back. Raises NotFound."""
    row = tx.get(WritingStyle, style_id, populate_existing=True)
    if row is None or (row.deleted_at and not deleted):
        raise NotFound(_NOT_FOUND)
    return style_of(row)


def page(tx: Session, *, trained: bool = False) -> list[WritingStyleCard]:
    """The one used last first. `trained`: only those that can be written with."""
    query = select(WritingStyle).where(WritingStyle.deleted_at.is_(None))
    if trained:
        query = query.where(WritingStyle.trained_at.is_not(None))
    query = query.order_by(WritingStyle.last_activity_at.desc(), WritingStyle.id.desc())
    return [style_of(row) for row in tx.scalars(query.execution_options(populate_existing=True))]


def voice(tx: Session, style_id: str) -> str:
    """Instructions and short excerpts for a prompt whose text is to be in this style; "" where it is deleted or not trained."""
    row = tx.get(WritingStyle, style_id) if style_id else None
    if row is None or row.deleted_at or not row.card:
        return ""
    return prompts.voice_prompt(StyleProfile.model_validate(row.card))


def style_names(tx: Session) -> dict[str, str]:
    """Id -> name of the trained ones, for choosing one."""
    query = select(WritingStyle.id, WritingStyle.name).where(
        WritingStyle.deleted_at.is_(None), WritingStyle.trained_at.is_not(None)
    )
    return {style_id: name for style_id, name in tx.execute(query.order_by(func.lower(WritingStyle.name)))}


def speakers(tx: Session, style_id: str) -> list[str]:
    """Names of the influencers whose voice it is."""
    uses_style = Influencer.persona["voice_style"].astext == style_id
    return list(tx.scalars(select(Influencer.name).where(uses_style).order_by(Influencer.name)))


def sources(tx: Session, style_id: str) -> list[StyleSourceCard]:
    """In the order they were uploaded. Raises NotFound."""
    get(tx, style_id)
    query = select(StyleSource).where(StyleSource.style_id == style_id).order_by(StyleSource.id)
    return [
        StyleSourceCard(
            row.id, row.upload_id, row.filename, row.state, row.reason, tuple(row.notes), row.pages, row.words, row.created_at
        )
        for row in tx.scalars(query.options(defer(StyleSource.text)).execution_options(populate_existing=True))
    ]


def source_text(tx: Session, style_id: str) -> str:
    """All text that was read, as paragraphs separated by an empty line."""
    read = StyleSource.style_id == style_id, StyleSource.state == "read"
    return "\n\n".join(tx.scalars(select(StyleSource.text).where(*read).order_by(StyleSource.id)))


def texts(tx: Session, style_id: str, *, take: int = 50) -> list[StyleTextCard]:
    """Newest first. Raises NotFound."""
    get(tx, style_id)
    return _texts(tx, StyleText.style_id == style_id, take=take)


def text(tx: Session, text_id: str) -> StyleTextCard:
    """Raises NotFound."""
    cards = _texts(tx, StyleText.id == text_id, take=1)
    if not cards:
        raise NotFound(tr_lazy("This text does not exist here. It may have been deleted."))
    return cards[0]


def conversation(tx: Session, style_id: str, *, before: str = "") -> list[StyleTextCard]:
    """Finished texts since the style was reset, oldest first, at most 20; `before`: only those older than this text."""
    older = [StyleText.id < before] if before else []
    query = _conversation(StyleText).where(StyleText.style_id == style_id, *older)
    rows = tx.scalars(query.order_by(StyleText.id.desc()).limit(20).execution_options(populate_existing=True)).all()
    return [_text_of(row) for row in reversed(rows)]


def conversation_lengths(tx: Session, style_ids: Sequence[str]) -> dict[str, int]:
    """Style id -> how many finished texts its conversation has."""
    query = _conversation(StyleText.style_id, func.count()).where(StyleText.style_id.in_(style_ids))
    return {style_id: n for style_id, n in tx.execute(query.group_by(StyleText.style_id))}


def _conversation(*columns: Any) -> Select[Any]:
    since_reset = WritingStyle.conversation_from.is_(None) | (StyleText.created_at > WritingStyle.conversation_from)
    query = select(*columns).join(WritingStyle, WritingStyle.id == StyleText.style_id)
    return query.where(StyleText.deleted_at.is_(None), StyleText.text != "", since_reset)


def texts_of_jobs(tx: Session, job_ids: Sequence[str]) -> dict[str, StyleTextCard]:
    """Job id -> its text, for those that have one."""
    return {text.job_id: text for text in _texts(tx, StyleText.job_id.in_(job_ids), take=len(job_ids))}


def text_of_job(tx: Session, job_id: str) -> StyleTextCard | None:
    return next(iter(_texts(tx, StyleText.job_id == job_id, take=1)), None)


def job_ids_by_style(tx: Session, style_ids: Sequence[str]) -> dict[str, list[str]]:
    """Style id -> ids of its jobs: the last training, then its texts, oldest first."""
    job_ids: dict[str, list[str]] = {style_id: [] for style_id in style_ids}
    for style_id, job_id in tx.execute(
        select(WritingStyle.id, WritingStyle.job_id).where(WritingStyle.id.in_(style_ids), WritingStyle.job_id.is_not(None))
    ):
        job_ids[style_id].append(str(job_id))
    rows = select(StyleText.style_id, StyleText.job_id).where(StyleText.style_id.in_(style_ids), StyleText.deleted_at.is_(None))
    for style_id, job_id in tx.execute(rows.order_by(StyleText.id)):
        job_ids[style_id].append(job_id)
    return job_ids


def style_of(row: WritingStyle) -> WritingStyleCard:
    card = StyleProfile.model_validate(row.card) if row.card else None
    return WritingStyleCard(
        row.id,
        row.name,
        row.kept,
        card,
        row.job_id,
        row.trained_at,
        row.last_activity_at,
        row.created_at,
        row.deleted_at,
        row.model,
        row.conversation_from,
    )


def _texts(tx: Session, where: ColumnElement[bool], *, take: int) -> list[StyleTextCard]:
    query = select(StyleText).join(WritingStyle, WritingStyle.id == StyleText.style_id)
    query = query.where(where, StyleText.deleted_at.is_(None), WritingStyle.deleted_at.is_(None))
    rows = tx.scalars(query.order_by(StyleText.id.desc()).limit(take).execution_options(populate_existing=True))
    return [_text_of(row) for row in rows]


def _text_of(row: StyleText) -> StyleTextCard:
    return StyleTextCard(
        row.id,
        row.style_id,
        row.job_id,
        row.topic,
        row.language,
        row.words_wanted,
        row.variant,
        row.draft,
        row.text,
        row.words,
        row.score,
        row.shared_run,
        row.shared_words,
        tuple(row.notes),
        row.model,
        row.cost_usd,
        row.created_at,
        row.finished_at,
    )
