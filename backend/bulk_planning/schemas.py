"""What is asked for, carried and shown of a series: many posts planned at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from backend.content_plans import PlanCard
from backend.jobs import JobCard
from backend.kit.drafts import Draft
from backend.writing import CAPTION_CHARACTERS, MAX_AUDIENCE, MAX_CALL_TO_ACTION, MAX_STYLE, MAX_TOPIC, Goal

MOST_DAYS, MOST_A_DAY, MOST_POSTS, MOST_PICTURES = 31, 4, 60, 4
REDRAW, MOST_REDRAW = 3, 6
Form = Literal["picture", "carousel", "story"]
Topic = Annotated[str, Field(max_length=MAX_TOPIC)]


class SeriesOrder(Draft):
    """Posts for `days` days from `first` on, by the influencer's own clocks.

    `clocks`: times of day (“18:30”), one post each; none: at the influencer's recurring times. `channel_ids` in the order they
    go out, `minutes_between` apart. `pictures` a post, 0: words alone. `redraw`: how often pictures that do not look like them
    are drawn again; 0: posts get them as they come. `topics`: of the first posts; the others are thought of. `skip_filled`:
    days on which the influencer has a post already get no other. `length`: characters a caption may have. `goal`, `audience`,
    `call_to_action`: of every post, as in a WriteOrder. `privacy`: channel -> who can see its posts, in the platform's own
    word, where somebody has chosen it for all of them.
    """

    influencer_id: str
    first: date
    days: int = Field(7, ge=1, le=MOST_DAYS)
    clocks: tuple[str, ...] = Field((), max_length=MOST_A_DAY)
    skip_filled: bool = True
    channel_ids: tuple[str, ...] = Field(max_length=20)
    format: Form = "picture"
    pictures: int = Field(1, ge=0, le=MOST_PICTURES)
    redraw: int = Field(REDRAW, ge=0, le=MOST_REDRAW)
    topics: tuple[Topic, ...] = Field((), max_length=MOST_POSTS)
    style: str = Field("", max_length=MAX_STYLE)
    length: int = Field(CAPTION_CHARACTERS, ge=40, le=2200)
    goal: Goal = ""
    audience: str = Field("", max_length=MAX_AUDIENCE)
    call_to_action: str = Field("", max_length=MAX_CALL_TO_ACTION)
    minutes_between: int = Field(0, ge=0, le=120)
    privacy: dict[str, Annotated[str, Field(max_length=60)]] = Field(default_factory=dict)

    @field_validator("clocks")
    @classmethod
    def _clocks(cls, clocks: tuple[str, ...]) -> tuple[str, ...]:
        for clock in clocks:
            hour, _, minute = clock.partition(":")
            if not (len(clock) == 5 and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
                raise ValueError(f"“{clock[:20]}” is no time of day. Write it like 18:30.")
        if len(set(clocks)) < len(clocks):
            raise ValueError("A time of day is there twice. Choose another one, or one post less a day.")
        return tuple(sorted(clocks))

    @field_validator("channel_ids")
    @classmethod
    def _channels(cls, channel_ids: tuple[str, ...]) -> tuple[str, ...]:
        if not channel_ids:
            raise ValueError("Choose at least one channel that the posts are for.")
        return tuple(dict.fromkeys(channel_ids))

    @field_validator("topics")
    @classmethod
    def _topics(cls, topics: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(said for topic in topics if (said := " ".join(topic.split())))

    @model_validator(mode="after")
    def _sizes(self) -> SeriesOrder:
        if self.clocks and self.days * len(self.clocks) > MOST_POSTS:
            raise ValueError(f"These are {self.days * len(self.clocks)} posts; at most {MOST_POSTS} at once. Plan fewer days.")
        if self.format == "carousel" and self.pictures == 1:
            raise ValueError("A carousel has at least 2 pictures. Choose more, or make single pictures.")
        if self.format != "carousel" and self.pictures > 1:
            raise ValueError(f"A {self.format} has one picture. Choose a carousel for several.")
        if len(self.channel_ids) * self.minutes_between > 720:
            raise ValueError("The last channel would go out more than 12 hours after the first. Choose fewer minutes.")
        return self


class SeriesPayload(BaseModel):
    """Of a `content-plan` job."""

    order: SeriesOrder


class PicturePayload(BaseModel):
    """Of a `content-plan-picture` job: what a post of a series shows. `size`: a key of generation.SIZES."""

    plan_id: str
    text_id: str
    influencer_id: str
    prompt: str
    alt_text: str = ""
    n: int = 1
    size: str = "portrait"
    redraw: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """A free time: as the clock there shows it, and as an instant."""

    wall: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an order comes to, before it is started. `left_out`: times that are past or have no room.
    `filled`: days left out because they have a post already.

    `most_usd` None: nothing is paid (no model is set); `usual_usd` None: nothing was paid here before. `left_usd`: of the
    limits, None: there are none. `draw_s` None: no time is known; `load_s` of it until the model is loaded. `ahead`: image jobs
    of the workspace that run or wait before it. `warnings`: sentences that people ought to read first.
    """

    moments: tuple[Moment, ...]
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
        """In all: while one post is drawn, the next is written. None: the pictures' time is not known."""
        if self.pictures and self.draw_s is None:
            return None
        drawn, n = (self.draw_s or 0.0) - self.load_s, max(1, len(self.moments))
        return self.load_s + max(self.write_s, drawn) + min(self.write_s, drawn) / n

    @property
    def over(self) -> bool:
        """It may be stopped by a limit before its end."""
        return self.most_usd is not None and self.left_usd is not None and self.most_usd > self.left_usd


@dataclass(frozen=True, slots=True)
class SeriesCard:
    """A series and what has become of it. `pictures`: posts whose pictures were asked for; `drawn` of them are there.

    `held`: pictures that the identity gate keeps back. `lacking`: posts that need a picture, for too few looked like them.
    `left_s`: seconds until the others are there, None: not known.
    `drafts`: ids of plans nobody has sent on yet.
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
