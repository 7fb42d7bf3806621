"""Values that go into and come out of `backend.content_plans`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from backend.content_plans import rules, times
from backend.content_plans.times import RecurringTime, zone_of
from backend.db.tables import PostState
from backend.kit.drafts import Draft
from backend.language import tr_lazy

MAX_MEDIA = 35
MAX_PLANS_AT_ONCE = 500
Id = Annotated[str, Field(max_length=80)]
Format = Literal["", "picture", "carousel", "reel", "story", "video", "short"]


class FileEdit(Draft):
    """`ratio`: width/height it is cropped to, around `focus` (0 left or top, 1 right or bottom; None: the middle).
    `crop_focus` gives the new crops of pictures that of their face.

    `width`: px at most; `least`: px wide that a narrower picture is enlarged to. `seconds`: only the first so many.
    `transcode`: as every platform plays it.
    """

    ratio: float | None = Field(None, ge=0.1, le=10)
    focus: float | None = Field(None, ge=0, le=1)
    width: int | None = Field(None, ge=64, le=10_000)
    least: int | None = Field(None, ge=64, le=2_000)
    seconds: float | None = Field(None, ge=0.5, le=12 * 3600)
    transcode: bool = False

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return any((self.ratio, self.width, self.least, self.seconds, self.transcode))


class VariantDraft(Draft):
    """What is published on one channel. `media`: asset ids in order; `hashtags`: words or a text; `alt_texts` by asset id.

    `edits`: how a file is changed before it is sent, by asset id; those of files that are not in `media` are dropped.
    """

    channel_id: Id
    format: Format = ""
    caption: str = Field("", max_length=5000)
    title: str = Field("", max_length=300)
    hashtags: tuple[Annotated[str, Field(max_length=100)], ...] = Field((), max_length=60)
    media: tuple[Id, ...] = Field((), max_length=MAX_MEDIA)
    edits: dict[Id, FileEdit] = Field(default_factory=dict)
    cover_id: Id = ""
    first_comment: str = Field("", max_length=2200)
    alt_texts: dict[Id, Annotated[str, Field(max_length=1000)]] = Field(default_factory=dict)
    privacy: str = Field("", max_length=60)
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("hashtags", mode="before")
    @classmethod
    def _hashtags(cls, value: Any) -> Any:
        return rules.parse_hashtags(value) if isinstance(value, (str, list, tuple)) else value

    @field_validator("media")
    @classmethod
    def _media(cls, media: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(media)) < len(media):
            raise ValueError(tr_lazy("A picture or video is in this post twice. Remove one."))
        return media

    @model_validator(mode="after")
    def _edits(self) -> Self:
        used_edits = {asset_id: edit for asset_id, edit in self.edits.items() if edit and asset_id in self.media}
        if used_edits != self.edits:
            object.__setattr__(self, "edits", used_edits)
        return self

    @field_validator("options")
    @classmethod
    def _options(cls, options: dict[str, Any]) -> dict[str, Any]:
        return times.validate_offset(options)

    def without_offset(self) -> Self:
        """The variant without its offset to the plan's time: what the audience sees of it."""
        options = {name: value for name, value in self.options.items() if name != times.OFFSET_OPTION}
        return self.model_copy(update={"options": options})


class PlanDraft(Draft):
    """A content plan. `wall`: local time in `zone`, naive; None: no date. `zone` "": the influencer's own."""

    influencer_id: Id
    topic: str = Field("", max_length=300)
    notes: str = Field("", max_length=4000)
    wall: datetime | None = None
    zone: str = Field("", max_length=60)
    variants: tuple[VariantDraft, ...] = Field((), max_length=20)

    @field_validator("wall")
    @classmethod
    def _wall(cls, local_time: datetime | None) -> datetime | None:
        if local_time is not None and local_time.tzinfo is not None:
            raise ValueError(tr_lazy("Give the time as the clock shows it, without an offset, and the zone beside it."))
        return local_time.replace(second=0, microsecond=0) if local_time else None

    @field_validator("zone")
    @classmethod
    def _zone(cls, zone: str) -> str:
        if zone:
            zone_of(zone)
        return zone

    @field_validator("variants")
    @classmethod
    def _variants(cls, variants: tuple[VariantDraft, ...]) -> tuple[VariantDraft, ...]:
        if len({variant.channel_id for variant in variants}) < len(variants):
            raise ValueError(tr_lazy("A channel is in this post twice. Each channel gets one post."))
        return variants


