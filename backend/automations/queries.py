"""Reads automations and their runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, exists, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from backend import budgets
from backend.automations.definition import AutomationDraft
from backend.automations.schemas import AutomationCard, AutomationRunCard, AutomationRunPage, StepCard
from backend.db.tables import FINAL, Automation, AutomationRun, AutomationStep, AutomationTimer, Influencer, Job, JobState
from backend.errors import NotFound
from backend.language import tr_lazy

REFUSED = "refused"
_MAX_PAGE = 100
_LATEST_RUNS = text(
    """SELECT l.id FROM unnest(CAST(:ids AS text[])) AS a(id),
      LATERAL (SELECT r.id FROM automation_runs r WHERE r.automation_id = a.id ORDER BY r.id DESC LIMIT 1) l"""
)
_JOBS_OF_MONTH = text(
    """SELECT automation_id, job_id FROM automation_runs WHERE automation_id = ANY(CAST(:ids AS text[])) AND job_id IS NOT NULL
      AND created_at >= date_trunc('month', studio_clock() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"""
)


def get(tx: Session, automation_id: str) -> AutomationCard:
    """Raises NotFound."""
    row = tx.get(Automation, automation_id, populate_existing=True)
    if row is None or row.deleted_at:
        raise NotFound(tr_lazy("This automation does not exist here. It may have been deleted."))
    return _cards(tx, [row])[0]


def page(tx: Session) -> list[AutomationCard]:
    """All automations that are not deleted, newest first, each with its latest run."""
    query = select(Automation).where(Automation.deleted_at.is_(None)).order_by(Automation.id.desc())
    return _cards(tx, tx.scalars(query.execution_options(populate_existing=True)).all())


def _cards(tx: Session, rows: Sequence[Automation]) -> list[AutomationCard]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    first = (
        select(AutomationTimer).ext(distinct_on(AutomationTimer.automation_id)).where(AutomationTimer.automation_id.in_(ids))
    )
    first = first.order_by(AutomationTimer.automation_id, AutomationTimer.next_at)
    next_timers = {timer.automation_id: timer for timer in tx.scalars(first.execution_options(populate_existing=True))}
    latest = {run.automation_id: run for run in _runs(tx, list(tx.scalars(_LATEST_RUNS, {"ids": ids})))}
    spent = spent_this_month(tx, ids)
    return [
        AutomationCard(
            id=row.id,
            name=row.name,
            draft=AutomationDraft.model_validate(row.definition),
            version=row.version,
            hook_last_four=row.hook_last_four,
            next_at=next_timers[row.id].next_at if row.id in next_timers else None,
            next_zone=next_timers[row.id].zone if row.id in next_timers else "",
            paused_at=row.paused_at,
            pause_reason=row.pause_reason,
            created_by=row.created_by,
            created_at=row.created_at,
            updated_at=row.updated_at,
            spent_usd=spent[row.id],
            last_run=latest.get(row.id),
        )
        for row in rows
    ]


def spent_this_month(tx: Session, automation_ids: Sequence[str]) -> dict[str, Decimal]:
    """Automation id -> USD that its runs of this month (UTC) have cost, with all jobs that they ordered."""
    job_ids = list(tx.execute(_JOBS_OF_MONTH, {"ids": list(automation_ids)}))
    costs = budgets.cost_of_jobs(tx, [row.job_id for row in job_ids])
    spent = dict.fromkeys(automation_ids, Decimal(0))
    for row in job_ids:
        spent[row.automation_id] += costs[row.job_id]
    return spent


def unfinished_jobs(tx: Session, automation_id: str) -> list[str]:
    """Jobs of its runs that are under way."""
    query = select(Job.id).join(AutomationRun, AutomationRun.job_id == Job.id)
    return list(tx.scalars(query.where(AutomationRun.automation_id == automation_id, Job.state.not_in(FINAL))))


def runs(tx: Session, automation_id: str = "", *, cursor: str | None = None, take: int = 20) -> AutomationRunPage:
    """Runs of one automation, or of all, newest first. `cursor`: the page before's `next_cursor`."""
    take = min(take, _MAX_PAGE)
    query = select(AutomationRun.id).order_by(AutomationRun.id.desc()).limit(take + 1)
    if automation_id:
        query = query.where(AutomationRun.automation_id == automation_id)
    ids = list(tx.scalars(query.where(AutomationRun.id < cursor) if cursor else query))
    return AutomationRunPage(_runs(tx, ids[:take]), ids[take - 1] if len(ids) > take else None)


def get_run(tx: Session, run_id: str) -> AutomationRunCard:
    """With its steps and what it has cost. Raises NotFound."""
    cards = _runs(tx, [run_id])
    if not cards:
        raise NotFound(tr_lazy("This run does not exist here. Old ones are cleaned up."))
    [card] = cards
    cost = budgets.cost_of_jobs(tx, [card.job_id])[card.job_id] if card.job_id else Decimal(0)
    return replace(card, steps=tuple(_steps_of(tx, card)), cost_usd=cost)


def _steps_of(tx: Session, run: AutomationRunCard) -> list[StepCard]:
    """The steps of a run as it was started, those that have not begun too."""
    definition = tx.scalars(select(AutomationRun.definition).where(AutomationRun.id == run.id)).one()
    rows = {row.n: row for row in tx.scalars(select(AutomationStep).where(AutomationStep.run_id == run.id))}
    return [_step(run, n, str(step["kind"]), rows.get(n)) for n, step in enumerate(definition["steps"])]


def _step(run: AutomationRunCard, n: int, kind: str, row: AutomationStep | None) -> StepCard:
    """A step that was under way when its run failed or was cancelled ended with it. Its row stays as it is, because a run that
    is tried again goes on there."""
    if row is None:
        return StepCard(n, kind, "", "", (), None, None)
    state, ended_at = row.state, row.ended_at
    if state == "running" and run.state in (JobState.CANCELLED, JobState.FAILED):
        state, ended_at = run.state, run.ended_at
    return StepCard(n, kind, state, row.message, tuple(row.job_ids), row.started_at, ended_at)


def _runs(tx: Session, ids: Sequence[str]) -> list[AutomationRunCard]:
    rows = tx.execute(_run_query().where(AutomationRun.id.in_(ids))).all() if ids else []
    return sorted((_run(row) for row in rows), key=lambda card: card.id, reverse=True)


def _run_query() -> Select[Any, Any, Any, Any, Any, Any, Any]:
    failed = exists().where(AutomationStep.run_id == AutomationRun.id, AutomationStep.state == "failed")
    return (
        select(AutomationRun, Automation.name, Influencer.name, Job.state, Job.error_message, Job.finished_at, failed)
        .join(Automation, Automation.id == AutomationRun.automation_id)
        .outerjoin(Influencer, Influencer.id == AutomationRun.influencer_id)
        .outerjoin(Job, Job.id == AutomationRun.job_id)
        .execution_options(populate_existing=True)
    )


def _run(row: Any) -> AutomationRunCard:
    run, automation_name, influencer_name, state, error, finished_at, has_failed_step = row
    return AutomationRunCard(
        id=run.id,
        automation_id=run.automation_id,
        automation_name=automation_name,
        influencer_id=run.influencer_id,
        influencer_name=influencer_name or "",
        trigger=run.trigger,
        job_id=run.job_id,
        state=REFUSED if run.refusal else state or "pending",
        waits_for="" if run.refusal or state in ("completed", "failed", "cancelled") else run.waits_for,
        summary=run.refusal or run.summary or (error or "" if state in ("failed", "cancelled") else ""),
        figures=run.figures,
        created_at=run.created_at,
        ended_at=run.ended_at or (finished_at if state in FINAL else None),
        has_failed_step=has_failed_step,
    )
