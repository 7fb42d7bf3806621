"""An owner's limits of a workspace, within those of whoever runs the studio."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events
from backend.budgets import rules
from backend.errors import NotPermitted
from backend.settings import Settings
from backend.tables import Budget


def set_limits(tx: Session, *, daily_usd: Decimal | None, monthly_usd: Decimal | None, settings: Settings) -> None:
    """None: the operator's limit alone. Calls under way go on. Raises NotPermitted for anybody but an owner, Invalid."""
    if tx.info["role"] != "owner":
        raise NotPermitted("Only an owner of this workspace can set what words may cost. Ask one of them.")
    most_day, most_month = rules.most(settings)
    values = {
        "daily_usd": rules.checked(daily_usd, most_day, "day"),
        "monthly_usd": rules.checked(monthly_usd, most_month, "month"),
        # what was near the old limit may be far from the new one, and the other way round
        "alerted_day": 0, "alerted_month": 0,
    }  # fmt: skip
    row = insert(Budget).values(tenant_id=tx.info["tenant_id"], **values)
    again = row.on_conflict_do_update(index_elements=["tenant_id"], set_={**values, "updated_at": func.clock_timestamp()})
    tx.execute(again)
    said = {name: None if values[name] is None else str(values[name]) for name in ("daily_usd", "monthly_usd")}
    events.record(tx, "budget.set", "budget", tx.info["tenant_id"], said)
