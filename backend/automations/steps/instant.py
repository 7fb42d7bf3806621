"""Steps that are done at once, in one transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from backend import bulk_planning, content_plans, events, publishing
from backend.automations import clock
from backend.automations.definition import Condition, Notify, SchedulePosts, TakePosts
from backend.automations.schemas import Flow
from backend.automations.steps.run_state import RunState, StepResult, count_text, leave_for_people, plans_of
from backend.content_plans import PlanCard, PlanFilters, PostState
from backend.errors import StudioError
from backend.language import tr_lazy

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
    return StepResult(flow, message=f"{count_text(len(taken), 'post')}: {titles}{' …' if len(taken) > 3 else ''}")


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
    parts = [
        f"{count_text(len(outcome.scheduled), 'post')} scheduled" if outcome.scheduled else "",
        f"{count_text(len(outcome.review), 'post')} wait for review" if outcome.review else "",
        f"{count_text(len(outcome.held), 'post')} held: publishing is stopped" if outcome.held else "",
        f"{count_text(len(refused), 'post')} not scheduled: {next(iter(outcome.refused.values()))}" if refused else "",
    ]
    state = "failed" if refused and not (outcome.scheduled or outcome.review or outcome.held) else "done"
    return StepResult(flow, state, ", ".join(filter(None, parts)))  # type: ignore[arg-type]


def start_publishing(tx: Session, run: RunState, minutes_between: int) -> dict[str, Any]:
    """Publishes the first post now and schedules the others, each `minutes_between` later. Posts that need an approval are left
    for people. Result: {plans: those on their way, refused: plan -> why}."""
    plans, refused, on_their_way = plans_of(tx, run.flow), dict[str, str](), list[str]()
    at = clock.now(tx)
    for plan in plans:
        try:
            with tx.begin_nested():
                delay = timedelta(minutes=minutes_between * len(on_their_way))
                if delay:
                    content_plans.move(tx, plan.id, content_plans.to_local_time(at + delay, plan.zone))
                    outcome = content_plans.schedule(tx, [plan.id])
                    if plan.id in outcome.refused:
                        refused[plan.id] = outcome.refused[plan.id]
                        continue
                    if outcome.review:
                        refused[plan.id] = tr_lazy("It waits for an approval.")
                        continue
                else:
                    publishing.send_now(tx, plan.id, request_key=f"{run.key}/{plan.id}")
                on_their_way.append(plan.id)
        except StudioError as error:
            refused[plan.id] = error.message
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
    parts = [
        f"{count_text(len(out), 'post')} published" if out else "",
        f"{count_text(len(coming), 'post')} still to come" if coming else "",
        f"{count_text(len(rest), 'post')} not published" if rest else "",
        f"{count_text(len(refused), 'post')} not sent: {next(iter(refused.values()))}" if refused else "",
    ]
    message = ", ".join(filter(None, parts))
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
    parts = [
        f"{count_text(len(approved), 'post')} approved" if approved else "",
        f"{count_text(len(sent_back), 'post')} sent back" if sent_back else "",
        f"nobody looked at {count_text(len(waiting), 'post')} in time" if waiting else "",
    ]
    message = ", ".join(filter(None, parts))
    return StepResult(flow, "done" if approved else "skipped", message[:1].upper() + message[1:] or NO_POSTS)


def condition(tx: Session, run: RunState, step: Condition) -> StepResult:
    held, why = _holds(tx, run, step)
    if held:
        return StepResult(run.flow, message=why)
    if step.otherwise == "end":
        return StepResult(run.flow, "skipped", f"{why} The run ends here.", end=True)
    return StepResult(run.flow, "skipped", f"{why} The next {count_text(step.skip, 'step')} left out.", skip=step.skip)


def _holds(tx: Session, run: RunState, step: Condition) -> tuple[bool, str]:
    match step.test:
        case "posts":
            n = len(plans_of(tx, run.flow))
            return n >= step.at_least, f"{count_text(n, 'post')} of at least {step.at_least}."
        case "weekday":
            weekday = content_plans.to_local_time(clock.now(tx), run.zone)
            return weekday.weekday() in step.weekdays, f"Today is {weekday:%A}."
        case "failures":
            percent = run.flow.failed_percent
            return percent <= step.percent, f"{percent:.0f} % of the jobs failed."


def notify(tx: Session, run: RunState, step: Notify) -> StepResult:
    message = fill_in(step.message, run)
    data = {"automationId": run.automation_id, "runId": run.run_id, "title": run.automation_name, "summary": message}
    events.record(tx, "automation.notice", "automation", run.automation_id, {**data, "influencerId": run.influencer_id})
    return StepResult(run.flow, message=message)


def fill_in(message: str, run: RunState) -> str:
    """The message with what the run has done; other braces stay as they are."""
    values = {
        "influencer": run.influencer.name if run.influencer else run.automation_name,
        "posts": len(run.flow.posts),
        "published": run.flow.published,
        "failed": run.flow.failed_jobs,
        "summary": summary(run.flow),
    }
    for name, value in values.items():
        message = message.replace("{" + name + "}", str(value))
    return message


def summary(flow: Flow) -> str:
    """What a run has done, in a sentence."""
    parts = [
        f"{count_text(flow.published, 'post')} published successfully" if flow.published else "",
        f"{count_text(flow.scheduled, 'post')} scheduled" if flow.scheduled else "",
        f"{count_text(flow.planned, 'post')} planned" if flow.planned and not (flow.published or flow.scheduled) else "",
        "a LoRA trained" if flow.lora_id else "",
        f"{count_text(flow.pictures, 'test picture')} drawn" if flow.pictures else "",
        f"{count_text(len(flow.left), 'post')} left for you" if flow.left else "",
        f"{flow.failed_jobs} of {count_text(flow.jobs, 'job')} failed" if flow.failed_jobs else "",
    ]
    sentence = ", ".join(filter(None, parts)) or "nothing was to do"
    return f"{sentence[:1].upper()}{sentence[1:]}."
