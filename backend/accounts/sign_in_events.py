"""Tells the audit logs of all workspaces that a person belongs to how the account was used: sign-ins, passwords, two-factor.

An account belongs to no workspace, so each of its workspaces gets the event. Neither passwords nor codes are in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from backend import events
from backend.db.callers import NOWHERE, Origin
from backend.db.tables import Membership

_NOUN = "member"
_ACT = text("SELECT set_config('app.tenant', :tenant_id, true), set_config('app.user', :user_id, true)")
_ACTING = select(func.current_setting("app.tenant", True), func.current_setting("app.user", True))


def record_for(
    tx: Session, user_id: str, kind: str, data: Mapping[str, Any] | None = None, *, origin: Origin = NOWHERE
) -> None:
    """Adds the event to each workspace of the person, in the person's name; `tx` acts afterwards as before. `origin`: from
    where, NOWHERE: as the transaction says."""
    tx.flush()  # rows that wait belong to the workspace of now
    tenant_id, acting_user_id = tx.execute(_ACTING).one()
    info = dict(tx.info)
    tx.info["user_id"] = user_id
    if origin != NOWHERE:
        tx.info["origin"] = origin
    tx.execute(_ACT, {"tenant_id": tenant_id or "", "user_id": user_id})
    for workspace_id in tx.scalars(select(Membership.tenant_id).where(Membership.user_id == user_id)).all():
        tx.execute(_ACT, {"tenant_id": workspace_id, "user_id": user_id})
        events.record(tx, kind, _NOUN, user_id, data)
    tx.execute(_ACT, {"tenant_id": tenant_id or "", "user_id": acting_user_id or ""})
    tx.info.clear()
    tx.info.update(info)
