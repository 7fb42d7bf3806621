"""Which function does which kind of step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from backend import jobs
from backend.automations.definition import (
    CallWebhook,
    CaptionDataset,
    Condition,
    DrawPictures,
    MakeVideo,
    Notify,
    PlanPosts,
    SchedulePosts,
    TakePosts,
    TestPictures,
    TrainLora,
    WriteWords,
)
from backend.automations.steps import instant, ordered, webhook_call
from backend.automations.steps.run_state import EndedJob, Orders, RunState, StepResult, kept_text
from backend.jobs import JobCard
from backend.language import tr_lazy, tr_lazy_plural

_LATE = "late"


def do_at_once(tx: Session, state: RunState, step: Any) -> StepResult:
    match step:
        case TakePosts():
            return instant.take_posts(tx, state, step)
        case SchedulePosts():
            return instant.schedule(tx, state, step)
        case Condition():
            return instant.condition(tx, state, step)
        case Notify():
            return instant.notify(tx, state, step)
        case CallWebhook():
            return webhook_call.call(tx, state, step)
        case _:
            raise AssertionError(step)


def order(tx: Session, state: RunState, step: Any) -> Orders:
    match step:
        case PlanPosts():
            return ordered.plan_posts(tx, state, step)
        case WriteWords():
            return ordered.words(tx, state, step)
        case DrawPictures():
            return ordered.pictures(tx, state, step)
        case MakeVideo():
            return ordered.videos(tx, state, step)
        case CaptionDataset():
            return ordered.caption(tx, state, step)
        case TrainLora():
            return ordered.train(tx, state, step)
        case TestPictures():
            return ordered.test_pictures(tx, state, step)
        case _:
            raise AssertionError(step)


def take_in(tx: Session, state: RunState, step: Any, start_result: dict[str, Any]) -> StepResult:
    cards = jobs.get_many(tx, list(start_result["jobs"]))
    ended = [_ended_job(cards.get(job_id), job_id, plan_id, step) for job_id, plan_id in start_result["jobs"].items()]
    update = {
        "jobs": state.flow.jobs + len(ended),
        "failed_jobs": state.flow.failed_jobs + sum(job.state != "completed" for job in ended),
        "dataset_id": start_result["data"].get("dataset_id", state.flow.dataset_id),
    }
    state = replace(state, flow=state.flow.model_copy(update=update))
    match step:
        case PlanPosts():
            return ordered.planned(tx, state, ended)
        case CaptionDataset():
            return ordered.captioned(tx, state, ended)
        case TrainLora():
            return ordered.trained(tx, state, ended, start_result["data"]["training_run_id"])
        case TestPictures():
            return ordered.drawn(tx, state, ended)
        case _:
            refused = {plan_id: kept_text(reason) for plan_id, reason in start_result["refused"].items()}
            return ordered.finished_posts(tx, state, ended, refused)


def _ended_job(card: JobCard | None, job_id: str, plan_id: str, step: Any) -> EndedJob:
    if card is None:
        return EndedJob(job_id, plan_id, "failed", tr_lazy("Its job was cleaned up."), {})
    if not card.ended:
        late = tr_lazy_plural(
            "It was not ready after {n} minute; it goes on in the background.",
            "It was not ready after {n} minutes; it goes on in the background.",
            step.wait_minutes,
        )
        return EndedJob(job_id, plan_id, _LATE, late, {})
    reason = "" if card.state == "completed" else card.error_message or tr_lazy("Somebody cancelled it.")
    return EndedJob(job_id, plan_id, card.state, reason, card.result or {})
