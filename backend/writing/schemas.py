"""Values of writing: orders, texts, ideas and chat lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from backend.kit.drafts import Draft
from backend.language import messages, stored, tr_lazy
from backend.writing.content_types import CONTENT_TYPES, full_key

MAX_TOPIC, MAX_STYLE, MAX_VARIANTS, MAX_DAYS = 200, 100, 5, 30
MAX_AUDIENCE, MAX_CALL_TO_ACTION, MAX_SPONSOR, MAX_MUST_SAY = 200, 100, 200, 5
CAPTION_CHARACTERS = 150
Part = Literal["hook", "caption", "hashtags", "alt_text", "picture"]
PARTS: tuple[Part, ...] = ("hook", "caption", "hashtags", "alt_text", "picture")
State = Literal["draft", "used", "discarded"]
Goal = Literal["", "conversation", "saves", "shares", "clicks", "sales", "followers"]
GOALS: dict[Goal, str] = {
    "": tr_lazy("None"),
    "conversation": tr_lazy("Comments"),
    "saves": tr_lazy("Saves"),
    "shares": tr_lazy("Shares"),
    "clicks": tr_lazy("Clicks"),
    "sales": tr_lazy("Sales"),
    "followers": tr_lazy("New followers"),
}
"""Goal -> its name on forms."""
HashtagText = Annotated[str, Field(max_length=100)]
MustSay = Annotated[str, Field(max_length=100)]


class Suggestion(BaseModel):
    """An idea for a post. `caption`: in their language; `picture`: an image prompt in English without their name."""

    caption: str = Field(min_length=1, max_length=2000)
    picture: str = Field(min_length=1, max_length=2000)


class TextParts(Draft):
    """A text for a post. `hashtags` with their #. `picture`: an image prompt in English with the trigger word."""

    hook: str = Field("", max_length=500)
    caption: str = Field("", max_length=5000)
    hashtags: Annotated[tuple[HashtagText, ...], Field(max_length=60)] = ()
    alt_text: str = Field("", max_length=1000)
    picture: str = Field("", max_length=2000)


class PostBrief(Draft):
    """What a post is to achieve, and for whom.

    `goal`: a key of GOALS, "" none. `audience`: who reads it, "": as the persona says. `call_to_action`: what the reader is
    asked to do. `sponsor`: who pays for a sponsored post, and for what. `must_say`: words that have to stand in the caption as
    they are (a discount code, the brand's @name).
    """

    goal: Goal = ""
    audience: str = Field("", max_length=MAX_AUDIENCE)
    call_to_action: str = Field("", max_length=MAX_CALL_TO_ACTION)
    sponsor: str = Field("", max_length=MAX_SPONSOR)
    must_say: Annotated[tuple[MustSay, ...], Field(max_length=MAX_MUST_SAY)] = ()

    @field_validator("must_say")
    @classmethod
    def _lines(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(words for line in lines if (words := " ".join(line.split()))))

    def brief(self) -> dict[str, Any]:
        """The fields of PostBrief alone, as JSON values."""
        return self.model_dump(mode="json", include=set(PostBrief.model_fields))


class _OrderBase(PostBrief):
    """Fields of every order. `content_type`: a key of CONTENT_TYPES, or a short form: post, reel, story …"""

    influencer_id: str
    content_type: str = "instagram-post"
    style: str = Field("", max_length=MAX_STYLE)
    sponsored: bool = False
    length: int = Field(CAPTION_CHARACTERS, ge=40, le=2200)

    @field_validator("content_type")
    @classmethod
    def _known_content_type(cls, key: str) -> str:
        if (full := full_key(key)) not in CONTENT_TYPES:
            raise ValueError(
                tr_lazy(
                    "There is no content type “{key}”. Choose one of: {content_types}.",
                    key=key[:40],
                    content_types=", ".join(CONTENT_TYPES),
                )
            )
        return full


class WriteOrder(_OrderBase):
    """A text for one post. `style`: motivational, dry …; `length`: characters the caption may have. `publish_on`: the day it is
    published where the influencer lives, None: not known.
    """

    topic: str = Field(max_length=MAX_TOPIC)
    publish_on: date | None = None

    @model_validator(mode="after")
    def _must_say_fits(self) -> WriteOrder:
        if (needed := len(" ".join(self.must_say))) > self.length:
            raise ValueError(
                tr_lazy(
                    "The words that must be said have {needed} characters, the caption may have {length}. Allow a longer one.",
                    needed=needed,
                    length=self.length,
                )
            )
        return self

    @field_validator("topic")
    @classmethod
    def _topic(cls, topic: str) -> str:
        if not (normalized := " ".join(topic.split())):
            raise ValueError(tr_lazy("Write in a few words what the post is about."))
        return normalized


