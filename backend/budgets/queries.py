"""Reads what was spent, by day, influencer, kind and model; what calls of a kind usually cost, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from backend.budgets import rules
from backend.budgets.schemas import CostLine, Costs, Period
from backend.db.tables import Budget, LlmCall
from backend.settings import Settings

_TODAY = text("SELECT CAST(to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD') AS integer)")
_OPEN = LlmCall.state == "reserved"
_ANSWERED = LlmCall.state.in_(("settled", "estimated", "cached"))
_SAMPLES = 200


def costs(tx: Session, settings: Settings) -> Costs:
    """Costs of the workspace this day and month, in UTC. The lines are of this month, most expensive first; days newest
    first."""
    today = int(tx.scalar(_TODAY) or 0)
    month = LlmCall.day >= today // 100 * 100
    row = tx.execute(
        select(
            _sum(LlmCall.usd, LlmCall.day == today),
            _sum(LlmCall.usd, LlmCall.day == today, _OPEN),
            _sum(LlmCall.usd),
            _sum(LlmCall.usd, _OPEN),
            func.count().filter(_ANSWERED),
            func.count().filter(LlmCall.state == "cached"),
            _sum(LlmCall.saved_usd),
            func.count().filter(LlmCall.state == "estimated"),
            _sum(LlmCall.usd, LlmCall.state == "estimated"),
        ).where(month)
    ).one()
    day, this_month = _periods(tx, settings, spent_today=(row[0], row[1]), spent_this_month=(row[2], row[3]))
    days = _lines(tx, month, LlmCall.day)
    return Costs(
        day=day,
        month=this_month,
        calls=row[4],
        cached=row[5],
        saved_usd=row[6],
        estimated=row[7],
        estimated_usd=row[8],
        by_day=sorted((_with_date(line) for line in days), key=lambda line: line.name, reverse=True),
        by_influencer=_lines(tx, month, LlmCall.influencer_id),
        by_kind=_lines(tx, month, LlmCall.kind),
        by_model=[line for line in _lines(tx, month, LlmCall.model) if line.name or line.calls],
    )


def spending(tx: Session, settings: Settings) -> tuple[Period, Period]:
    """What was spent this day and this month, in UTC, with their limits. Three statements."""
    today = int(tx.scalar(_TODAY) or 0)
    sums = _sum(LlmCall.usd, LlmCall.day == today), _sum(LlmCall.usd, LlmCall.day == today, _OPEN)
    row = tx.execute(select(*sums, _sum(LlmCall.usd), _sum(LlmCall.usd, _OPEN)).where(LlmCall.day >= today // 100 * 100)).one()
    return _periods(tx, settings, spent_today=(row[0], row[1]), spent_this_month=(row[2], row[3]))


def _periods(
    tx: Session, settings: Settings, *, spent_today: tuple[Decimal, Decimal], spent_this_month: tuple[Decimal, Decimal]
) -> tuple[Period, Period]:
    """Day and month. `spent_*`: all, and of it what is reserved."""
    own = tx.scalars(select(Budget)).one_or_none()
    operator_day, operator_month = rules.operator_limits(settings)
    day = _period(*spent_today, own.daily_usd if own else None, operator_day)
    return day, _period(*spent_this_month, own.monthly_usd if own else None, operator_month)


_COST_OF_JOBS = text(
    """WITH RECURSIVE parts (root, id) AS (
      SELECT id, id FROM unnest(CAST(:ids AS text[])) AS asked(id)
      UNION ALL SELECT p.root, j.id FROM parts p JOIN jobs j ON j.parent_id = p.id)
    SELECT p.root, sum(c.usd) AS usd FROM parts p JOIN llm_calls c ON c.job_id = p.id AND c.state <> 'reserved'
    GROUP BY p.root"""
)


def cost_of_jobs(tx: Session, job_ids: Sequence[str]) -> dict[str, Decimal]:
    """What each of these jobs has cost with the jobs it made, in USD; 0 where nothing was paid. Calls that have not been
    answered are not counted."""
    paid = {row.root: row.usd for row in tx.execute(_COST_OF_JOBS, {"ids": list(job_ids)})} if job_ids else {}
    return {job_id: paid.get(job_id, Decimal(0)) for job_id in job_ids}


def _period(spent: Decimal, reserved: Decimal, own: Decimal | None, operators: Decimal | None) -> Period:
    return Period(spent, reserved, rules.effective(own, operators), own, operators)


def _sum(column: Any, *where: Any) -> Any:
    total = func.sum(column)
    return func.coalesce(total.filter(*where) if where else total, 0)


def _lines(tx: Session, month: Any, by: Any) -> list[CostLine]:
    """A line for each value of the column `by`; its name is "" for calls without one."""
    cached = func.count().filter(LlmCall.state == "cached")
    figures = func.count().filter(_ANSWERED), cached, _sum(LlmCall.usd), _sum(LlmCall.saved_usd), *_split()
    rows = tx.execute(select(by, *figures).where(month, LlmCall.state != "refused").group_by(by))
    lines = [CostLine("" if row[0] is None else str(row[0]), *row[1:]) for row in rows]
    return sorted(lines, key=lambda line: (-line.usd, line.name))


def _with_date(line: CostLine) -> CostLine:
    name = f"{line.name[:4]}-{line.name[4:6]}-{line.name[6:]}"
    return replace(line, name=name)


def _split() -> tuple[Any, ...]:
    is_split = LlmCall.input_usd.is_not(None)
    return (
        _sum(LlmCall.prompt_tokens),
        _sum(LlmCall.completion_tokens),
        _sum(LlmCall.input_usd),
        _sum(LlmCall.usd - LlmCall.input_usd),
        _sum(LlmCall.usd, ~is_split),
    )


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
