"""Steps that are done at once, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from backend import bulk_planning, content_plans, events, publishing
from backend.automations import clock
from backend.automations.definition import WEEKDAYS, Condition, Notify, SchedulePosts, TakePosts
from backend.automations.schemas import Flow
from backend.automations.steps.run_state import RunState, StepResult, kept_text, leave_for_people, plans_of
from backend.content_plans import PlanCard, PlanFilters, PostState
from backend.errors import StudioError
from backend.language import joined, stored, tr_lazy, tr_lazy_plural

NO_POSTS = tr_lazy("The earlier steps produced no posts.")
COMING, IN_REVIEW = (PostState.SCHEDULED, PostState.PUBLISHING), (PostState.IN_REVIEW,)
_LOOKED_AT = 200
"""Posts that are looked at for those that lack something."""


def take_posts(tx: Session, run: RunState, step: TakePosts) -> StepResult:
    today = content_plans.to_local_time(clock.now(tx), run.zone).date()
    dates: dict[str, Any] = {}
    if step.when in ("today", "week"):
        dates = {"first": today, "last": today + timedelta(days=0 if step.when == "today" else 6)}
    filters = PlanFilters(
        influencer_id=run.influencer_id,
        states=(PostState(step.state),),
        when="undated" if step.when == "undated" else "any",
        **dates,
    )
    plans = [plan for plan in content_plans.page(tx, filters, take=_LOOKED_AT).cards if _lacks(plan, step.lacking)]
    # What another run, or a person, has ordered the words or pictures of is theirs
    others = bulk_planning.being_made(tx, [plan.id for plan in plans])
    plans = [plan for plan in plans if plan.id not in others]
    taken = [plan.id for plan in plans[: step.limit] if plan.id not in run.flow.posts]
    flow = run.flow.model_copy(update={"posts": [*run.flow.posts, *taken]})
    if not taken:
        return StepResult(flow, "skipped", tr_lazy("No post on the calendar fits."))
    titles = ", ".join(f"“{plan.title[:40]}”" for plan in plans[:3])
    return StepResult(flow, message=_taken_text(len(taken), titles + (" …" if len(taken) > 3 else "")))


def _first(refused: Mapping[str, Any]) -> str:
    """The first reason, as it was given or from a step's result."""
    return kept_text(next(iter(refused.values()))) if refused else ""


def _taken_text(n: int, titles: str) -> str:
    return tr_lazy_plural("{n:,} post: {titles}", "{n:,} posts: {titles}", n, titles=titles)


def _lacks(plan: PlanCard, what: str) -> bool:
    words = any(content_plans.lacks_words(post) for post in plan.posts)
    picture = any(not post.media for post in plan.posts)
    return {"": True, "words": words, "picture": picture, "words-or-picture": words or picture}[what]


def schedule(tx: Session, run: RunState, _step: SchedulePosts) -> StepResult:
    """Gives posts without a time the next free ones, then schedules all. Those that need an approval wait in review."""
    plans = plans_of(tx, run.flow)
    if not plans:
        return StepResult(run.flow, "skipped", NO_POSTS)
    undated = [plan for plan in plans if plan.wall is None]
    for plan in undated:
        local_time = content_plans.suggested_time(tx, plan.influencer_id, zone=plan.zone)
        if local_time:
            content_plans.move(tx, plan.id, local_time)
    outcome = content_plans.schedule(tx, [plan.id for plan in plans])
    refused = list(outcome.refused)
    leave_for_people(tx, refused)
    flow = run.flow.model_copy(
        update={
            "posts": [plan.id for plan in plans if plan.id not in refused],
            "left": list(dict.fromkeys([*run.flow.left, *refused, *outcome.review])),
            "scheduled": run.flow.scheduled + len(outcome.scheduled),
        }
    )
    n_scheduled, n_review, n_held = len(outcome.scheduled), len(outcome.review), len(outcome.held)
    message = joined(
        tr_lazy_plural("{n:,} post scheduled.", "{n:,} posts scheduled.", n_scheduled) if n_scheduled else "",
        tr_lazy_plural("{n:,} post waits for review.", "{n:,} posts wait for review.", n_review) if n_review else "",
        tr_lazy_plural("{n:,} post held: publishing is paused.", "{n:,} posts held: publishing is paused.", n_held)
        if n_held
        else "",
        tr_lazy_plural(
            "{n:,} post not scheduled: {reason}",
            "{n:,} posts not scheduled: {reason}",
            len(refused),
            reason=_first(outcome.refused),
        )
        if refused
        else "",
    )
    state = "failed" if refused and not (outcome.scheduled or outcome.review or outcome.held) else "done"
    return StepResult(flow, state, message)  # type: ignore[arg-type]


