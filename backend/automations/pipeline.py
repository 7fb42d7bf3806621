"""The job of a run: its steps, one after the other, each kept, so that a crash repeats none. While it waits it holds no
worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import content_plans, events, jobs, training
from backend.automations import clock, queries
from backend.automations.definition import (
    TRIES,
    AutomationDraft,
    CaptionDataset,
    DrawPictures,
    MakeVideo,
    PlanPosts,
    PublishPosts,
    ReviewGate,
    TestPictures,
    TrainLora,
    Wait,
    WriteWords,
)
from backend.automations.schemas import AutomationPayload, Flow
from backend.automations.starts import influencer_or_none
from backend.automations.steps import dispatch, instant
from backend.automations.steps.run_state import RunState, StepResult, StepState, kept_text, leave_for_people, plans_of
from backend.automations.waits import stop_waiting, wait_for
from backend.db.tables import FINAL, Automation, AutomationRun, AutomationStep, Job, JobState
from backend.errors import NotFound
from backend.jobs import JobContext
from backend.jobs.context import no_work
from backend.language import stored, tr_lazy


def run(ctx: JobContext, payload: AutomationPayload) -> dict[str, Any]:
    """Result: {runId, automationId, summary, posts, published, scheduled, failedJobs, jobs}."""
    steps, n, flow, ended = _steps(ctx, payload.run_id), 0, _first_flow(ctx, payload.run_id), False
    while n < len(steps) and not ended:
        ctx.progress(n, len(steps), steps[n].kind)
        result = _do(ctx, payload.run_id, n, steps[n], flow)
        flow, ended, n = Flow(**result["flow"]), result["end"], n + 1 + result["skip"]
    final: dict[str, Any] = {}

    def finish(tx: Session, _: None) -> dict[str, Any]:
        final.update(_finish(tx, payload.run_id, flow))
        return final

    return ctx.write_step("end", no_work, finish, job_result=lambda: final) or {}


def _steps(ctx: JobContext, run_id: str) -> Sequence[Any]:
    with ctx.transaction() as tx:
        return AutomationDraft.model_validate(_run_row(tx, run_id).definition).steps


def _run_row(tx: Session, run_id: str) -> AutomationRun:
    row = tx.get(AutomationRun, run_id, populate_existing=True)
    if row is None:
        raise NotFound(tr_lazy("This run was cleaned up."))
    return row


def _state(tx: Session, ctx: JobContext, run_id: str, n: int, flow: Flow) -> RunState:
    row = _run_row(tx, run_id)
    draft = AutomationDraft.model_validate(row.definition)
    influencer = influencer_or_none(tx, row.influencer_id)
    return RunState(ctx.app, run_id, row.automation_id, draft.name, draft, row.trigger, influencer, n, flow)


def _first_flow(ctx: JobContext, run_id: str) -> Flow:
    """What the trigger brings: the post, dataset or training that the event is about."""
    with ctx.transaction() as tx:
        trigger = _run_row(tx, run_id).trigger
        if trigger["kind"] != "event":
            return Flow()
        subject_id = str(trigger["id"])
        try:
            match trigger["noun"]:
                case "plan":
                    return Flow(posts=[subject_id])
                case "post":
                    return Flow(posts=[content_plans.get_post(tx, subject_id).plan_id])
                case "dataset":
                    return Flow(dataset_id=subject_id)
                case "training":
                    lora_id = training.get(tx, subject_id).lora_id
                    return Flow(training_run_id=subject_id, lora_id=lora_id or "")
        except NotFound:
            return Flow()
    return Flow()


def _do(ctx: JobContext, run_id: str, n: int, step: Any, flow: Flow) -> dict[str, Any]:
    """Does one step, or waits for it. Result: {flow, end, skip}, kept as the step `n`."""
    match step:
        case PlanPosts() | WriteWords() | DrawPictures() | MakeVideo() | CaptionDataset() | TrainLora() | TestPictures():
            return _order_and_take_in(ctx, run_id, n, step, flow)
        case ReviewGate():
            return _review(ctx, run_id, n, step, flow)
        case PublishPosts():
            return _publish(ctx, run_id, n, step, flow)
        case Wait():
            return _wait(ctx, run_id, n, step, flow)
        case _:
            return _keep(ctx, run_id, n, flow, lambda tx, state: dispatch.do_at_once(tx, state, step))


def _keep(
    ctx: JobContext,
    run_id: str,
    n: int,
    flow: Flow,
    do: Callable[[Session, RunState], StepResult],
    job_ids: Sequence[str] = (),
) -> dict[str, Any]:
    """The end of step `n`: what `do` gives, with the rows that it writes and the step's own row, in one transaction."""

    def write(tx: Session, _: None) -> dict[str, Any]:
        state = _state(tx, ctx, run_id, n, flow)
        row = _run_row(tx, run_id)
        if row.influencer_id and state.influencer is None:
            result = StepResult(
                flow, "skipped", tr_lazy("The influencer was deleted or archived. The run ends here."), end=True
            )
        else:
            result = do(tx, state)
        stop_waiting(tx, run_id)
        _write_row(tx, run_id, n, state, result.state, result.message, job_ids, ended=True)
        return {"flow": result.flow.model_dump(), "end": result.end, "skip": result.skip}

    return ctx.write_step(f"{n}", no_work, write) or {}


