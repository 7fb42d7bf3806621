"""The verbs of automations: save, pause, resume, skip once, run now, delete; and their addresses for programs."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from backend import events, influencers, jobs
from backend.automations import clock, event_starts, queries
from backend.automations.definition import AutomationDraft, EventTrigger, WebhookTrigger
from backend.automations.schemas import AutomationCard, AutomationRunCard, NewHook
from backend.automations.starts import influencer_or_none, influencers_of, start_run
from backend.db.callers import Origin
from backend.db.tables import FINAL, Automation, AutomationRun, Job
from backend.db.transactions import Anonymous, Database, SystemCaller, hash_token
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.settings import Settings
from backend.undo import undoable

MAX_AUTOMATIONS = 100
HOOK_PATH = "/api/automation-hooks"
MAX_HOOK_BYTES = 16_384
_FIND_HOOK = text("SELECT automation_id, tenant_id FROM find_automation_hook(:hook_hash)")
_FROM_HOOK = Origin("hook")
_CHANGED = tr_lazy("Somebody else changed this automation while you were editing. Load it again, then repeat your change.")
_NO_HOOK = tr_lazy("There is no automation at this address. It may have got a new one; see its page.")


def create(tx: Session, draft: AutomationDraft) -> AutomationCard:
    """Raises NotFound (an influencer), Conflict (too many)."""
    existing = tx.scalar(select(func.count()).select_from(Automation).where(Automation.deleted_at.is_(None))) or 0
    if existing >= MAX_AUTOMATIONS:
        raise Conflict(
            tr_lazy(
                "This workspace has {max_automations} automations. Delete one that is no longer used.",
                max_automations=MAX_AUTOMATIONS,
            )
        )
    automation = Automation(id=new_id("auto"), created_by=tx.info["user_id"])
    _set_definition(tx, automation, draft)
    tx.add(automation)
    tx.flush()
    clock.align_timers(tx, automation)
    events.record(tx, "automation.created", "automation", automation.id, {"title": draft.name})
    return queries.get(tx, automation.id)


@undoable("automation.definition")
def save(tx: Session, automation_id: str, draft: AutomationDraft, *, version: int) -> AutomationCard:
    """Changes it from the next run on; runs under way go on as they began. Raises NotFound, Conflict (changed meanwhile)."""
    automation = _lock(tx, automation_id)
    if automation.version != version:
        raise Conflict(_CHANGED)
    _set_definition(tx, automation, draft)
    automation.version, automation.updated_at = version + 1, clock.now(tx)
    tx.flush()
    clock.align_timers(tx, automation)
    events.record(tx, "automation.saved", "automation", automation_id, {"title": draft.name, "version": automation.version})
    return queries.get(tx, automation_id)


@undoable("automation.deleted")
def delete(tx: Session, automation_id: str) -> None:
    """No run starts any more; those under way are stopped, and its history stays until it is cleaned up. Raises NotFound."""
    automation = _lock(tx, automation_id)
    automation.deleted_at, automation.hook_hash = clock.now(tx), None
    tx.flush()
    clock.align_timers(tx, automation)
    for job_id in queries.unfinished_jobs(tx, automation_id):
        jobs.cancel(tx, job_id)
    events.record(tx, "automation.deleted", "automation", automation_id, {"title": automation.name})


@undoable("automation.deleted")
def restore(tx: Session, automation_id: str) -> AutomationCard:
    """Takes back a deletion; it is paused then. Raises NotFound, Conflict (it was not deleted)."""
    automation = tx.get(Automation, automation_id, with_for_update=True, populate_existing=True)
    if automation is None:
        raise NotFound(tr_lazy("This automation does not exist here."))
    if not automation.deleted_at:
        raise Conflict(tr_lazy("This automation is not deleted."))
    automation.deleted_at, automation.paused_at, automation.pause_reason = None, clock.now(tx), ""
    tx.flush()
    events.record(tx, "automation.restored", "automation", automation_id, {"title": automation.name})
    return queries.get(tx, automation_id)


@undoable("automation.on")
def pause(tx: Session, automation_id: str) -> AutomationCard:
    """Nothing starts it until `resume`, except by hand; runs under way go on. Raises NotFound."""
    automation = _lock(tx, automation_id)
    if not automation.paused_at:
        event_starts.pause(tx, automation, "")
        clock.align_timers(tx, automation)
    return queries.get(tx, automation_id)


@undoable("automation.on")
def resume(tx: Session, automation_id: str) -> AutomationCard:
    """What happened meanwhile starts nothing. Raises NotFound."""
    automation = _lock(tx, automation_id)
    if automation.paused_at:
        automation.paused_at, automation.pause_reason = None, ""
        event_starts.listen_from_now(tx, automation)
        tx.flush()
        clock.align_timers(tx, automation)
        events.record(tx, "automation.resumed", "automation", automation_id, {"title": automation.name})
    return queries.get(tx, automation_id)


def set_next(tx: Session, automation_id: str, next_by_influencer: Mapping[str, datetime]) -> None:
    """Takes back that a start was skipped. Raises NotFound, Conflict (its time is over)."""
    automation = _lock(tx, automation_id)
    if min(next_by_influencer.values(), default=clock.now(tx)) <= clock.now(tx):
        raise Conflict(tr_lazy("The time of the start that was skipped is over. Start it by hand if you need it."))
    clock.set_next(tx, automation, next_by_influencer)
    earliest = min(next_by_influencer.values()).isoformat()
    events.record(tx, "automation.unskipped", "automation", automation_id, {"next_at": earliest})


@undoable("automation.next")
def skip_next(tx: Session, automation_id: str) -> AutomationCard:
    """Leaves out its next start by the clock. Raises NotFound, Conflict (no clock starts it)."""
    automation = _lock(tx, automation_id)
    next_at = clock.skip_next(tx, automation)
    if next_at is None:
        raise Conflict(tr_lazy("It has no scheduled start, so there is nothing to skip."))
    events.record(tx, "automation.skipped", "automation", automation_id, {"next_at": next_at.isoformat()})
    return queries.get(tx, automation_id)


def run_now(tx: Session, automation_id: str, *, influencer_id: str = "", request_key: str) -> list[AutomationRunCard]:
    """Starts a run for one influencer, or for each of its influencers; also while it is paused. The same key starts none again.

    Raises NotFound, Invalid (not one of its influencers; there is none), NotPermitted.
    """
    automation = _lock(tx, automation_id)
    draft = AutomationDraft.model_validate(automation.definition)
    cards = influencers_of(tx, draft)
    if influencer_id:
        influencers.get(tx, influencer_id)
        cards = [card for card in cards if card.id == influencer_id]
        if not cards:
            raise Invalid(tr_lazy("This automation is not for that influencer. Choose another one, or change whom it is for."))
    if not cards:
        raise Invalid(tr_lazy("There is no influencer to run for. Create one first."))
    trigger = {"kind": "hand", "at": clock.now(tx).isoformat(), "by": tx.info.get("user_id")}
    return [
        queries.get_run(tx, start_run(tx, automation, card, trigger=trigger, trigger_key=f"hand:{request_key}:{card.id}"))
        for card in cards
    ]


def stop_run(tx: Session, run_id: str) -> AutomationRunCard:
    """Cancels a run with the jobs that it ordered. Raises NotFound, NotPermitted, Conflict (it has ended)."""
    card = queries.get_run(tx, run_id)
    if not card.job_id or card.state in ("completed", "failed", "cancelled"):
        raise Conflict(tr_lazy("This run has ended already."))
    jobs.cancel(tx, card.job_id)
    return queries.get_run(tx, run_id)


def new_hook(tx: Session, settings: Settings, automation_id: str) -> NewHook:
    """Makes its address for programs; the one before ends at once. Raises NotFound, Conflict (something else starts it)."""
    automation = _lock(tx, automation_id)
    if automation.trigger_kind != "webhook":
        raise Conflict(tr_lazy("This automation is not started by a webhook. Choose that first, then make its address."))
    token = secrets.token_urlsafe(32)
    automation.hook_hash, automation.hook_last_four = hash_token(token), token[-4:]
    tx.flush()
    events.record(tx, "automation.hook_created", "automation", automation_id, {"last_four": token[-4:]})
    return NewHook(queries.get(tx, automation_id), f"{settings.web.base_url}{HOOK_PATH}/{token}")


def call_hook(db: Database, token: str, *, body: Mapping[str, Any], request_key: str, origin: Origin = _FROM_HOOK) -> list[str]:
    """Starts the runs of the automation at an address; returns their ids. `body`: {influencerId: only for this one, …}, which
    its runs keep. The same `request_key` starts none again. Raises NotFound, Conflict (paused), Invalid."""
    with db.transaction(Anonymous()) as tx:
        hook_row = tx.execute(_FIND_HOOK, {"hook_hash": hash_token(token)}).first()
    if hook_row is None:
        raise NotFound(_NO_HOOK)
    with db.transaction(SystemCaller(hook_row.tenant_id)) as tx:
        tx.info["origin"] = origin
        automation = _lock(tx, hook_row.automation_id)
        if automation.paused_at:
            raise Conflict(tr_lazy("This automation is paused."))
        influencer_id = str(body.get("influencerId") or "")
        cards = [
            card
            for card in influencers_of(tx, AutomationDraft.model_validate(automation.definition))
            if influencer_id in ("", card.id)
        ]
        if not cards:
            raise Invalid(tr_lazy("This automation cannot run for that influencer."))
        trigger = {"kind": "webhook", "at": clock.now(tx).isoformat(), "body": dict(body)}
        return [
            start_run(tx, automation, card, trigger=trigger, trigger_key=f"webhook:{request_key}:{card.id}") for card in cards
        ]


def _set_definition(tx: Session, automation: Automation, draft: AutomationDraft) -> None:
    for influencer_id in draft.influencer_ids:
        if influencer_or_none(tx, influencer_id) is None:
            raise NotFound(tr_lazy("One of the chosen influencers does not exist here any more. Choose again."))
    automation.name, automation.definition = draft.name, draft.model_dump(mode="json")
    automation.budget_usd = draft.budget_usd
    before, automation.trigger_kind = automation.trigger_kind, draft.trigger.kind
    event_kind = draft.trigger.event if isinstance(draft.trigger, EventTrigger) else ""
    if event_kind and (before, automation.event_kind) != ("event", event_kind):
        event_starts.listen_from_now(tx, automation)
    automation.event_kind = event_kind
    if not isinstance(draft.trigger, WebhookTrigger):
        automation.hook_hash, automation.hook_last_four = None, ""


def _lock(tx: Session, automation_id: str) -> Automation:
    automation = tx.get(Automation, automation_id, with_for_update=True, populate_existing=True)
    if automation is None or automation.deleted_at:
        raise NotFound(tr_lazy("This automation does not exist here. It may have been deleted."))
    return automation


def purge_runs(tx: Session, *, days: int) -> int:
    """Deletes runs that ended more than `days` ago, also those that failed or were cancelled. Returns how many. `tx` is a job's
    transaction of the workspace."""
    with_job = select(AutomationRun).outerjoin(Job, Job.id == AutomationRun.job_id)
    ended_at = func.coalesce(AutomationRun.ended_at, case((Job.state.in_(FINAL), Job.finished_at)))
    rows = tx.scalars(with_job.where(ended_at < func.studio_clock() - func.make_interval(0, 0, 0, days)).limit(1000)).all()
    for run in rows:
        tx.delete(run)
    return len(rows)