def start_publishing(tx: Session, run: RunState, minutes_between: int) -> dict[str, Any]:
    """Publishes the first post now and schedules the others, each `minutes_between` later. Posts that need an approval are left
    for people. Result: {plans: those on their way, refused: plan -> why}."""
    plans, refused, on_their_way = plans_of(tx, run.flow), dict[str, Any](), list[str]()
    at = clock.now(tx)
    for plan in plans:
        try:
            with tx.begin_nested():
                delay = timedelta(minutes=minutes_between * len(on_their_way))
                if delay:
                    content_plans.move(tx, plan.id, content_plans.to_local_time(at + delay, plan.zone))
                    outcome = content_plans.schedule(tx, [plan.id])
                    if plan.id in outcome.refused:
                        refused[plan.id] = stored(outcome.refused[plan.id])
                        continue
                    if outcome.review:
                        refused[plan.id] = stored(tr_lazy("It waits for an approval."))
                        continue
                else:
                    publishing.send_now(tx, plan.id, request_key=f"{run.key}/{plan.id}")
                on_their_way.append(plan.id)
        except StudioError as error:
            refused[plan.id] = stored(error.message)
    leave_for_people(tx, list(refused))
    return {"plans": on_their_way, "refused": refused}


def published(tx: Session, run: RunState, started: dict[str, Any]) -> StepResult:
    """What became of the posts that `start_publishing` sent."""
    plans = [plan for plan in plans_of(tx, run.flow) if plan.id in started["plans"]]
    out = [plan.id for plan in plans if plan.posts and all(post.state == PostState.PUBLISHED for post in plan.posts)]
    coming = [plan.id for plan in plans if any(post.state in COMING for post in plan.posts)]
    rest = [plan.id for plan in plans if plan.id not in (*out, *coming)]
    refused = started["refused"]
    flow = run.flow.model_copy(
        update={
            "posts": out,
            "left": list(dict.fromkeys([*run.flow.left, *refused, *rest])),
            "published": run.flow.published + len(out),
            "scheduled": run.flow.scheduled + len(coming),
        }
    )
    message = joined(
        tr_lazy_plural("{n:,} post published.", "{n:,} posts published.", len(out)) if out else "",
        tr_lazy_plural("{n:,} post still to come.", "{n:,} posts still to come.", len(coming)) if coming else "",
        tr_lazy_plural("{n:,} post not published.", "{n:,} posts not published.", len(rest)) if rest else "",
        tr_lazy_plural("{n:,} post not sent: {reason}", "{n:,} posts not sent: {reason}", len(refused), reason=_first(refused))
        if refused
        else "",
    )
    if not message:
        return StepResult(flow, "skipped", NO_POSTS)
    return StepResult(flow, "failed" if (rest or refused) and not (out or coming) else "done", message)


