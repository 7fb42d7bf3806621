"""What a search finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Noun = Literal[
    "influencer",
    "post",
    "picture",
    "video",
    "reel",
    "text",
    "job",
    "member",
    "board",
    "dataset",
    "lora",
    "channel",
    "track",
]
NOUNS: tuple[Noun, ...] = get_args(Noun)
"""In the order in which hits are listed."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One thing that was found. `subtitle`: a second line, or ""; `state`: of posts, texts, jobs and channels, else "";
    `asset_id`: its picture, if it has one; `at`: when a post is due, else when the thing was made."""

    noun: Noun
    id: str
    title: str
    subtitle: str
    state: str
    asset_id: str | None
    at: datetime | None
