"""Starts by events: each automation reads on from the position that it has looked at, so that no event is missed or taken
twice, whatever dies."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import events
from backend.automations.definition import AutomationDraft
from backend.automations.starts import (
    MAX_RUNS_AN_HOUR,
    chain_of_event,
    influencer_of_event,
    influencer_or_none,
    runs_in_last_hour,
    start_run,
)
from backend.db.tables import Automation, EventRow
from backend.events import EventRecord
from backend.language import stored, tr_lazy

BATCH_SIZE = 200
_TOO_OFTEN = tr_lazy("It was started {n} times within an hour. Look at what starts it, then resume it.", n=MAX_RUNS_AN_HOUR)
_LISTENS = Automation.trigger_kind == "event", Automation.paused_at.is_(None), Automation.deleted_at.is_(None)


def any_listening(tx: Session) -> bool:
    """Whether an event may start anything. `tx` is a dispatch transaction."""
    return bool(tx.scalar(select(Automation.id).where(*_LISTENS).limit(1)))


def workspaces_with_events(tx: Session) -> list[str]:
    """Workspaces in which an automation has events to look at. `tx` is a dispatch transaction."""
    newer = (
        select(EventRow.id)
        .where(EventRow.tenant_id == Automation.tenant_id, EventRow.position > Automation.event_position)
        .exists()
    )
    return list(tx.scalars(select(Automation.tenant_id).where(*_LISTENS, newer).distinct()))


def start_by_events(tx: Session) -> int:
    """Starts the runs of a workspace that its new events call for. Returns how many events did.

    An automation that is started too often is paused with the reason.
    """
    started = 0
    listening = select(Automation).where(*_LISTENS).order_by(Automation.id).with_for_update(skip_locked=True)
    for automation in tx.scalars(listening).all():
        started += _read_on(tx, automation)
    return started


def _read_on(tx: Session, automation: Automation) -> int:
    position = automation.event_position or 0
    latest = tx.scalar(select(func.max(EventRow.position))) or 0
    newer = [EventRow.position > position, EventRow.position <= latest, EventRow.kind == automation.event_kind]
    if automation.listens_from:
        newer.append(EventRow.created_at > automation.listens_from)
    rows = tx.scalars(select(EventRow).where(*newer).order_by(EventRow.position).limit(BATCH_SIZE)).all()
    read_to = rows[-1].position if len(rows) == BATCH_SIZE else latest
    started, left_this_hour = 0, MAX_RUNS_AN_HOUR - runs_in_last_hour(tx, automation.id) if rows else 0
    for row in rows:
        if started >= left_this_hour:
            pause(
                tx,
                automation,
                _TOO_OFTEN,
            )
            read_to = row.position
            break
        started += _start(tx, automation, row)
    tx.execute(update(Automation).where(Automation.id == automation.id).values(event_position=read_to))
    return started


def _start(tx: Session, automation: Automation, row: EventRow) -> bool:
    event = EventRecord(row.id, row.kind, row.noun, row.noun_id, row.data, row.user_id, row.created_at)
    draft = AutomationDraft.model_validate(automation.definition)
    influencer = influencer_or_none(tx, influencer_of_event(tx, event))
    if draft.influencer_ids and (influencer is None or influencer.id not in draft.influencer_ids):
        return False
    trigger = {"kind": "event", "event": row.kind, "noun": row.noun, "id": row.noun_id, "at": row.created_at.isoformat()}
    prefix = f"event:{row.noun_id}:"
    chain = chain_of_event(tx, event, row.job_id)
    start_run(tx, automation, influencer, trigger=trigger, trigger_key=f"{prefix}{row.id}", chain=chain, not_beside=prefix)
    return True


def listen_from_now(tx: Session, automation: Automation) -> None:
    """What happened before starts nothing. By Postgres's own clock, as the times of events are."""
    automation.event_position = tx.scalar(select(func.max(EventRow.position))) or 0
    automation.listens_from = tx.scalars(select(func.clock_timestamp())).one()


def pause(tx: Session, automation: Automation, reason: str) -> None:
    """Pauses it in the studio's name, and tells people."""
    automation.paused_at, automation.pause_reason = tx.scalars(select(func.studio_clock())).one(), reason
    tx.flush()
    data = {"automationId": automation.id, "title": automation.name, "summary": reason, "words": stored(reason)}
    events.record(tx, "automation.paused", "automation", automation.id, data)