def reviewed(tx: Session, run: RunState) -> StepResult:
    """What became of the posts that were in review: approved ones go on."""
    plans = plans_of(tx, run.flow)
    waiting = [plan.id for plan in plans if any(post.state == PostState.IN_REVIEW for post in plan.posts)]
    sent_back = [
        plan.id for plan in plans if plan.id not in waiting and any(post.state == PostState.DRAFT for post in plan.posts)
    ]
    approved = [plan.id for plan in plans if plan.id not in (*waiting, *sent_back)]
    flow = run.flow.model_copy(update={"posts": approved, "left": list(dict.fromkeys([*run.flow.left, *waiting, *sent_back]))})
    message = joined(
        tr_lazy_plural("{n:,} post approved.", "{n:,} posts approved.", len(approved)) if approved else "",
        tr_lazy_plural("{n:,} post sent back.", "{n:,} posts sent back.", len(sent_back)) if sent_back else "",
        tr_lazy_plural("Nobody looked at {n:,} post in time.", "Nobody looked at {n:,} posts in time.", len(waiting))
        if waiting
        else "",
    )
    return StepResult(flow, "done" if approved else "skipped", message or NO_POSTS)


def condition(tx: Session, run: RunState, step: Condition) -> StepResult:
    held, why = _holds(tx, run, step)
    if held:
        return StepResult(run.flow, message=why)
    if step.otherwise == "end":
        return StepResult(run.flow, "skipped", joined(why, tr_lazy("The run ends here.")), end=True)
    skipped = tr_lazy_plural("The next {n} step is left out.", "The next {n} steps are left out.", step.skip)
    return StepResult(run.flow, "skipped", joined(why, skipped), skip=step.skip)


def _holds(tx: Session, run: RunState, step: Condition) -> tuple[bool, str]:
    match step.test:
        case "posts":
            n = len(plans_of(tx, run.flow))
            text = tr_lazy_plural(
                "{n:,} post of at least {least:,}.", "{n:,} posts of at least {least:,}.", n, least=step.at_least
            )
            return n >= step.at_least, text
        case "weekday":
            weekday = content_plans.to_local_time(clock.now(tx), run.zone).weekday()
            return weekday in step.weekdays, tr_lazy("Today is {weekday}.", weekday=WEEKDAYS[weekday])
        case "failures":
            percent = run.flow.failed_percent
            return percent <= step.percent, tr_lazy("{percent:.0f}% of the jobs failed.", percent=percent)


def notify(tx: Session, run: RunState, step: Notify) -> StepResult:
    message = fill_in(step.message, run)
    data = {
        "automationId": run.automation_id,
        "runId": run.run_id,
        "title": run.automation_name,
        "summary": message,
        "words": stored(message),
    }
    events.record(tx, "automation.notice", "automation", run.automation_id, {**data, "influencerId": run.influencer_id})
    return StepResult(run.flow, message=message)


def fill_in(message: str, run: RunState) -> str:
    """The message with what the run has done; other braces stay as they are."""
    values = {
        "influencer": run.influencer.name if run.influencer else run.automation_name,
        "posts": len(run.flow.posts),
        "published": run.flow.published,
        "failed": run.flow.failed_jobs,
    }
    for name, value in values.items():
        message = message.replace("{" + name + "}", str(value))
    first, *others = message.split("{summary}")
    done = summary(run.flow)
    return joined(first, *(part for other in others for part in (done, other)), separator="") if others else message


def summary(flow: Flow) -> str:
    """What a run has done, in a sentence."""
    only_planned = flow.planned and not (flow.published or flow.scheduled)
    done = joined(
        tr_lazy_plural("{n:,} post published successfully.", "{n:,} posts published successfully.", flow.published)
        if flow.published
        else "",
        tr_lazy_plural("{n:,} post scheduled.", "{n:,} posts scheduled.", flow.scheduled) if flow.scheduled else "",
        tr_lazy_plural("{n:,} post planned.", "{n:,} posts planned.", flow.planned) if only_planned else "",
        tr_lazy("A LoRA was trained.") if flow.lora_id else "",
        tr_lazy_plural("{n:,} test picture created.", "{n:,} test pictures created.", flow.pictures) if flow.pictures else "",
        tr_lazy_plural("{n:,} post left for you.", "{n:,} posts left for you.", len(flow.left)) if flow.left else "",
        tr_lazy_plural(
            "{failed:,} of {n:,} job failed.", "{failed:,} of {n:,} jobs failed.", flow.jobs, failed=flow.failed_jobs
        )
        if flow.failed_jobs
        else "",
    )
    return done or tr_lazy("There was nothing to do.")