def _begin(
    ctx: JobContext, run_id: str, n: int, flow: Flow, do: Callable[[Session, RunState], dict[str, Any]]
) -> dict[str, Any]:
    """The first half of a step that waits. Result: what `do` gives; {"stop": why} where it must not begin."""

    def write(tx: Session, _: None) -> dict[str, Any]:
        state = _state(tx, ctx, run_id, n, flow)
        if _run_row(tx, run_id).influencer_id and state.influencer is None:
            return {"stop": stored("")}
        if why := _over_budget(tx, state):
            return {"stop": stored(why)}
        start_result = do(tx, state)
        _write_row(tx, run_id, n, state, "running", "", list(start_result.get("jobs", ())), ended=False)
        return start_result

    return ctx.write_step(f"{n}-begin", no_work, write) or {}


def _write_row(
    tx: Session, run_id: str, n: int, state: RunState, step_state: str, message: str, job_ids: Sequence[str], *, ended: bool
) -> None:
    values: dict[str, Any] = {"state": step_state, "message": message}
    values |= {"ended_at": clock.now(tx)} if ended else {}
    values |= {"job_ids": list(job_ids)} if job_ids else {}
    keys = {"run_id": run_id, "n": n, "kind": state.draft.steps[n].kind, "started_at": clock.now(tx)}
    row = insert(AutomationStep).values(**keys, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["tenant_id", "run_id", "n"], set_=values))


def _over_budget(tx: Session, state: RunState) -> str:
    """Why nothing more may be ordered in this month; "": it may."""
    budget = state.draft.budget_usd
    if budget is None:
        return ""
    spent = queries.spent_this_month(tx, [state.automation_id])[state.automation_id]
    if spent < budget or (not spent and not budget):
        return ""
    return tr_lazy(
        "This automation has used its budget of ${budget:,.2f} for this month (${spent:,.2f}). "
        "Raise it, or wait for the next month.",
        budget=budget,
        spent=spent,
    )


def _stopped(ctx: JobContext, run_id: str, n: int, flow: Flow, why: Any) -> dict[str, Any]:
    """`why`: as `kept_text` reads it."""
    return _keep(ctx, run_id, n, flow, lambda _tx, state: StepResult(state.flow, "failed", kept_text(why), end=True))


