"""Loads what texts are written from: the influencer, recent captions, how many there are already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from backend import influencers, writing_styles
from backend.db.tables import TextDraft
from backend.engines.local.offline_writer.topics import topics_for
from backend.engines.ports.prompt_forms import NATURAL, PromptForm
from backend.engines.ports.text import Brief
from backend.influencers import InfluencerCard
from backend.writing.composition import WritingContext

if TYPE_CHECKING:
    from backend.app import App

_HAS_UNREPAIRED = cast("$[*] ? (@.repaired == false)", JSONPATH)
MAX_RECENT = 6
"""Captions that new ones are to differ from, and posts that a chat knows of."""


def default_prompt_form(app: App) -> PromptForm:
    """The form of picture prompts that the default base model takes."""
    models = app.engines.image.models()
    return models[0].prompts if models else NATURAL


def default_topics(card: InfluencerCard) -> list[str]:
    """Topics for where nothing better is known; never empty."""
    return topics_for(Brief("", card.language, topics=card.persona.topics, bio=card.persona.bio))


def load_context(tx: Session, influencer_id: str, prompts: PromptForm = NATURAL) -> WritingContext:
    """`prompts`: form of picture prompts of the base model that draws (`default_prompt_form`). Raises NotFound."""
    card = influencers.get(tx, influencer_id)
    of_influencer = TextDraft.influencer_id == card.id
    written = tx.scalar(select(func.count()).select_from(TextDraft).where(of_influencer)) or 0
    voice = writing_styles.voice(tx, card.persona.voice_style)
    return WritingContext(card, _recent_captions(tx, card.id), voice, written, prompts)


def _recent_captions(tx: Session, influencer_id: str) -> tuple[str, ...]:
    """The latest captions, newest first, without near copies. None that breaks a rule: a model takes what it is shown as an
    example.
    """
    caption = TextDraft.parts["caption"].astext
    unbroken = ~func.jsonb_path_exists(TextDraft.notes, _HAS_UNREPAIRED)
    query = select(caption).where(
        TextDraft.influencer_id == influencer_id, TextDraft.state != "discarded", caption != "", unbroken
    )
    latest = tx.scalars(query.order_by(TextDraft.id.desc()).limit(4 * MAX_RECENT))
    return tuple({_comparison_key(text): text for text in reversed(latest.all())}.values())[::-1][:MAX_RECENT]


def _comparison_key(caption: str) -> str:
    """A key that is the same for captions that differ only in case, punctuation or the word for an ad."""
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"#\w+", "", caption.lower())))


def recent_posts(tx: Session, influencer_id: str) -> list[str]:
    """“topic: caption” of the latest texts: used ones first, then drafts, newest first."""
    query = select(TextDraft.topic, TextDraft.parts["caption"].astext).where(TextDraft.influencer_id == influencer_id)
    query = query.where(TextDraft.state != "discarded").order_by((TextDraft.state == "used").desc(), TextDraft.id.desc())
    return [f"{topic}: {caption}" if caption else str(topic) for topic, caption in tx.execute(query.limit(MAX_RECENT))]