class IdeasOrder(_OrderBase):
    """Ideas for `days` days. `topic`: what they should be about, "": what the influencer talks about.

    `kinds`: the content types they may have. `first`: the date of day 1 where the influencer lives, None: no dates are known.
    """

    days: int = Field(7, ge=1, le=MAX_DAYS)
    topic: str = Field("", max_length=MAX_TOPIC)
    kinds: tuple[str, ...] = ("instagram-post",)
    first: date | None = None

    def dates(self, first_day: int, n: int) -> dict[int, date]:
        """Day of the plan -> its date, of the days `first_day` to `first_day + n - 1`; {} when no dates are known."""
        if self.first is None:
            return {}
        return {day: self.first + timedelta(days=day - 1) for day in range(first_day, first_day + n)}

    @field_validator("kinds")
    @classmethod
    def _kinds(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        full = tuple(dict.fromkeys(map(full_key, kinds)))
        if not full or set(full) - set(CONTENT_TYPES):
            raise ValueError(
                tr_lazy("Choose at least one content type: {content_types}.", content_types=", ".join(CONTENT_TYPES))
            )
        return full


class IdeasPayload(BaseModel):
    """Payload of a `content-ideas` job; that of a `content-generation` job is a WriteOrder."""

    order: IdeasOrder
    batch_id: str


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that a text broke. `repaired`: a second try no longer breaks it."""

    part: str
    rule: str
    sentence: str
    repaired: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is stored; `sentence` with its parts, so that it is worded for whoever reads it."""
        return {"part": self.part, "rule": self.rule, "sentence": stored(self.sentence), "repaired": self.repaired}

    @classmethod
    def from_json(cls, note: Mapping[str, Any]) -> Self:
        """What `as_json` has written; in rows of earlier versions the sentence is a plain text."""
        sentence = note["sentence"]
        return cls(**{**note, "sentence": sentence if isinstance(sentence, str) else messages.read(sentence)})


@dataclass(frozen=True, slots=True)
class DraftCard:
    """A text for one post. `day`: of an idea, 1 = the first of its plan. `model` "": written by a person."""

    id: str
    influencer_id: str
    influencer_name: str
    language: str
    batch_id: str
    state: str
    day: int | None
    content_type: str
    topic: str
    style: str
    length: int
    sponsored: bool
    brief: PostBrief
    publish_on: date | None
    parts: TextParts
    notes: tuple[BrokenRule, ...]
    earlier: tuple[Mapping[str, Any], ...]
    model: str
    cost_usd: Decimal
    replies: tuple[str, ...]
    job_id: str | None
    picture_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def is_idea(self) -> bool:
        """Whether it has no caption yet."""
        return not self.parts.caption

    def order(self) -> WriteOrder:
        return WriteOrder(
            influencer_id=self.influencer_id,
            content_type=self.content_type,
            topic=self.topic,
            style=self.style,
            sponsored=self.sponsored,
            length=self.length,
            publish_on=self.publish_on,
            **self.brief.brief(),
        )


@dataclass(frozen=True, slots=True)
class DraftPage:
    """Newest first. `next_cursor` None: nothing older."""

    cards: list[DraftCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class ChatLine:
    """A question in a chat and its answer. `state`: saying (under way), said, cut (ended early)."""

    id: str
    question: str
    answer: str
    state: str
    notes: tuple[BrokenRule, ...]
    model: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LlmCost:
    """What language-model calls cost. `model`: the one that answered; `replies`: generation ids of the calls."""

    model: str = ""
    usd: Decimal = Decimal(0)
    replies: tuple[str, ...] = field(default=())

    def __add__(self, other: LlmCost) -> LlmCost:
        return LlmCost(other.model or self.model, self.usd + other.usd, self.replies + other.replies)


@dataclass(frozen=True, slots=True)
class TextEstimate:
    """What a text costs, with its picture if it gets one. `usual_usd`: the mean of earlier calls, None without any; `most_usd`:
    an upper bound, repairs included.

    `seconds`: to draw the picture (in bulk planning: all pictures), None when nothing was measured yet; `load_s` of them until
    the model is loaded. `ahead`: image jobs of the workspace that run or wait before it.
    """

    pictures: int
    seconds: float | None
    ahead: int
    usual_usd: Decimal | None
    most_usd: Decimal
    load_s: float = 0.0
