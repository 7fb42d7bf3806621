"""Sets the owner's limits of a workspace, within those of the operator (settings)."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events, undo
from backend.budgets import rules
from backend.db.tables import Budget
from backend.errors import NotPermitted
from backend.language import tr_lazy
from backend.settings import Settings


def set_limits(tx: Session, *, daily_usd: Decimal | None, monthly_usd: Decimal | None, settings: Settings) -> None:
    """Sets the limits of a day and a month; None: only the operator's applies. Calls under way are not stopped.

    Raises NotPermitted for anybody but an owner, Invalid.
    """
    if tx.info["role"] != "owner":
        raise NotPermitted(tr_lazy("Only an owner of this workspace can set what AI texts may cost. Ask one of them."))
    operator_day, operator_month = rules.operator_limits(settings)
    day, month = rules.checked_limit(daily_usd, operator_day, "day"), rules.checked_limit(monthly_usd, operator_month, "month")
    with undo.watch(tx, "budget.limits", str(tx.info["tenant_id"])):
        store_limits(tx, day, month)


def store_limits(tx: Session, daily_usd: Decimal | None, monthly_usd: Decimal | None) -> None:
    values = {
        "daily_usd": daily_usd,
        "monthly_usd": monthly_usd,
        # The alert may be raised again: what was near the old limit may be far from the new one, and the other way round.
        "alerted_day": 0,
        "alerted_month": 0,
    }
    inserted = insert(Budget).values(tenant_id=tx.info["tenant_id"], **values)
    changed = {**values, "updated_at": func.clock_timestamp()}
    tx.execute(inserted.on_conflict_do_update(index_elements=["tenant_id"], set_=changed))
    limits = {"daily_usd": daily_usd, "monthly_usd": monthly_usd}
    data = {name: None if usd is None else str(usd) for name, usd in limits.items()}
    events.record(tx, "budget.set", "budget", tx.info["tenant_id"], data)
