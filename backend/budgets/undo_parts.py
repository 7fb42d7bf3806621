"""What of budgets can be undone."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import undo
from backend.budgets import limits
from backend.db.tables import Budget
from backend.undo import Values


def _read(tx: Session, workspace_id: str) -> Values | None:
    """None of both where nobody has set any."""
    columns = select(Budget.daily_usd, Budget.monthly_usd).where(Budget.tenant_id == workspace_id)
    daily_usd, monthly_usd = tx.execute(columns.with_for_update()).first() or (None, None)
    return {"daily_usd": _text(daily_usd), "monthly_usd": _text(monthly_usd)}


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else format(usd.normalize(), "f")


def _write(tx: Session, _: str, values: Values) -> None:
    daily_usd, monthly_usd = (None if values[name] is None else Decimal(values[name]) for name in ("daily_usd", "monthly_usd"))
    limits.store_limits(tx, daily_usd, monthly_usd)


def register_parts() -> None:
    undo.register(undo.Part("budget.limits", read=_read, write=_write, needs="owner"))
