"""Order, job payloads, forecast and progress of a series: many posts planned at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from backend.content_plans import PlanCard
from backend.jobs import JobCard
from backend.kit.drafts import Draft
from backend.language import tr_lazy
from backend.writing import CAPTION_CHARACTERS, MAX_AUDIENCE, MAX_CALL_TO_ACTION, MAX_STYLE, MAX_TOPIC, Goal

MAX_DAYS, MAX_POSTS_PER_DAY, MAX_POSTS, MAX_PICTURES = 31, 4, 60, 4
DEFAULT_REDRAWS, MAX_REDRAWS = 3, 6
PictureFormat = Literal["picture", "carousel", "story", "reel"]
Topic = Annotated[str, Field(max_length=MAX_TOPIC)]


class SeriesOrder(Draft):
    """Posts for `days` days from `first` on, in the influencer's time zone.

    `clocks`: times of day (“18:30”), one post each; empty: the influencer's recurring times. `channel_ids`: in the order they
    publish, `minutes_between` apart. `pictures`: a post; 0: text only; with the format reel: whether a reel of about
    `reel_seconds` is made. `redraw`: how often pictures that do not look like the
    influencer are drawn again; 0: never. `topics`: of the first posts; the writer thinks of the others. `skip_filled`: leave
    out days on which the influencer has a post already. `length`: characters of a caption. `goal`, `audience`,
    `call_to_action`: of every post, as in a WriteOrder. `privacy`: channel id -> who can see its posts (the platform's own
    word), where somebody has chosen it. `zone`: the influencer's time zone as whoever ordered saw it; "": as it is.
    """

    influencer_id: str
    first: date
    days: int = Field(7, ge=1, le=MAX_DAYS)
    clocks: tuple[str, ...] = Field((), max_length=MAX_POSTS_PER_DAY)
    skip_filled: bool = True
    channel_ids: tuple[str, ...] = Field(max_length=20)
    format: PictureFormat = "picture"
    pictures: int = Field(1, ge=0, le=MAX_PICTURES)
    reel_seconds: int = Field(20, ge=10, le=60)
    redraw: int = Field(DEFAULT_REDRAWS, ge=0, le=MAX_REDRAWS)
    topics: tuple[Topic, ...] = Field((), max_length=MAX_POSTS)
    style: str = Field("", max_length=MAX_STYLE)
    length: int = Field(CAPTION_CHARACTERS, ge=40, le=2200)
    goal: Goal = ""
    audience: str = Field("", max_length=MAX_AUDIENCE)
    call_to_action: str = Field("", max_length=MAX_CALL_TO_ACTION)
    minutes_between: int = Field(0, ge=0, le=120)
    privacy: dict[str, Annotated[str, Field(max_length=60)]] = Field(default_factory=dict)
    zone: str = Field("", max_length=60)

    @field_validator("clocks")
    @classmethod
    def _clocks(cls, clocks: tuple[str, ...]) -> tuple[str, ...]:
        for clock in clocks:
            hour, _, minute = clock.partition(":")
            if not (len(clock) == 5 and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
                raise ValueError(tr_lazy("“{clock}” is not a time of day. Write it like 18:30.", clock=clock[:20]))
        if len(set(clocks)) < len(clocks):
            raise ValueError(tr_lazy("A time of day is there twice. Choose another one, or one post less a day."))
        return tuple(sorted(clocks))

    @field_validator("channel_ids")
    @classmethod
    def _channels(cls, channel_ids: tuple[str, ...]) -> tuple[str, ...]:
        if not channel_ids:
            raise ValueError(tr_lazy("Choose at least one channel that the posts are for."))
        return tuple(dict.fromkeys(channel_ids))

    @field_validator("topics")
    @classmethod
    def _topics(cls, topics: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(stripped for topic in topics if (stripped := " ".join(topic.split())))

    @model_validator(mode="after")
    def _sizes(self) -> SeriesOrder:
        if self.clocks and self.days * len(self.clocks) > MAX_POSTS:
            raise ValueError(
                tr_lazy(
                    "These are {n} posts; at most {max_posts} at once. Plan fewer days.",
                    n=self.days * len(self.clocks),
                    max_posts=MAX_POSTS,
                )
            )
        if self.format == "carousel" and self.pictures == 1:
            raise ValueError(tr_lazy("A carousel has at least 2 pictures. Choose more, or make single pictures."))
        if self.format != "carousel" and self.pictures > 1:
            raise ValueError(tr_lazy("A {format} has one picture. Choose a carousel for several.", format=self.format))
        if len(self.channel_ids) * self.minutes_between > 720:
            raise ValueError(tr_lazy("The last channel would go out more than 12 hours after the first. Choose fewer minutes."))
        return self


class SeriesPayload(BaseModel):
    """Payload of a `content-plan` job. `latest_first`: the last day that it may begin on where no time is free any more on the
    days of the order; None: only on those."""

    order: SeriesOrder
    latest_first: date | None = None  # not in the order: workers of older versions refuse fields of orders they do not know


class PicturePayload(BaseModel):
    """Payload of a `content-plan-picture` job: the pictures of one post of a series. `size`: a key of generation.SIZES."""

    plan_id: str
    text_id: str
    influencer_id: str
    prompt: str
    alt_text: str = ""
    n: int = 1
    size: str = "portrait"
    redraw: int = 0


class WordsPayload(BaseModel):
    """Payload of a `content-plan-words` job: the words of one post that has none. `style` as in a WriteOrder."""

    plan_id: str
    influencer_id: str
    style: str = ""


class MotionPayload(BaseModel):
    """Payload of a `content-plan-motion` job: the picture of one post becomes a video."""

    plan_id: str
    seconds: float | None = None


class ReelPayload(BaseModel):
    """Payload of a `content-plan-reel` job: the reel of one post of a series. `hook`: the words that it begins with."""

    plan_id: str
    influencer_id: str
    topic: str
    hook: str = ""
    style: str = ""
    seconds: int = 20


@dataclass(frozen=True, slots=True)
class FreeTime:
    """A free time: `wall`, the local time, and `at`, the instant."""

    wall: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecast of an order. `left_out`: requested times that are past or taken; `moved`: those with another time instead;
    `filled`: days left out because they have a post already.

    `most_usd` None: it is free (no language model is set); `usual_usd` None: nothing was paid here before. `left_usd`: what is
    left of the budgets; None: there are none. `write_s`, `draw_s`: seconds; `draw_s` None: unknown; it includes `load_s`, for
    loading the model. `ahead`: image jobs of the workspace that run or wait before it. `warnings`: sentences for people.
    """

    moments: tuple[FreeTime, ...]
    left_out: int
    filled: int
    moved: int
    pictures: int
    most_usd: Decimal | None
    usual_usd: Decimal | None
    left_usd: Decimal | None
    write_s: float
    draw_s: float | None
    ahead: int = 0
    warnings: tuple[str, ...] = ()
    load_s: float = 0.0

    @property
    def seconds(self) -> float | None:
        """In all: while the pictures of one post are drawn, the next post is written. None: unknown."""
        if self.pictures and self.draw_s is None:
            return None
        drawn, n = (self.draw_s or 0.0) - self.load_s, max(1, len(self.moments))
        return self.load_s + max(self.write_s, drawn) + min(self.write_s, drawn) / n

    @property
    def over(self) -> bool:
        """Whether a budget may stop it before its end."""
        return self.most_usd is not None and self.left_usd is not None and self.most_usd > self.left_usd


@dataclass(frozen=True, slots=True)
class SeriesCard:
    """Progress of a series. `asked`: posts it makes. `pictures`: posts whose pictures were requested; of those, `drawn` are
    done and `failed` failed.

    `held`: pictures in the face check. `lacking`: posts without a picture, because too few looked like the influencer.
    `left_s`: seconds until the other pictures are done; None: unknown. `drafts`: ids of plans that are still drafts.
    """

    job: JobCard
    asked: int
    plans: tuple[PlanCard, ...]
    drafts: tuple[str, ...]
    pictures: int
    drawn: int
    failed: int
    held: int
    lacking: int
    left_s: float | None
