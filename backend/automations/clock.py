"""Starts by the clock: a timer for each automation and influencer, kept in step with definitions and time zones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from backend.automations import cron
from backend.automations.definition import AutomationDraft, CronTrigger
from backend.automations.starts import influencer_or_none, influencers_of, start_run
from backend.db.tables import Automation, AutomationTimer

BATCH_SIZE = 100


def now(tx: Session) -> datetime:
    """By the clock of automations: Postgres's, unless a test moved it."""
    at: datetime = tx.scalars(select(func.studio_clock())).one()
    return at


def align_timers(tx: Session, automation: Automation) -> None:
    """Gives the automation one timer for each of its influencers. A timer whose time and zone are still right stays as it is:
    what is due is not lost. Removes the timers of one that is paused, deleted or started otherwise."""
    draft = AutomationDraft.model_validate(automation.definition)
    zones: dict[str, str] = {}
    if isinstance(draft.trigger, CronTrigger) and not automation.paused_at and not automation.deleted_at:
        zones = {card.id: card.time_zone for card in influencers_of(tx, draft)}
    line = draft.trigger.cron if isinstance(draft.trigger, CronTrigger) else ""
    timers = {
        timer.influencer_id: timer
        for timer in tx.scalars(select(AutomationTimer).where(AutomationTimer.automation_id == automation.id).with_for_update())
    }
    at = now(tx)
    for influencer_id, zone in zones.items():
        timer = timers.pop(influencer_id, None)
        if timer is None:
            timer = AutomationTimer(automation_id=automation.id, influencer_id=influencer_id)
            tx.add(timer)
        elif (timer.zone, timer.cron) == (zone, line):
            continue
        timer.zone, timer.cron, timer.next_at = zone, line, cron.next_fire(line, zone, at)
    left_over = AutomationTimer.automation_id == automation.id, AutomationTimer.influencer_id.in_(list(timers))
    if timers:
        tx.execute(delete(AutomationTimer).where(*left_over))
    tx.flush()


def align_all(tx: Session) -> None:
    """`align_timers` for every automation of the workspace that the clock starts: an influencer was added, archived, or lives
    elsewhere now."""
    by_clock = Automation.trigger_kind == "cron", Automation.deleted_at.is_(None)
    for automation in tx.scalars(select(Automation).where(*by_clock)):
        align_timers(tx, automation)


def workspaces_with_timers(tx: Session) -> list[str]:
    """`tx` is a dispatch transaction."""
    by_clock = Automation.trigger_kind == "cron", Automation.deleted_at.is_(None), Automation.paused_at.is_(None)
    return list(tx.scalars(select(Automation.tenant_id).where(*by_clock).distinct()))


def due_workspaces(tx: Session) -> list[str]:
    """Workspaces in which a start is due. `tx` is a dispatch transaction."""
    due = AutomationTimer.next_at <= func.studio_clock()
    return list(tx.scalars(select(AutomationTimer.tenant_id).where(due).distinct().limit(BATCH_SIZE)))


def fire_due(tx: Session) -> int:
    """Starts the runs of a workspace that are due. Returns how many timers fired. Times that were missed fire once together:
    the timer goes to the next time from now on."""
    at = now(tx)
    due = select(AutomationTimer).where(AutomationTimer.next_at <= at).order_by(AutomationTimer.next_at).limit(BATCH_SIZE)
    timers = tx.scalars(due.with_for_update(skip_locked=True)).all()
    for timer in timers:
        automation = tx.get_one(Automation, timer.automation_id, populate_existing=True)
        influencer = influencer_or_none(tx, timer.influencer_id)
        next_at = cron.next_fire(timer.cron, timer.zone, at)
        if influencer and not automation.paused_at and not automation.deleted_at:
            prefix = f"cron:{timer.influencer_id}:"
            planned = timer.next_at.isoformat()
            trigger = {"kind": "cron", "at": planned}
            start_run(tx, automation, influencer, trigger=trigger, trigger_key=prefix + planned, not_beside=prefix)
        same_timer = (
            AutomationTimer.automation_id == timer.automation_id,
            AutomationTimer.influencer_id == timer.influencer_id,
        )
        tx.execute(update(AutomationTimer).where(*same_timer).values(next_at=next_at))
    return len(timers)


def set_next(tx: Session, automation: Automation, next_by_influencer: Mapping[str, datetime]) -> None:
    """When each of its timers starts it next."""
    for influencer_id, next_at in next_by_influencer.items():
        timer = AutomationTimer.automation_id == automation.id, AutomationTimer.influencer_id == influencer_id
        tx.execute(update(AutomationTimer).where(*timer).values(next_at=next_at))


def skip_next(tx: Session, automation: Automation) -> datetime | None:
    """Leaves out the next start of each of its timers. Returns the earliest that is left; None: it has no timers."""
    own = AutomationTimer.automation_id == automation.id
    timers = tx.scalars(select(AutomationTimer).where(own).with_for_update()).all()
    for timer in timers:
        timer.next_at = cron.next_fire(timer.cron, timer.zone, max(timer.next_at, now(tx)))
    tx.flush()
    return min((timer.next_at for timer in timers), default=None)
