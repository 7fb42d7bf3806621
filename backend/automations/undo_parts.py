"""What of automations can be undone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import undo
from backend.automations import queries, service
from backend.automations.definition import AutomationDraft
from backend.db.tables import Automation, AutomationTimer
from backend.undo import Values

_IS_THERE = Automation.deleted_at.is_(None)


def _read_switch(tx: Session, automation_id: str) -> Values | None:
    values = undo.columns(Automation, "paused_at", where=_IS_THERE)(tx, automation_id)
    return values and {"on": values["paused_at"] is None}


def _switch(tx: Session, automation_id: str, values: Values) -> None:
    (service.resume if values["on"] else service.pause)(tx, automation_id)


def _save(tx: Session, automation_id: str, values: Values) -> None:
    version = queries.get(tx, automation_id).version
    service.save(tx, automation_id, AutomationDraft.model_validate(values["definition"]), version=version)


def _read_next(tx: Session, automation_id: str) -> Values | None:
    """When each influencer's timer starts it next."""
    own = AutomationTimer.automation_id == automation_id
    timers = tx.scalars(select(AutomationTimer).where(own).with_for_update().execution_options(populate_existing=True))
    return {timer.influencer_id: timer.next_at.isoformat() for timer in timers}


def _set_next(tx: Session, automation_id: str, values: Values) -> None:
    service.set_next(tx, automation_id, {key: datetime.fromisoformat(at) for key, at in values.items()})


def _read_deletion(tx: Session, automation_id: str) -> Values | None:
    values = undo.columns(Automation, "deleted_at")(tx, automation_id)
    return values and {"deleted": values["deleted_at"] is not None}


def _set_deletion(tx: Session, automation_id: str, values: Values) -> None:
    (service.delete if values["deleted"] else service.restore)(tx, automation_id)


def register_parts() -> None:
    undo.register(undo.Part("automation.on", read=_read_switch, write=_switch))
    undo.register(undo.Part("automation.definition", read=undo.columns(Automation, "definition", where=_IS_THERE), write=_save))
    undo.register(undo.Part("automation.next", read=_read_next, write=_set_next))
    undo.register(undo.Part("automation.deleted", read=_read_deletion, write=_set_deletion, has_own_offer=True))
