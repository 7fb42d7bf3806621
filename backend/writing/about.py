"""Whose words: the influencer, what was written lately, how much there is already."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import influencers, styles
from backend.tables import TextDraft
from backend.writing.composing import About

LATELY = 6
"""Captions that new ones are to differ from, and posts that a talk knows of."""


def about(tx: Session, influencer_id: str) -> About:
    """Raises NotFound."""
    card = influencers.get(tx, influencer_id)
    mine = TextDraft.influencer_id == card.id
    said = TextDraft.parts["caption"].astext
    lately = select(said).where(mine, TextDraft.state != "discarded", said != "").order_by(TextDraft.id.desc()).limit(LATELY)
    written = tx.scalar(select(func.count()).select_from(TextDraft).where(mine)) or 0
    voice = styles.voice(tx, card.persona.voice_style)
    return About(card, tuple(tx.scalars(lately)), voice, written)


def lately(tx: Session, influencer_id: str) -> list[str]:
    """“topic: caption” of the latest posts that were used, and drafts, newest first."""
    query = select(TextDraft.topic, TextDraft.parts["caption"].astext).where(TextDraft.influencer_id == influencer_id)
    query = query.where(TextDraft.state != "discarded").order_by((TextDraft.state == "used").desc(), TextDraft.id.desc())
    return [f"{topic}: {caption}" if caption else str(topic) for topic, caption in tx.execute(query.limit(LATELY))]
