"""What a workspace spends on AI calls; viewers may read it too."""

from __future__ import annotations

from decimal import Decimal

from fastapi import APIRouter

from backend import budgets
from backend.api.api_model import ApiModel
from backend.api.deps import Caller, Studio, needs_scope

router = APIRouter(prefix="/costs", tags=["costs"], dependencies=[needs_scope("costs")])


class PeriodWords(ApiModel):
    """USD as decimal strings; `limit_usd` null: no limit."""

    spent_usd: Decimal
    open_usd: Decimal
    limit_usd: Decimal | None
    share: float


class LineWords(ApiModel):
    name: str
    calls: int
    cached: int
    usd: Decimal
    saved_usd: Decimal


class CostsWords(ApiModel):
    day: PeriodWords
    month: PeriodWords
    calls: int
    cached: int
    hit_rate: float
    saved_usd: Decimal
    estimated: int
    estimated_usd: Decimal
    by_day: list[LineWords]
    by_influencer: list[LineWords]
    by_kind: list[LineWords]
    by_model: list[LineWords]


@router.get("")
def costs(app: Studio, caller: Caller) -> CostsWords:
    """This day and month (UTC) against the limits; the lines are of this month, by influencer with their ids."""
    with app.db.transaction(caller) as tx:
        summary = budgets.costs(tx, app.settings)
    return CostsWords.model_validate(summary)
