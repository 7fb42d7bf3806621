"""What an automation is made of: what starts it, and its steps."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from backend.automations import cron
from backend.bulk_planning import DEFAULT_REDRAWS, MAX_PICTURES, MAX_POSTS_PER_DAY, MAX_REDRAWS, PictureFormat
from backend.kit.drafts import Draft
from backend.language import tr_lazy
from backend.writing import MAX_STYLE, MAX_TOPIC

MAX_STEPS, MAX_CHAIN, MAX_NAME = 20, 5, 80
DEFAULT_WAIT_MINUTES, MAX_WAIT_MINUTES = 10, 7 * 24 * 60
TRIES = 3
EVENTS: dict[str, str] = {
    "dataset.ingested": tr_lazy("A dataset was uploaded and checked"),
    "training.finished": tr_lazy("A training finished"),
    "plan.created": tr_lazy("A post was planned"),
    "post.in_review": tr_lazy("A post waits for review"),
    "post.approved": tr_lazy("A post was approved"),
    "post.published": tr_lazy("A post was published"),
    "post.failed": tr_lazy("A post failed"),
    "video.completed": tr_lazy("A video is ready"),
    "reel.rendered": tr_lazy("A reel is ready"),
    "influencer.created": tr_lazy("An influencer was created"),
    "channel.connected": tr_lazy("A channel was connected"),
    "automation.run_finished": tr_lazy("Another automation finished"),
}
"""Event kinds that start an automation, and what pages call them."""
WEEKDAYS = (
    tr_lazy("Monday"),
    tr_lazy("Tuesday"),
    tr_lazy("Wednesday"),
    tr_lazy("Thursday"),
    tr_lazy("Friday"),
    tr_lazy("Saturday"),
    tr_lazy("Sunday"),
)
Id = Annotated[str, Field(max_length=80)]
Minutes = Annotated[int, Field(ge=1, le=MAX_WAIT_MINUTES)]


class CronTrigger(Draft):
    """At times of day, on the clock of each influencer's place. `cron`: five fields."""

    kind: Literal["cron"] = "cron"
    cron: str = Field("0 9 * * *", max_length=100)

    @field_validator("cron")
    @classmethod
    def _cron(cls, line: str) -> str:
        return cron.parse(line)


class EventTrigger(Draft):
    kind: Literal["event"] = "event"
    event: str

    @field_validator("event")
    @classmethod
    def _event(cls, event: str) -> str:
        if event not in EVENTS:
            raise ValueError(
                tr_lazy("“{event}” starts no automation. Choose one of: {events}.", event=event[:60], events=", ".join(EVENTS))
            )
        return event


class WebhookTrigger(Draft):
    """A program calls its address."""

    kind: Literal["webhook"] = "webhook"


class HandTrigger(Draft):
    """Only when somebody starts it."""

    kind: Literal["hand"] = "hand"


Trigger = Annotated[CronTrigger | EventTrigger | WebhookTrigger | HandTrigger, Field(discriminator="kind")]


class TakePosts(Draft):
    """Takes posts that are on the calendar. `lacking`: only those without words, or without a picture or video, or either."""

    kind: Literal["take-posts"] = "take-posts"
    when: Literal["today", "week", "undated", "any"] = "today"
    state: Literal["draft", "in_review", "approved", "scheduled"] = "draft"
    lacking: Literal["", "words", "picture", "words-or-picture"] = "words-or-picture"
    limit: int = Field(5, ge=1, le=20)


class PlanPosts(Draft):
    """Plans, writes and illustrates new posts. `days` from today on; `clocks` (“18:30”): one post each on every day, empty: the
    influencer's recurring times. `channel_ids` empty: all that are connected. `only_if_none`: only where no post has come from
    the steps before."""

    kind: Literal["plan-posts"] = "plan-posts"
    only_if_none: bool = False
    days: int = Field(1, ge=1, le=14)
    clocks: tuple[str, ...] = Field((), max_length=MAX_POSTS_PER_DAY)
    channel_ids: tuple[Id, ...] = Field((), max_length=20)
    format: PictureFormat = "picture"
    pictures: int = Field(1, ge=0, le=MAX_PICTURES)
    style: str = Field("", max_length=MAX_STYLE)
    topic: str = Field("", max_length=MAX_TOPIC)
    skip_filled: bool = False
    wait_minutes: Minutes = 60


