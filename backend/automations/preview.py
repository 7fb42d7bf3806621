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
from backend.automations.steps.run_state import RunState, plans_of
from backend.content_plans import PlanCard
from backend.errors import StudioError
from backend.generation import GenerationDraft
from backend.influencers import InfluencerCard
from backend.language import Moment, joined, tr_lazy, tr_lazy_plural
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
            if step.how == "reel":
                return tr_lazy_plural("A reel for up to {n} post.", "A reel for up to {n} posts.", expected.posts), None, None
            video = tr_lazy_plural(
                "A video of the picture for up to {n} post.", "A video of the picture for up to {n} posts.", expected.posts
            )
            return video, None, None
        case TestPictures():
            if not expected.trained:
                return tr_lazy("With the LoRA that started the run."), Decimal(0), None
            n = step.n * max(len(step.prompts), 1)
            return tr_lazy_plural("{n} picture with the new LoRA.", "{n} pictures with the new LoRA.", n), Decimal(0), None
        case TrainLora():
            expected.trained = True
            preset = tr_lazy("Trains on the dataset ({preset} preset).", preset=step.preset)
            return joined(preset, tr_lazy("Not before 22:00.") if step.at_night else ""), Decimal(0), None
        case _:
            return _without_orders(step, expected), Decimal(0), None


def _without_orders(step: Any, expected: _Expected) -> str:
    match step:
        case ReviewGate():
            return tr_lazy_plural(
                "Waits up to {time} until somebody approves {n} post.",
                "Waits up to {time} until somebody approves {n} posts.",
                expected.posts,
                time=_length(step.wait_minutes),
            )
        case SchedulePosts():
            return tr_lazy_plural(
                "Schedules {n} post; what your rules want reviewed waits for an approval.",
                "Schedules {n} posts; those that your rules want reviewed wait for an approval.",
                expected.posts,
            )
        case PublishPosts() if not step.minutes_between:
            return tr_lazy_plural("Publishes {n} post now.", "Publishes {n} posts now.", expected.posts)
        case PublishPosts():
            return tr_lazy_plural(
                "Publishes {n} post at once.",
                "Publishes {n} posts: the first at once, then one every {time}.",
                expected.posts,
                time=_length(step.minutes_between),
            )
        case Wait():
            if step.until:
                return tr_lazy("Waits until {time}.", time=step.until)
            return tr_lazy("Waits {time}.", time=_length(step.minutes))
        case Condition():
            if step.otherwise == "end":
                return tr_lazy("{condition}; otherwise the run ends.", condition=_condition(step))
            return tr_lazy_plural(
                "{condition}; otherwise the next step is skipped.",
                "{condition}; otherwise the next {n} steps are skipped.",
                step.skip,
                condition=_condition(step),
            )
        case Notify():
            return tr_lazy("Tells everybody who wants such notices.")
        case CallWebhook():
            return tr_lazy("Sends the figures to the webhook endpoint.")
        case CaptionDataset():
            return tr_lazy("Captions the pictures that have no caption.")
        case _:
            raise AssertionError(step)


def _condition(step: Condition) -> str:
    match step.test:
        case "posts":
            return tr_lazy_plural("There is at least {n:,} post", "There are at least {n:,} posts", step.at_least)
        case "weekday":
            weekdays = joined(*(WEEKDAYS[day] for day in sorted(step.weekdays)), separator=", ")
            return tr_lazy("It is one of these weekdays: {weekdays}", weekdays=weekdays)
        case "failures":
            return tr_lazy("At most {percent}% of the jobs have failed", percent=step.percent)


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
        return tr_lazy("Nothing: there are posts already."), Decimal(0), 0.0
    with transact() as tx:
        order = ordered.series_order(tx, RunState(app, "", "", draft.name, draft, {}, influencer, 0, Flow()), step)
    if isinstance(order, str):
        return order, Decimal(0), None
    try:
        forecast = bulk_planning.forecast(app, transact, order=order)
    except StudioError as error:
        return error.message, Decimal(0), None
    expected.new_posts += len(forecast.moments)
    more = ("…",) if len(forecast.moments) > 4 else ()
    times = joined(*(Moment(time.wall) for time in forecast.moments[:4]), *more, separator=" · ")
    posts = tr_lazy_plural("{n} new post ({times}).", "{n} new posts ({times}).", len(forecast.moments), times=times)
    pictures = tr_lazy_plural("Creates {n} picture.", "Creates {n} pictures.", forecast.pictures) if forecast.pictures else ""
    return joined(posts, pictures), forecast.most_usd or Decimal(0), forecast.seconds


def _write(app: App, transact: Transact, influencer: InfluencerCard, lacking: Sequence[PlanCard]) -> Figures:
    if not lacking:
        return tr_lazy("Nothing: every post has its text."), Decimal(0), 0.0
    order = WriteOrder(influencer_id=influencer.id, content_type="instagram-post", topic="x" * 100)
    try:
        most = writing.estimate_texts(app, transact, order=order)
    except StudioError as error:
        return error.message, Decimal(0), None
    return tr_lazy_plural("Writes {n} post.", "Writes {n} posts.", len(lacking)), (most or Decimal(0)) * len(lacking), None


def _draw(app: App, transact: Transact, influencer: InfluencerCard, n: int) -> Figures:
    if not n:
        return tr_lazy("Nothing: every post has its picture."), Decimal(0), 0.0
    models = app.engines.image.models()
    if not models:
        return tr_lazy("No image model is set up, so no pictures can be created."), Decimal(0), None
    with transact() as tx:
        draft = GenerationDraft(prompt="a picture", influencer_id=influencer.id, n=1, size="portrait")
        plan = generation.preview(tx, drafts=[draft], models=models)
    seconds = None if plan.seconds is None else plan.load_s + (plan.seconds - plan.load_s) * n
    return tr_lazy_plural("Creates {n} picture.", "Creates {n} pictures.", n), Decimal(0), seconds


def _length(minutes: int) -> str:
    if minutes and minutes % 60 == 0:
        return tr_lazy_plural("{n:,} hour", "{n:,} hours", minutes // 60)
    return tr_lazy_plural("{n:,} minute", "{n:,} minutes", minutes)
