"""Starting a run: once for each trigger key, never in a circle, never too often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import channels, content_plans, datasets, events, influencers, jobs, reels, training, videos
from backend.automations.definition import MAX_CHAIN, AutomationDraft
from backend.automations.schemas import AutomationPayload
from backend.db.tables import FINAL, Automation, AutomationRun, Job
from backend.errors import NotFound
from backend.events import EventRecord
from backend.influencers import InfluencerCard
from backend.kit.ids import new_id
from backend.language import tr_lazy

KIND = "automation"
MAX_RUNS_AN_HOUR = 60
"""Of one automation that events start: more looks like a circle that goes through a platform or a program."""
STILL_RUNNING = tr_lazy("The previous run was still going, so this start was skipped.")
_CIRCLE = tr_lazy("It would have started itself again. The run stops here to avoid a loop.")
_TOO_DEEP = tr_lazy(
    "{n} automations have started each other already. Runs stop here, so that they do not go on for ever.", n=MAX_CHAIN
)
_ANCESTORS = text(
    """WITH RECURSIVE up(id, parent_id) AS (
        SELECT id, parent_id FROM jobs WHERE id = :job_id
        UNION ALL SELECT j.id, j.parent_id FROM jobs j JOIN up ON j.id = up.parent_id)
    SELECT r.chain FROM up JOIN automation_runs r ON r.job_id = up.id LIMIT 1"""
)
"""The chain of the run that a job belongs to."""


def start_run(
    tx: Session,
    automation: Automation,
    influencer: InfluencerCard | None,
    *,
    trigger: Mapping[str, Any],
    trigger_key: str,
    chain: Sequence[str] = (),
    not_beside: str = "",
) -> str:
    """Starts a run and its job, or notes why it does not start. Returns the run's id; the same `trigger_key` returns the first.

    `chain`: automations that led to this one. `not_beside`: prefix of trigger keys; while a run of one of them is under way,
    this one does not start.
    """
    same_key = select(AutomationRun.id).where(
        AutomationRun.automation_id == automation.id, AutomationRun.trigger_key == trigger_key
    )
    row = {
        "id": new_id("arun"),
        "automation_id": automation.id,
        "influencer_id": influencer.id if influencer else "",
        "trigger_key": trigger_key,
        "trigger": dict(trigger),
        "definition": automation.definition,
        "chain": [*chain, automation.id],
        "created_at": func.studio_clock(),
    }
    refusal = _refusal(tx, automation.id, chain, not_beside)
    if refusal:
        row |= {"refusal": refusal, "ended_at": func.studio_clock()}
    run_id: str | None = tx.scalar(insert(AutomationRun).values(**row).on_conflict_do_nothing().returning(AutomationRun.id))
    if run_id is None:
        first_id: str = tx.scalars(same_key).one()
        return first_id
    data = {"automationId": automation.id, "runId": run_id, "title": automation.name, "influencerId": row["influencer_id"]}
    if refusal:
        events.record(tx, "automation.run_refused", "automation", automation.id, {**data, "summary": refusal})
        return run_id
    title = (
        tr_lazy("{name} for {influencer}", name=automation.name, influencer=influencer.name) if influencer else automation.name
    )
    payload = AutomationPayload(run_id=run_id)
    key, subject = f"automation/{run_id}", ("automation", automation.id)
    job = jobs.enqueue(tx, kind=KIND, payload=payload, title=title, request_key=key, subject=subject)
    tx.execute(update(AutomationRun).where(AutomationRun.id == run_id).values(job_id=job.id))
    events.record(tx, "automation.run_started", "automation", automation.id, data)
    return run_id


def _refusal(tx: Session, automation_id: str, chain: Sequence[str], not_beside: str) -> str:
    """Why a run must not start, as a sentence; "": it may."""
    if automation_id in chain:
        return _CIRCLE
    if len(chain) >= MAX_CHAIN:
        return _TOO_DEEP
    if not_beside:
        under_way = (
            select(AutomationRun.id)
            .join(Job, Job.id == AutomationRun.job_id)
            .where(
                AutomationRun.automation_id == automation_id,
                AutomationRun.trigger_key.startswith(not_beside, autoescape=True),
                Job.state.not_in(FINAL),
            )
        )
        if tx.scalar(under_way.limit(1)):
            return STILL_RUNNING
    return ""


def chain_of_event(tx: Session, event: EventRecord, job_id: str | None) -> list[str]:
    """Automations whose runs led to an event: by the job whose pipeline wrote it, or that it is about."""
    about = event.noun_id if event.noun == "job" else job_id
    if event.noun == "automation":
        run_id = event.data.get("runId")
        return list(tx.scalar(select(AutomationRun.chain).where(AutomationRun.id == run_id)) or [])
    return list(tx.scalar(_ANCESTORS, {"job_id": about}) or []) if about else []


def runs_in_last_hour(tx: Session, automation_id: str) -> int:
    an_hour_ago = func.studio_clock() - func.make_interval(0, 0, 0, 0, 1)
    recent = AutomationRun.automation_id == automation_id, AutomationRun.created_at > an_hour_ago
    return tx.scalar(select(func.count()).select_from(AutomationRun).where(*recent)) or 0


def influencers_of(tx: Session, draft: AutomationDraft) -> list[InfluencerCard]:
    """Whom an automation is for: those chosen, or all; archived ones are left out."""
    if not draft.influencer_ids:
        return influencers.page(tx, take=1000).cards
    cards = []
    for influencer_id in draft.influencer_ids:
        card = influencer_or_none(tx, influencer_id)
        if card:
            cards.append(card)
    return cards


def influencer_or_none(tx: Session, influencer_id: str | None) -> InfluencerCard | None:
    """None: there is none, or it was deleted or archived."""
    if not influencer_id:
        return None
    try:
        card = influencers.get(tx, influencer_id)
    except NotFound:
        return None
    return None if card.archived_at else card


def influencer_of_event(tx: Session, event: EventRecord) -> str | None:
    """Whose event it is; None: nobody's, or what it is about is gone."""
    try:
        match event.noun:
            case "influencer":
                return event.noun_id
            case "plan":
                return content_plans.get(tx, event.noun_id).influencer_id
            case "post":
                return content_plans.get(tx, content_plans.get_post(tx, event.noun_id).plan_id).influencer_id
            case "dataset":
                return datasets.get(tx, event.noun_id).influencer_id
            case "training":
                return training.get(tx, event.noun_id).influencer_id
            case "clip":
                return videos.get(tx, event.noun_id).influencer_id
            case "reel":
                return reels.get(tx, event.noun_id).influencer_id
            case "channel":
                return channels.get(tx, event.noun_id).influencer_id
            case "automation":
                return str(event.data.get("influencerId") or "") or None
    except NotFound:
        return None
    return None
