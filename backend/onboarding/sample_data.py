"""What the sample influencer comes with: sample.json, what it says in another language, and the pictures beside it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.content_plans import PastState
from backend.influencers import Persona
from backend.language import LANGUAGES

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
    language: str = "en"
    persona: Persona
    look_prompt: str
    pictures: tuple[SamplePicture, ...]
    texts: tuple[SampleText, ...]
    posts: Annotated[tuple[SamplePost, ...], Field(min_length=1)]
    recurring_times: tuple[tuple[int, str], ...]


class _PostWords(_Part):
    topic: str
    caption: str
    hashtags: tuple[str, ...]
    first_comment: str = ""


class SampleWords(_Part):
    """What is worded in another language, in the order of sample.json: `alts` of the pictures, `posts`. Prompts stay English:
    the models read that."""

    persona: Persona
    alts: tuple[str, ...]
    texts: tuple[SampleText, ...]
    posts: tuple[_PostWords, ...]


def picture_path(n: int, width: int | None = None) -> Path:
    """The file of picture `n`, or of its thumbnail of this width."""
    return PICTURES / (f"{n:02}.w{width}.webp" if width else f"{n:02}.webp")


@cache
def load(language: str = "en") -> SampleInfluencer:
    """`language`: a key of LANGUAGES; one without words of its own gets the English ones."""
    sample = SampleInfluencer.model_validate_json((HERE / "sample.json").read_text("utf-8"))
    file = HERE / f"sample.{language}.json"
    if language not in LANGUAGES or not file.is_file():
        return sample
    words = SampleWords.model_validate_json(file.read_text("utf-8"))
    pictures = zip(sample.pictures, words.alts, strict=True)
    posts = zip(sample.posts, words.posts, strict=True)
    return sample.model_copy(
        update={
            "language": language,
            "persona": words.persona,
            "texts": words.texts,
            "pictures": tuple(picture.model_copy(update={"alt": alt}) for picture, alt in pictures),
            "posts": tuple(post.model_copy(update=dict(worded)) for post, worded in posts),
        }
    )