class PostSource(Draft):
    """What a post is made from. `influencer_id` "": whose the text, pictures, videos or reels are. `caption`: words without a
    text.

    `channel_ids` None: those that suit. `wall`: local time in `zone` ("": the influencer's), naive; None: the next free time,
    or no date where `dated` is false.
    """

    influencer_id: Id = ""
    picture_ids: tuple[Id, ...] = Field((), max_length=MAX_MEDIA)
    video_ids: tuple[Id, ...] = Field((), max_length=MAX_MEDIA)
    reel_ids: tuple[Id, ...] = Field((), max_length=MAX_MEDIA)
    text_id: Id = ""
    caption: str = Field("", max_length=5000)
    channel_ids: tuple[Id, ...] | None = Field(None, max_length=20)
    wall: datetime | None = None
    zone: str = Field("", max_length=60)
    dated: bool = True

    @field_validator("picture_ids", "video_ids", "reel_ids", "channel_ids")
    @classmethod
    def _each_once(cls, ids: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return ids if ids is None else tuple(dict.fromkeys(ids))


class RulesDraft(Draft):
    """`policy`: which posts need an approval: `all`, `first` (the first `first_n`) or `auto` (none)."""

    policy: rules.Policy = "all"
    first_n: int = Field(5, ge=1, le=500)
    gap_minutes: int = Field(60, ge=0, le=1440)
    cooldown_days: int = Field(60, ge=0, le=730)
    slots: tuple[RecurringTime, ...] = Field((), max_length=100)

    @field_validator("slots")
    @classmethod
    def _slots(cls, slots: tuple[RecurringTime, ...]) -> tuple[RecurringTime, ...]:
        for slot in slots:
            hour, _, minute = slot.at.partition(":")
            if not (len(slot.at) == 5 and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
                raise ValueError(tr_lazy("“{at}” is not a time of day. Write it like 18:30.", at=slot.at[:20]))
            if not 0 <= slot.weekday <= 6:
                raise ValueError(tr_lazy("A day of the week is 0 (Monday) to 6 (Sunday)."))
        return tuple(sorted(set(slots), key=lambda slot: (slot.weekday, slot.at)))


@dataclass(frozen=True, slots=True)
class RulesCard:
    """`stopped_by_workspace`: since when the workspace's own switch is on, which overrides the influencer's."""

    influencer_id: str
    policy: str
    first_n: int
    gap_minutes: int
    cooldown_days: int
    slots: tuple[RecurringTime, ...]
    stopped_at: datetime | None
    stopped_by_workspace: datetime | None
    approved: int
    """Posts that people approved so far: what the policy `first` counts."""
    holiday_country: str = ""
    """Whose public holidays the calendar shows: ISO 3166 code, `none`, or "": as the workspace says, else by time zone."""

    @property
    def stopped(self) -> bool:
        return bool(self.stopped_at or self.stopped_by_workspace)

    @property
    def review(self) -> bool:
        """Whether the next post needs somebody's approval."""
        return rules.needs_review(self.policy, first_n=self.first_n, approved=self.approved)


@dataclass(frozen=True, slots=True)
class PublishingSwitch:
    """Of the whole workspace. `stopped_at`: since when nothing goes out, None: it does; `scheduled`: posts that a stop would
    hold, `held`: those that it holds."""

    stopped_at: datetime | None
    scheduled: int
    held: int


@dataclass(frozen=True, slots=True)
class PostCard:
    """A plan's post on one channel. `error`: why it failed, waits, was missed or is unknown; `note`: what the reviewer said."""

    id: str
    plan_id: str
    channel_id: str
    channel_name: str
    platform: str
    state: PostState
    format: str
    caption: str
    title: str
    hashtags: tuple[str, ...]
    media: tuple[str, ...]
    edits: dict[str, dict[str, Any]]
    cover_id: str
    first_comment: str
    alt_texts: dict[str, str]
    privacy: str
    options: dict[str, Any]
    due_at: datetime | None
    held_from: str
    held_by: str
    note: str
    error_code: str
    error: str
    phase: str
    tries: int
    not_before: datetime | None
    """Not tried again before this instant; one in the past has no effect."""
    job_id: str | None
    remote_id: str
    url: str
    published_at: datetime | None
    by_hand: bool
    approved_by: str | None
    approved_at: datetime | None
    updated_at: datetime

    def draft(self) -> VariantDraft:
        return VariantDraft(**{name: getattr(self, name) for name in VariantDraft.model_fields})


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A content plan with its posts, by channel name. `state`: that of its posts together (`rules.aggregate`)."""

    id: str
    influencer_id: str
    influencer_name: str
    topic: str
    notes: str
    wall: datetime | None
    zone: str
    due_at: datetime | None
    state: PostState
    posts: tuple[PostCard, ...]
    repurposed_from: str | None
    text_id: str | None
    """The text it was made from."""
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    campaign_id: str | None = None

    @property
    def title(self) -> str:
        title = self.topic or next((post.title or post.caption for post in self.posts if post.title or post.caption), "")
        return " ".join(title.split())[:120] or tr_lazy("Untitled")

    def draft(self) -> PlanDraft:
        return PlanDraft(
            influencer_id=self.influencer_id,
            topic=self.topic,
            notes=self.notes,
            wall=self.wall,
            zone=self.zone,
            variants=tuple(post.draft() for post in self.posts),
        )


@dataclass(frozen=True, slots=True)
class PlanPage:
    cards: list[PlanCard]
    total: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PlanFilters:
    """`first`, `last`: days (both included) in each plan's own time zone. `when`: plans with a date, without one, or both.

    `series`: prefix of the request key, of plans that were made together. `face_below`: a picture is below its threshold.
    """

    influencer_id: str = ""
    channel_id: str = ""
    states: tuple[PostState, ...] = ()
    text: str = ""
    when: Literal["any", "dated", "undated"] = "any"
    today: bool = False
    first: date | None = None
    last: date | None = None
    series: str = ""
    face_below: bool = False
    campaign_id: str = ""


@dataclass(frozen=True, slots=True)
class CampaignCard:
    """`posts`: how many it has."""

    id: str
    name: str
    posts: int


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A plan on the calendar, with no more than it draws. `wall`: local time in the requested zone; `own_wall`: in its own."""

    id: str
    influencer_id: str
    title: str
    wall: datetime | None
    own_wall: datetime | None
    zone: str
    state: PostState
    platforms: tuple[str, ...]
    asset_id: str
    movable: bool
    version: int
    face_below: bool = False
    """One of its pictures is below the face match threshold."""
    campaign_id: str | None = None
    clash: str = ""
    """A sentence when it is too near to another post of its channel, or repeats its text; else ""."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of an action on several plans. `refused`: plan id -> why, as a sentence."""

    done: list[str] = field(default_factory=list)
    scheduled: list[str] = field(default_factory=list)
    """Of these, those with a post that goes out by itself at its time."""
    review: list[str] = field(default_factory=list)
    """Sent to review instead, because the posting rules want it."""
    held: list[str] = field(default_factory=list)
    """Scheduled but on hold: a stop switch is on."""
    refused: dict[str, str] = field(default_factory=dict)
    undo_entries: list[PlanUndoEntry] = field(default_factory=list)
    """For `undo`; empty where that is not offered."""


@dataclass(frozen=True, slots=True)
class PlanUndoEntry:
    """A move, deletion or approval that can be undone. `said`: what was done, as a sentence."""

    id: str
    kind: str
    said: str
    count: int
    note: str = ""
    """A remark for people: the clocks skip that hour, or the post clashes with another."""


@dataclass(frozen=True, slots=True)
class AttemptCard:
    id: str
    n: int
    outcome: str
    phase: str
    code: str
    said: str
    sent: dict[str, Any]
    created_at: datetime
    ended_at: datetime | None
