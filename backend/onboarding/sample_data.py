"""What the sample influencer comes with: sample.json, and the pictures beside it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.content_plans import PastState
from backend.influencers import Persona

HERE = Path(__file__).resolve().parent
PICTURES = HERE / "pictures"
WIDTH, HEIGHT = 1080, 1350
_SOON = timedelta(hours=2)
"""When the post of today goes out, after the sample was added."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SamplePicture(_Part):
    """`dhash`: its perceptual hash (`media.images.picture_hash`)."""

    prompt: str
    alt: str
    dhash: str


class SampleText(_Part):
    topic: str
    caption: str
    hashtags: tuple[str, ...]


class SamplePost(_Part):
    """`day`: from today on, None: no date. `at`: local time, "" soon. `pictures`: by number."""

    day: int | None
    at: str
    state: PastState | Literal["draft", "in_review", "scheduled", "on_hold"]
    topic: str
    caption: str
    hashtags: tuple[str, ...]
    pictures: tuple[int, ...]
    first_comment: str = ""

    def local_time(self, now: datetime) -> datetime | None:
        """`now`: local and naive. What has gone out stays before it, everything else comes after it."""
        if self.day is None:
            return None
        if not self.at:
            return (now + _SOON).replace(second=0, microsecond=0)
        return datetime.combine(now.date() + timedelta(days=self.day), time.fromisoformat(self.at))


class SampleInfluencer(_Part):
    """`recurring_times`: (weekday, local time)."""

    name: str
    persona: Persona
    look_prompt: str
    pictures: tuple[SamplePicture, ...]
    texts: tuple[SampleText, ...]
    posts: Annotated[tuple[SamplePost, ...], Field(min_length=1)]
    recurring_times: tuple[tuple[int, str], ...]


def picture_path(n: int, width: int | None = None) -> Path:
    """The file of picture `n`, or of its thumbnail of this width."""
    return PICTURES / (f"{n:02}.w{width}.webp" if width else f"{n:02}.webp")


@cache
def load() -> SampleInfluencer:
    return SampleInfluencer.model_validate_json((HERE / "sample.json").read_text("utf-8"))
