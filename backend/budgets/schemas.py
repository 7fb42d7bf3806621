"""Values of budgets: what a call is for, costs and their periods."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from backend.errors import Refused


class OverBudget(Refused):
    """The next call could cost more than is left of the day's or the month's limit."""

    code = "over_budget"
    status = 402


@dataclass(frozen=True, slots=True)
class CallPurpose:
    """What a call is for; costs are listed by these fields. `kind`: suggestion, caption …"""

    kind: str
    influencer_id: str | None = None
    job_id: str | None = None
    attempt_id: str | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a month. `spent_usd` counts reservations too (`open_usd` of it); `limit_usd` None: no limit of its own.

    `own_usd`: what the owner set; `most_usd`: the operator's setting, None where there is none.
    """

    spent_usd: Decimal
    open_usd: Decimal
    limit_usd: Decimal | None
    own_usd: Decimal | None
    most_usd: Decimal | None

    @property
    def share(self) -> float:
        """Spent share of the limit, 0.0 to 1.0 and above; 0.0 without a limit."""
        if self.limit_usd is None:
            return 0.0
        return float(self.spent_usd / self.limit_usd) if self.limit_usd else 1.0


@dataclass(frozen=True, slots=True)
class CostLine:
    """A row of a table of costs. `name`: a day (2026-11-21), a kind, an influencer or a model.

    `input_usd`, `output_usd`: the parts of `usd` for what was sent and what was answered; `unsplit_usd`: the rest, of which the
    parts are not known (replies that were lost or are still to come, and older calls).
    """

    name: str
    calls: int
    cached: int
    usd: Decimal
    saved_usd: Decimal
    input_tokens: int
    output_tokens: int
    input_usd: Decimal
    output_usd: Decimal
    unsplit_usd: Decimal


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs of this day and month (UTC). `estimated_usd`: the part of the month that is estimated because replies were lost."""

    day: Period
    month: Period
    calls: int
    cached: int
    saved_usd: Decimal
    estimated: int
    estimated_usd: Decimal
    by_day: list[CostLine]
    by_influencer: list[CostLine]
    by_kind: list[CostLine]
    by_model: list[CostLine]

    @property
    def hit_rate(self) -> float:
        """Share of this month's replies that came from the cache, 0.0 to 1.0."""
        return self.cached / self.calls if self.calls else 0.0
