"""What the things are called that a history tells of, read in one statement for each noun on its page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Text, cast, func, select, union_all
from sqlalchemy.orm import Session

from backend.db.tables import (
    ApiKey,
    Automation,
    Board,
    CalendarFeed,
    Campaign,
    Channel,
    ComfyGraph,
    Consent,
    ContentPlan,
    Dataset,
    Influencer,
    Job,
    Lora,
    PostSnippet,
    PromptTemplate,
    Reel,
    Style,
    TextDraft,
    Track,
    TrainingRun,
    User,
    Voice,
    WebhookEndpoint,
    Wildcard,
    Workspace,
    WritingStyle,
)

_COLUMNS: dict[str, tuple[Any, ...]] = {
    "api_key": (ApiKey.name,),
    "automation": (Automation.name,),
    "board": (Board.name,),
    "calendar_feed": (CalendarFeed.name,),
    "campaign": (Campaign.name,),
    "channel": (Channel.name,),
    "consent": (Consent.subject_name,),
    "dataset": (Dataset.name,),
    "influencer": (Influencer.name,),
    "job": (Job.title,),
    "lora": (Lora.name,),
    "member": (User.name,),
    "plan": (ContentPlan.topic,),
    "reel": (Reel.title,),
    "snippet": (PostSnippet.name,),
    "style": (WritingStyle.name, Style.name),
    "template": (PromptTemplate.name,),
    "text": (TextDraft.topic,),
    "track": (Track.title,),
    "training": (TrainingRun.name,),
    "voice": (Voice.title,),
    "webhook_endpoint": (WebhookEndpoint.name,),
    "wildcard": (Wildcard.name,),
    "workflow": (ComfyGraph.name,),
    "workspace": (Workspace.name,),
}
"""Noun of events -> the columns that may hold its name: prompt styles and writing styles are one noun."""


def read(tx: Session, things: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """`things`: (noun, id). (noun, id) -> name, of those that are still there, deleted ones too."""
    ids_by_noun: defaultdict[str, set[str]] = defaultdict(set)
    for noun, noun_id in things:
        ids_by_noun[noun].add(noun_id)
    names: dict[tuple[str, str], str] = {}
    for noun, ids in sorted(ids_by_noun.items()):
        for column in _COLUMNS.get(noun, ()):
            rows = tx.execute(select(column.class_.id, column).where(column.class_.id.in_(ids)))
            names |= {(noun, noun_id): name for noun_id, name in rows if name}
    return names


def find(tx: Session, text: str, *, take: int = 200) -> list[str]:
    """Ids of things with `text` in their name: at most `take` of each noun, found in one statement."""
    pattern = func.concat("%", func.replace(func.replace(text, "\\", "\\\\"), "%", "\\%"), "%")
    columns = dict.fromkeys(column for columns in _COLUMNS.values() for column in columns)
    parts = [select(column.class_.id).where(cast(column, Text).ilike(pattern)).limit(take).subquery() for column in columns]
    return list(tx.scalars(union_all(*(select(part.c.id) for part in parts))))