class WriteWords(Draft):
    """Writes the words of posts that have none."""

    kind: Literal["write"] = "write"
    style: str = Field("", max_length=MAX_STYLE)
    wait_minutes: Minutes = DEFAULT_WAIT_MINUTES


class DrawPictures(Draft):
    """Draws the pictures of posts that show none. `redraw`: how often those that do not look like the influencer are drawn
    again."""

    kind: Literal["draw"] = "draw"
    n: int = Field(1, ge=1, le=MAX_PICTURES)
    redraw: int = Field(DEFAULT_REDRAWS, ge=0, le=MAX_REDRAWS)
    wait_minutes: Minutes = DEFAULT_WAIT_MINUTES


class MakeVideo(Draft):
    """`reel`: script, voice and subtitles for posts that show nothing yet. `animate`: the picture of a post moves."""

    kind: Literal["video"] = "video"
    how: Literal["reel", "animate"] = "animate"
    seconds: int = Field(20, ge=2, le=60)
    wait_minutes: Minutes = 30


class ReviewGate(Draft):
    """Waits until somebody has approved the posts. Those that are sent back, or that nobody looks at in time, go no further."""

    kind: Literal["review"] = "review"
    wait_minutes: Minutes = 24 * 60


class SchedulePosts(Draft):
    """Schedules the posts at their times; those without one get the next free times."""

    kind: Literal["schedule"] = "schedule"


class PublishPosts(Draft):
    """Publishes the posts: the first one now, each next one `minutes_between` later."""

    kind: Literal["publish"] = "publish"
    minutes_between: int = Field(30, ge=0, le=720)
    wait_minutes: Minutes = 60


class Wait(Draft):
    """`minutes`, or until the next `until` (“22:00”, on the influencer's clock)."""

    kind: Literal["wait"] = "wait"
    minutes: int = Field(0, ge=0, le=MAX_WAIT_MINUTES)
    until: str = Field("", max_length=5)

    @field_validator("until")
    @classmethod
    def _until(cls, clock: str) -> str:
        hour, _, minute = clock.partition(":")
        if clock and not (len(clock) == 5 and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
            raise ValueError(tr_lazy("“{clock}” is not a time of day. Write it like 22:00.", clock=clock))
        return clock

    @model_validator(mode="after")
    def _minutes_or_time(self) -> Wait:
        if bool(self.minutes) == bool(self.until):
            raise ValueError(tr_lazy("Say either how many minutes to wait, or until what time."))
        return self


class Condition(Draft):
    """Goes on where it holds; else ends the run, or skips the next `skip` steps.

    `posts`: at least `at_least` posts came from the steps before. `weekday`: today is one of `weekdays` (0 is Monday).
    `failures`: at most `percent` % of the jobs so far have failed.
    """

    kind: Literal["condition"] = "condition"
    test: Literal["posts", "weekday", "failures"] = "posts"
    at_least: int = Field(1, ge=1, le=100)
    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field((), max_length=7)
    percent: int = Field(50, ge=0, le=100)
    otherwise: Literal["end", "skip"] = "end"
    skip: int = Field(1, ge=1, le=MAX_STEPS)

    @model_validator(mode="after")
    def _days(self) -> Condition:
        if self.test == "weekday" and not self.weekdays:
            raise ValueError(tr_lazy("Choose at least one day of the week."))
        return self


class Notify(Draft):
    """Tells people. `message` may hold {influencer}, {posts}, {published}, {failed}, {summary}."""

    kind: Literal["notify"] = "notify"
    message: str = Field("{influencer}: {summary}", min_length=1, max_length=500)


class CallWebhook(Draft):
    """Sends what the run has done so far to one of the workspace's webhook endpoints, signed, with all tries."""

    kind: Literal["webhook"] = "webhook"
    endpoint_id: Id = Field(min_length=1)


class CaptionDataset(Draft):
    """Captions the pictures of the dataset that started the run, or of `dataset_id`."""

    kind: Literal["caption"] = "caption"
    dataset_id: Id = ""
    wait_minutes: Minutes = 60


class TrainLora(Draft):
    """Trains a LoRA on the dataset that started the run, or on `dataset_id`. `at_night`: starts no earlier than 22:00."""

    kind: Literal["train"] = "train"
    dataset_id: Id = ""
    preset: Literal["quick", "character", "style"] = "character"
    at_night: bool = False
    wait_minutes: Minutes = 24 * 60


class TestPictures(Draft):
    """Draws pictures with the LoRA that the run has trained. `prompts` empty: a portrait."""

    kind: Literal["test-pictures"] = "test-pictures"
    prompts: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=500)], ...], Field(max_length=4)] = ()
    n: int = Field(4, ge=1, le=8)
    wait_minutes: Minutes = 30


