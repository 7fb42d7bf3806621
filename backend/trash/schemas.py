"""Values of the trash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from backend.kit.drafts import Draft

TrashKind = Literal["picture", "video", "reel", "text", "post", "board", "track", "lora", "dataset"]
KINDS: tuple[TrashKind, ...] = ("picture", "video", "reel", "text", "post", "board", "track", "lora", "dataset")
MAX_ITEMS = 500
"""Restored or erased by one request."""


class TrashItem(Draft):
    kind: TrashKind
    id: Annotated[str, Field(max_length=80)]


@dataclass(frozen=True, slots=True)
class TrashCard:
    """`asset_id` "": it has no picture. `title`: its prompt, text, topic or name, at most 300 characters. `influencer_id`,
    `influencer_name` "": nobody's."""

    kind: TrashKind
    id: str
    title: str
    asset_id: str
    influencer_id: str
    influencer_name: str
    deleted_at: datetime


@dataclass(frozen=True, slots=True)
class TrashPage:
    """Deleted last comes first. `next_cursor` None: nothing follows."""

    cards: list[TrashCard]
    next_cursor: str | None