def _order_and_take_in(ctx: JobContext, run_id: str, n: int, step: Any, flow: Flow) -> dict[str, Any]:
    """Orders jobs, waits for them, has failed ones tried again, and takes in what they made."""

    def order(tx: Session, state: RunState) -> dict[str, Any]:
        orders = dispatch.order(tx, state, step)
        jobs.adopt(tx, ctx.job_id, list(orders.jobs))
        until = _deadline(tx, step.wait_minutes)
        order_fields = {
            "message": stored(orders.message),
            "failed": orders.failed,
            "refused": {plan_id: stored(reason) for plan_id, reason in orders.refused.items()},
            "data": dict(orders.data),
        }
        return {"jobs": dict(orders.jobs), "until": until.isoformat(), **order_fields}

    start_result = _begin(ctx, run_id, n, flow, order)
    if "stop" in start_result:
        return _stopped(ctx, run_id, n, flow, start_result["stop"])
    if not start_result["jobs"] and not start_result["refused"]:
        skipped: StepState = "failed" if start_result["failed"] else "skipped"
        kept_flow = flow.model_copy(update={"dataset_id": start_result["data"].get("dataset_id", flow.dataset_id)})
        message = kept_text(start_result["message"])
        return _keep(ctx, run_id, n, kept_flow, lambda _tx, state: StepResult(state.flow, skipped, message))
    until = datetime.fromisoformat(start_result["until"])
    for attempt in range(1, TRIES + 1):
        tried = _wait_for_jobs(ctx, run_id, n, list(start_result["jobs"]), until, attempt, step.wait_minutes)
        if not tried["again"]:
            break
        until = datetime.fromisoformat(tried["until"])
    return _keep(
        ctx, run_id, n, flow, lambda tx, state: dispatch.take_in(tx, state, step, start_result), list(start_result["jobs"])
    )


def _wait_for_jobs(
    ctx: JobContext, run_id: str, n: int, job_ids: Sequence[str], until: datetime, attempt: int, wait_minutes: int
) -> dict[str, Any]:
    """Result: {again: whether jobs that failed were started once more, until}. Waits until all have ended, or `until`."""

    def wait() -> None:
        with ctx.transaction() as tx:
            unfinished = tx.scalar(select(Job.id).where(Job.id.in_(job_ids), Job.state.not_in(FINAL)).limit(1))
            waiting = unfinished is not None and clock.now(tx) < until
        if waiting:
            wait_for(ctx, run_id, "jobs", job_ids, until)

    def decide(tx: Session, _: None) -> dict[str, Any]:
        stop_waiting(tx, run_id)
        failed = select(Job.id).where(Job.id.in_(job_ids), Job.state == JobState.FAILED, Job.dead_letter)
        again = list(tx.scalars(failed)) if attempt < TRIES else []
        for job_id in again:
            jobs.retry(tx, job_id)
        return {"again": again, "until": _deadline(tx, wait_minutes).isoformat()}

    return ctx.write_step(f"{n}-try-{attempt}", wait, decide) or {}


def _review(ctx: JobContext, run_id: str, n: int, step: ReviewGate, flow: Flow) -> dict[str, Any]:
    def submit(tx: Session, state: RunState) -> dict[str, Any]:
        plans = plans_of(tx, state.flow)
        leave_for_people(tx, [plan.id for plan in plans])
        return {"plans": [plan.id for plan in plans], "until": _deadline(tx, step.wait_minutes).isoformat()}

    start_result = _begin(ctx, run_id, n, flow, submit)
    if "stop" in start_result:
        return _stopped(ctx, run_id, n, flow, start_result["stop"])
    _wait_for_posts(ctx, run_id, n, "review", start_result["plans"], start_result["until"])
    return _keep(ctx, run_id, n, flow, lambda tx, state: instant.reviewed(tx, state))


def _publish(ctx: JobContext, run_id: str, n: int, step: PublishPosts, flow: Flow) -> dict[str, Any]:
    def send(tx: Session, state: RunState) -> dict[str, Any]:
        started = instant.start_publishing(tx, state, step.minutes_between)
        minutes = step.wait_minutes + step.minutes_between * max(len(started["plans"]) - 1, 0)
        return {**started, "until": _deadline(tx, minutes).isoformat()}

    start_result = _begin(ctx, run_id, n, flow, send)
    if "stop" in start_result:
        return _stopped(ctx, run_id, n, flow, start_result["stop"])
    _wait_for_posts(ctx, run_id, n, "posts", start_result["plans"], start_result["until"])
    return _keep(ctx, run_id, n, flow, lambda tx, state: instant.published(tx, state, start_result))


