"""Values of the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

NounGroup = Literal["pictures", "videos", "texts", "posts", "influencers", "models", "automations", "settings"]
NOUN_GROUPS: dict[NounGroup, tuple[str, ...]] = {
    "pictures": ("picture", "board"),
    "videos": ("clip", "reel", "track"),
    "texts": ("text", "template", "wildcard", "style"),
    "posts": ("plan", "post", "campaign", "snippet", "channel", "calendar_feed"),
    "influencers": ("influencer", "voice", "lexicon_entry", "consent"),
    "models": ("lora", "dataset", "training", "trial", "workflow"),
    "automations": ("automation", "job"),
    "settings": (
        "workspace",
        "member",
        "invitation",
        "budget",
        "api_key",
        "webhook_endpoint",
        "webhook",
        "notice_target",
        "notice_settings",
    ),
}
"""What the history can be narrowed down to -> nouns of its events. Every noun that it tells of is in one."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a sentence is made of. `kind`: of an event (`lora.renamed`) or an act (`picture.rate`); `data`: its values; `name`:
    what the thing is called, "…" where nobody knows any more."""

    kind: str
    noun: str
    noun_id: str
    data: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """Something that a person did. `id`: of its undo entry where there is one, else of its event; `sentence`: for `worded`;
    `can_undo`: it was not undone, and is not forgotten yet; `why_not`: why there is no undo, "" where there is."""

    id: str
    kind: str
    noun: str
    noun_id: str
    sentence: str
    at: datetime
    can_undo: bool
    undone_at: datetime | None
    why_not: str


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Newest first. `next_cursor` None: nothing follows."""

    entries: list[HistoryItem]
    next_cursor: str | None
