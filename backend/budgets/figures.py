"""Figures for estimates: what calls of a kind usually cost, and what is left of the budget."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.budgets.schemas import Costs
from backend.db.tables import LlmCall

_SAMPLES = 200


def mean_usd(tx: Session, kind: str) -> Decimal | None:
    """The mean cost of the workspace's latest 200 settled calls of this kind; None when there are none."""
    paid = (
        select(LlmCall.usd).where(LlmCall.kind == kind, LlmCall.state == "settled").order_by(LlmCall.id.desc()).limit(_SAMPLES)
    )
    return tx.scalar(select(func.avg(paid.subquery().c.usd)))


def remaining_usd(costs: Costs) -> Decimal | None:
    """What is left until the nearer of the day's and the month's limit; None without limits."""
    remaining = [period.limit_usd - period.spent_usd for period in (costs.day, costs.month) if period.limit_usd is not None]
    return max(min(remaining), Decimal(0)) if remaining else None


def usual_and_most_usd(tx: Session, kind: str, most_usd: Decimal | None, *, calls: int = 1) -> tuple[Decimal | None, Decimal]:
    """(usual, most) USD of `calls` calls; usual is None without earlier calls. Both are 0 without a paid model (`most_usd`
    None)."""
    if most_usd is None:
        return Decimal(0), Decimal(0)
    mean = mean_usd(tx, kind)
    return None if mean is None else min(mean * calls, most_usd), most_usd