def _wait_for_posts(ctx: JobContext, run_id: str, n: int, waits_for: str, plan_ids: Sequence[str], until: str) -> None:
    """Until none of the plans' posts is in review (`review`), or scheduled and being published (`posts`); or `until`."""
    unsettled = instant.IN_REVIEW if waits_for == "review" else instant.COMING

    def wait() -> None:
        with ctx.transaction() as tx:
            plans = plans_of(tx, Flow(posts=list(plan_ids)))
            open_posts = any(post.state in unsettled for plan in plans for post in plan.posts)
            waiting = open_posts and clock.now(tx) < datetime.fromisoformat(until)
        if waiting:
            wait_for(ctx, run_id, waits_for, plan_ids, datetime.fromisoformat(until))

    ctx.write_step(f"{n}-settled", wait, lambda _tx, _none: {})


def _wait(ctx: JobContext, run_id: str, n: int, step: Wait, flow: Flow) -> dict[str, Any]:
    def begin(tx: Session, state: RunState) -> dict[str, Any]:
        if step.until:
            hour, minute = map(int, step.until.split(":"))
            at = clock.now(tx)
            today = content_plans.to_local_time(at, state.zone).replace(hour=hour, minute=minute, second=0, microsecond=0)
            until = content_plans.to_instant(today, state.zone).at
            if until <= at:
                until = content_plans.to_instant(today + timedelta(days=1), state.zone).at
        else:
            until = _deadline(tx, step.minutes)
        return {"until": until.isoformat()}

    start_result = _begin(ctx, run_id, n, flow, begin)
    if "stop" in start_result:
        return _stopped(ctx, run_id, n, flow, start_result["stop"])
    until = datetime.fromisoformat(start_result["until"])

    def wait() -> None:
        with ctx.transaction() as tx:
            waiting = clock.now(tx) < until
        if waiting:
            wait_for(ctx, run_id, "time", (), until)

    ctx.write_step(f"{n}-over", wait, lambda _tx, _none: {})
    return _keep(ctx, run_id, n, flow, lambda _tx, state: StepResult(state.flow, message=tr_lazy("Waited.")))


def _deadline(tx: Session, minutes: int) -> datetime:
    return clock.now(tx) + timedelta(minutes=minutes)


def _finish(tx: Session, run_id: str, flow: Flow) -> dict[str, Any]:
    row, summary = _run_row(tx, run_id), instant.summary(flow)
    stop_waiting(tx, run_id)
    last_message = tx.scalar(
        select(AutomationStep.message)
        .where(AutomationStep.run_id == run_id, AutomationStep.state == "failed")
        .order_by(AutomationStep.n.desc())
        .limit(1)
    )
    if last_message and not (flow.published or flow.scheduled or flow.planned or flow.lora_id):
        summary = last_message
    values = {"summary": summary, "figures": flow.model_dump(), "ended_at": clock.now(tx)}
    tx.execute(update(AutomationRun).where(AutomationRun.id == run_id).values(**values))
    name = tx.scalars(select(Automation.name).where(Automation.id == row.automation_id)).one()
    data = {"automationId": row.automation_id, "runId": run_id, "title": name, "summary": summary, "words": stored(summary)}
    data |= {"influencerId": row.influencer_id}
    events.record(tx, "automation.run_finished", "automation", row.automation_id, data)
    draft = AutomationDraft.model_validate(row.definition)
    if flow.jobs and flow.failed_percent > draft.alert_percent:
        events.record(tx, "automation.failed_half", "automation", row.automation_id, {**data, "percent": flow.failed_percent})
    figures = {"posts": len(flow.posts), "published": flow.published, "scheduled": flow.scheduled}
    figures |= {"jobs": flow.jobs, "failedJobs": flow.failed_jobs}
    return {"runId": run_id, "automationId": row.automation_id, "summary": summary, **figures}
