"""What a workspace spends on AI calls, and its limits. Viewers may read both; owners set the limits."""

from __future__ import annotations

from decimal import Decimal

from fastapi import APIRouter
from pydantic import Field

from backend import budgets
from backend.api.api_model import ApiModel, ApiRequest
from backend.api.deps import Caller, Studio, needs_scope
from backend.budgets import CostLine

router = APIRouter(tags=["costs"], dependencies=[needs_scope("costs")])


class PeriodResponse(ApiModel):
    """USD as decimal strings; `limitUsd` null: no limit. `ownUsd`: what the owner set, `mostUsd`: what the operator allows."""

    spent_usd: Decimal
    open_usd: Decimal
    limit_usd: Decimal | None
    own_usd: Decimal | None
    most_usd: Decimal | None
    share: float


class CostLineResponse(ApiModel):
    """`totalCost` in USD is `inputCost` + `outputCost` + `unsplitCost`. Model servers report one amount a call; it is split as
    the model's price list splits its tokens. Of calls without that (lost replies, older calls) the whole amount is
    in `unsplitCost`. `savedUsd`: what answers from the cache would have cost again."""

    name: str
    calls: int
    cached: int
    input_tokens: int
    output_tokens: int
    input_cost: float
    output_cost: float
    unsplit_cost: float
    total_cost: float
    usd: Decimal
    saved_usd: Decimal


class ModelCostResponse(CostLineResponse):
    """`model` "": no model has answered yet."""

    model: str


class CostsResponse(ApiModel):
    day: PeriodResponse
    month: PeriodResponse
    calls: int
    cached: int
    hit_rate: float
    saved_usd: Decimal
    estimated: int
    estimated_usd: Decimal
    by_day: list[CostLineResponse]
    by_influencer: list[CostLineResponse]
    by_kind: list[CostLineResponse]
    by_model: list[ModelCostResponse]


class BudgetRequest(ApiRequest):
    """The limits in USD. null: only the operator's limit holds."""

    daily_usd: Decimal | None = Field(examples=["5.00"])
    monthly_usd: Decimal | None = Field(examples=["100.00"])


class BudgetResponse(ApiModel):
    """The limits that the owner set, and how much of this day and month (UTC) is spent."""

    daily_usd: Decimal | None
    monthly_usd: Decimal | None
    day: PeriodResponse
    month: PeriodResponse


@router.get("/costs")
def get_costs(app: Studio, caller: Caller) -> CostsResponse:
    """This day and month (UTC) against the limits; the lines are of this month, by influencer with their ids."""
    costs = app.db.read_list(caller, lambda tx: budgets.costs(tx, app.settings))
    figures = ("calls", "cached", "hit_rate", "saved_usd", "estimated", "estimated_usd")
    return CostsResponse(
        **{name: getattr(costs, name) for name in figures},
        day=PeriodResponse.model_validate(costs.day),
        month=PeriodResponse.model_validate(costs.month),
        by_day=[CostLineResponse(**_figures(line)) for line in costs.by_day],
        by_influencer=[CostLineResponse(**_figures(line)) for line in costs.by_influencer],
        by_kind=[CostLineResponse(**_figures(line)) for line in costs.by_kind],
        by_model=[ModelCostResponse(**_figures(line), model=line.name) for line in costs.by_model],
    )


@router.get("/budgets")
def get_budgets(app: Studio, caller: Caller) -> BudgetResponse:
    """The limits of a day and of a month, and what is left of them."""
    with app.db.transaction(caller) as tx:
        return _budget_response(budgets.costs(tx, app.settings))


@router.put("/budgets", dependencies=[needs_scope("costs", "admin")])
def put_budgets(body: BudgetRequest, app: Studio, caller: Caller) -> BudgetResponse:
    """Sets both limits; for owners. Calls under way are not stopped."""
    with app.db.transaction(caller, needs="owner") as tx:
        budgets.set_limits(tx, daily_usd=body.daily_usd, monthly_usd=body.monthly_usd, settings=app.settings)
        return _budget_response(budgets.costs(tx, app.settings))


def _budget_response(costs: budgets.Costs) -> BudgetResponse:
    day, month = PeriodResponse.model_validate(costs.day), PeriodResponse.model_validate(costs.month)
    return BudgetResponse(daily_usd=day.own_usd, monthly_usd=month.own_usd, day=day, month=month)


def _figures(line: CostLine) -> dict[str, object]:
    return {
        "name": line.name,
        "calls": line.calls,
        "cached": line.cached,
        "input_tokens": line.input_tokens,
        "output_tokens": line.output_tokens,
        "input_cost": float(line.input_usd),
        "output_cost": float(line.output_usd),
        "unsplit_cost": float(line.unsplit_usd),
        "total_cost": float(line.usd),
        "usd": line.usd,
        "saved_usd": line.saved_usd,
    }
