"""Dry run: what a run for one influencer would do now, when it starts next, and what it would cost at most. Stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from backend import bulk_planning, content_plans, generation, influencers, writing
from backend.automations import clock, cron, queries
from backend.automations.definition import (
    STEP_LABELS,
    WEEKDAYS,
    AutomationDraft,
    CallWebhook,
    CaptionDataset,
    Condition,
    CronTrigger,
    DrawPictures,
    MakeVideo,
    Notify,
    PlanPosts,
    PublishPosts,
    ReviewGate,
    SchedulePosts,
    TakePosts,
    TestPictures,
    TrainLora,
    Wait,
    WriteWords,
)
from backend.automations.schemas import Flow, RunPreview, StepPreview
from backend.automations.steps import instant, ordered
from backend.automations.steps.run_state import RunState, count_text, plans_of
from backend.content_plans import PlanCard
from backend.errors import StudioError
from backend.generation import GenerationDraft
from backend.influencers import InfluencerCard
from backend.writing import WriteOrder

if TYPE_CHECKING:
    from backend.app import App

Transact = Callable[[], AbstractContextManager[Session]]


@dataclass
class _Expected:
    """What the steps so far would leave: plans that exist by now, and how many new ones there would be, with what they lack."""

    plans: list[PlanCard] = field(default_factory=list)
    new_posts: int = 0
    trained: bool = False

    @property
    def posts(self) -> int:
        return len(self.plans) + self.new_posts

    def text(self) -> str:
        return count_text(self.posts, "post")


def preview(app: App, transact: Transact, draft: AutomationDraft, influencer_id: str, automation_id: str = "") -> RunPreview:
    """`transact` opens transactions of the caller; none may be open now. `automation_id`: whose budget counts; "": it is not
    saved yet. Raises NotFound."""
    with transact() as tx:
        influencer, at = influencers.get(tx, influencer_id), clock.now(tx)
        budget_left = None
        if draft.budget_usd is not None:
            spent = queries.spent_this_month(tx, [automation_id])[automation_id] if automation_id else Decimal(0)
            budget_left = max(draft.budget_usd - spent, Decimal(0))
    expected, steps = _Expected(), []
    for n, step in enumerate(draft.steps):
        sentence, usd, seconds = _step(app, transact, influencer, draft, step, expected)
        steps.append(StepPreview(n, STEP_LABELS[step.kind], sentence, usd, seconds))
    by_clock = isinstance(draft.trigger, CronTrigger)
    times = cron.next_times(draft.trigger.cron, influencer.time_zone, at) if by_clock else ()  # type: ignore[union-attr]
    return RunPreview(
        influencer.id,
        influencer.name,
        times,
        tuple(steps),
        sum((step.usd for step in steps if step.usd is not None), Decimal(0)),
        budget_left,
    )


Figures = tuple[str, Decimal | None, float | None]


def _step(
    app: App, transact: Transact, influencer: InfluencerCard, draft: AutomationDraft, step: Any, expected: _Expected
) -> Figures:
    """(sentence, USD at most, seconds) of one step; changes `expected` to what it would leave."""
    match step:
        case TakePosts():
            return _take(app, transact, influencer, draft, step, expected)
        case PlanPosts():
            return _plan(app, transact, influencer, draft, step, expected)
        case WriteWords():
            lacking = [plan for plan in expected.plans if any(map(content_plans.lacks_words, plan.posts))]
            return _write(app, transact, influencer, lacking)
        case DrawPictures():
            lacking = [plan for plan in expected.plans if any(not post.media for post in plan.posts)]
            return _draw(app, transact, influencer, len(lacking) * step.n)
        case MakeVideo():
            what = "A reel" if step.how == "reel" else "A video of the picture"
            return f"{what} for up to {expected.text()}.", None, None
        case TestPictures():
            if not expected.trained:
                return "With the LoRA that started the run.", Decimal(0), None
            return f"{count_text(step.n * max(len(step.prompts), 1), 'picture')} with the new LoRA.", Decimal(0), None
        case TrainLora():
            expected.trained = True
            night = ", no earlier than 22:00" if step.at_night else ""
            return f"Trains on the dataset ({step.preset} preset){night}.", Decimal(0), None
        case _:
            return _without_orders(step, expected), Decimal(0), None


def _without_orders(step: Any, expected: _Expected) -> str:
    match step:
        case ReviewGate():
            return f"Waits up to {_hours(step.wait_minutes)} until somebody approves {expected.text()}."
        case SchedulePosts():
            return f"Schedules {expected.text()}; those that your rules want reviewed wait for an approval."
        case PublishPosts():
            return f"Publishes {expected.text()}: the first at once, then every {count_text(step.minutes_between, 'minute')}."
        case Wait():
            return f"Waits until {step.until}." if step.until else f"Waits {_hours(step.minutes)}."
        case Condition():
            rest = "ends the run" if step.otherwise == "end" else f"leaves out the next {count_text(step.skip, 'step')}"
            return f"Goes on if {_condition(step)}; else {rest}."
        case Notify():
            return "Tells everybody who wants such notices."
        case CallWebhook():
            return "Sends the figures to the webhook endpoint."
        case CaptionDataset():
            return "Captions the pictures that have no caption."
        case _:
            raise AssertionError(step)


def _condition(step: Condition) -> str:
    match step.test:
        case "posts":
            return f"there are at least {count_text(step.at_least, 'post')}"
        case "weekday":
            return "today is " + " or ".join(WEEKDAYS[day] for day in step.weekdays)
        case "failures":
            return f"at most {step.percent} % of the jobs failed"


def _take(
    app: App, transact: Transact, influencer: InfluencerCard, draft: AutomationDraft, step: TakePosts, expected: _Expected
) -> Figures:
    with transact() as tx:
        state = RunState(app, "", "", draft.name, draft, {}, influencer, 0, Flow(posts=[plan.id for plan in expected.plans]))
        result = instant.take_posts(tx, state, step)
        expected.plans = plans_of(tx, result.flow)
    return result.message, Decimal(0), 0.0


def _plan(
    app: App, transact: Transact, influencer: InfluencerCard, draft: AutomationDraft, step: PlanPosts, expected: _Expected
) -> Figures:
    if step.only_if_none and expected.posts:
        return "Nothing: there are posts already.", Decimal(0), 0.0
    with transact() as tx:
        order = ordered.series_order(tx, RunState(app, "", "", draft.name, draft, {}, influencer, 0, Flow()), step)
    if isinstance(order, str):
        return order, Decimal(0), None
    try:
        forecast = bulk_planning.forecast(app, transact, order=order)
    except StudioError as error:
        return error.message, Decimal(0), None
    expected.new_posts += len(forecast.moments)
    times = ", ".join(f"{time.wall:%a %d %b %H:%M}" for time in forecast.moments[:4])
    more = " …" if len(forecast.moments) > 4 else ""
    sentence = f"{count_text(len(forecast.moments), 'new post')} ({times}{more})"
    if forecast.pictures:
        sentence += f" with {count_text(forecast.pictures, 'picture')}"
    return f"{sentence}.", forecast.most_usd or Decimal(0), forecast.seconds


def _write(app: App, transact: Transact, influencer: InfluencerCard, lacking: Sequence[PlanCard]) -> Figures:
    if not lacking:
        return "Nothing: every post has its words.", Decimal(0), 0.0
    order = WriteOrder(influencer_id=influencer.id, content_type="instagram-post", topic="x" * 100)
    try:
        most = writing.estimate_texts(app, transact, order=order)
    except StudioError as error:
        return error.message, Decimal(0), None
    return f"Writes {count_text(len(lacking), 'post')}.", (most or Decimal(0)) * len(lacking), None


def _draw(app: App, transact: Transact, influencer: InfluencerCard, n: int) -> Figures:
    if not n:
        return "Nothing: every post has its picture.", Decimal(0), 0.0
    models = app.engines.image.models()
    if not models:
        return "No image model is set up, so nothing can be drawn.", Decimal(0), None
    with transact() as tx:
        draft = GenerationDraft(prompt="a picture", influencer_id=influencer.id, n=1, size="portrait")
        plan = generation.preview(tx, drafts=[draft], models=models)
    seconds = None if plan.seconds is None else plan.load_s + (plan.seconds - plan.load_s) * n
    return f"Draws {count_text(n, 'picture')}.", Decimal(0), seconds


def _hours(minutes: int) -> str:
    return count_text(minutes // 60, "hour") if minutes % 60 == 0 and minutes else count_text(minutes, "minute")