Step = Annotated[
    TakePosts
    | PlanPosts
    | WriteWords
    | DrawPictures
    | MakeVideo
    | ReviewGate
    | SchedulePosts
    | PublishPosts
    | Wait
    | Condition
    | Notify
    | CallWebhook
    | CaptionDataset
    | TrainLora
    | TestPictures,
    Field(discriminator="kind"),
]
STEP_LABELS: dict[str, str] = {
    "take-posts": tr_lazy("Take posts"),
    "plan-posts": tr_lazy("Plan new posts"),
    "write": tr_lazy("Write texts"),
    "draw": tr_lazy("Create pictures"),
    "video": tr_lazy("Make videos"),
    "review": tr_lazy("Wait for review"),
    "schedule": tr_lazy("Schedule posts"),
    "publish": tr_lazy("Publish posts"),
    "wait": tr_lazy("Wait"),
    "condition": tr_lazy("Continue only if"),
    "notify": tr_lazy("Send a notice"),
    "webhook": tr_lazy("Call a webhook"),
    "caption": tr_lazy("Caption a dataset"),
    "train": tr_lazy("Train a LoRA"),
    "test-pictures": tr_lazy("Create test pictures"),
}


class AutomationDraft(Draft):
    """`influencer_ids` empty: each influencer, also those to come; a run is for one of them. `budget_usd`: for each month;
    None: only the workspace's budgets count. `alert_percent`: people are alerted when more of a run's jobs failed."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    trigger: Trigger
    steps: tuple[Step, ...] = Field(max_length=MAX_STEPS)
    influencer_ids: tuple[Id, ...] = Field((), max_length=100)
    budget_usd: Decimal | None = Field(None, ge=0, le=100_000)
    alert_percent: int = Field(50, ge=0, le=100)

    @field_validator("influencer_ids")
    @classmethod
    def _each_once(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ids))

    @model_validator(mode="after")
    def _steps(self) -> AutomationDraft:
        if not self.steps:
            raise ValueError(tr_lazy("Add at least one step."))
        kinds = [step.kind for step in self.steps]
        for n, step in enumerate(self.steps):
            needed, why = _NEEDS.get(step.kind, ((), ""))
            if needed and not set(needed) & set(kinds[:n]) and not getattr(step, "dataset_id", ""):
                started_by_dataset = isinstance(self.trigger, EventTrigger) and self.trigger.event in _GIVES.get(step.kind, ())
                if not started_by_dataset:
                    raise ValueError(
                        tr_lazy("Step {n} ({step}) needs {what}.", n=n + 1, step=STEP_LABELS[step.kind].lower(), what=why)
                    )
        return self


_POSTS = ("take-posts", "plan-posts")
_NEEDS: dict[str, tuple[tuple[str, ...], str]] = {
    **dict.fromkeys(
        ("write", "draw", "video", "review", "schedule", "publish"),
        (_POSTS, tr_lazy("a step before it that takes or plans posts")),
    ),
    "caption": (("train",), tr_lazy("a dataset: choose one, or start the automation with an uploaded dataset")),
    "train": (("caption",), tr_lazy("a dataset: choose one, or start the automation with an uploaded dataset")),
    "test-pictures": (("train",), tr_lazy("a step before it that trains a LoRA")),
}
"""Kind of a step -> kinds of which one must come before it, and what to say when none does."""
_POST_EVENTS = ("plan.created", "post.in_review", "post.approved", "post.published", "post.failed")
_GIVES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("write", "draw", "video", "review", "schedule", "publish"), _POST_EVENTS),
    "caption": ("dataset.ingested",),
    "train": ("dataset.ingested",),
    "test-pictures": ("training.finished",),
}
"""Kind of a step -> events that give it what it needs."""
