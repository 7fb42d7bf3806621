"""What calls of a kind usually cost: for estimates before many of them."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.budgets.schemas import Costs
from backend.tables import LlmCall

_LAST = 200


def usual_usd(tx: Session, kind: str) -> Decimal | None:
    """The mean of the workspace's last answers of this kind that were paid; None when there are none."""
    paid = select(LlmCall.usd).where(LlmCall.kind == kind, LlmCall.state == "settled").order_by(LlmCall.id.desc()).limit(_LAST)
    return tx.scalar(select(func.avg(paid.subquery().c.usd)))


def left_usd(now: Costs) -> Decimal | None:
    """Of the nearer of the two limits; None without any."""
    left = [period.limit_usd - period.spent_usd for period in (now.day, now.month) if period.limit_usd is not None]
    return max(min(left), Decimal(0)) if left else None
