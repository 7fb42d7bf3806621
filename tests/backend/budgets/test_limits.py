"""An owner's limits, and the arithmetic behind every limit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import budgets
from backend.app import App
from backend.budgets import rules
from backend.engines.openrouter.client_models import PricedModel
from backend.engines.openrouter.prices import call_cost, max_cost
from backend.engines.ports.text import TextRequest
from backend.errors import Invalid, NotPermitted
from tests.factories.account import Tenant

money = st.decimals(min_value=0, max_value=1000, places=12, allow_nan=False, allow_infinity=False)
limits = st.none() | money
prices = st.builds(PricedModel, st.just("m"), money, money, money, money)


def test_an_owner_sets_them_within_the_operators(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        budgets.set_limits(tx, daily_usd=Decimal("1.50"), monthly_usd=Decimal(20), settings=app.settings)
        budgets.set_limits(tx, daily_usd=None, monthly_usd=Decimal(25), settings=app.settings)
        costs = budgets.costs(tx, app.settings)
    assert (costs.day.limit_usd, costs.day.own_usd, costs.day.most_usd) == (Decimal(10), None, Decimal(10))
    assert (costs.month.limit_usd, costs.month.own_usd, costs.month.most_usd) == (Decimal(25), Decimal(25), Decimal(150))
    assert costs.hit_rate == 0
    assert costs.month.share == 0


@pytest.mark.parametrize(("daily", "message"), [("10.01", r"at most \$10.00"), ("-1", "0 or more"), ("NaN", "0 or more")])
def test_a_wrong_limit_gets_a_sentence(app: App, workspace: Tenant, daily: str, message: str) -> None:
    with pytest.raises(Invalid, match=message), app.db.transaction(workspace.caller) as tx:
        budgets.set_limits(tx, daily_usd=Decimal(daily), monthly_usd=None, settings=app.settings)


def test_only_an_owner_sets_them(app: App, workspace: Tenant) -> None:
    with pytest.raises(NotPermitted), app.db.transaction(workspace.editor.caller) as tx:
        budgets.set_limits(tx, daily_usd=None, monthly_usd=None, settings=app.settings)


@given(limits, limits)
def test_the_lower_limit_counts(own: Decimal | None, operators: Decimal | None) -> None:
    limit = rules.effective(own, operators)
    assert (limit is None) == (own is None and operators is None)
    assert all(limit is not None and limit <= value for value in (own, operators) if value is not None)


@given(st.lists(money, max_size=30), money)
def test_what_fits_never_passes_the_limit(amounts: list[Decimal], limit: Decimal) -> None:
    spent = Decimal(0)
    for amount in amounts:
        more = rules.rounded_up(amount)
        if rules.fits(spent, more, limit):
            spent += more
    assert spent <= limit


@given(money)
def test_rounding_never_loses(usd: Decimal) -> None:
    assert 0 <= rules.rounded_up(usd) - usd < Decimal("0.000000001")


@given(
    st.lists(prices, min_size=1, max_size=4),
    st.text(max_size=200),
    st.integers(0, 4000),
    st.data(),
)
def test_no_answer_costs_more_than_was_reserved(
    models: list[PricedModel], question: str, max_tokens: int, data: st.DataObject
) -> None:
    request = TextRequest("writing", "", question, max_tokens=max_tokens)
    reserved = max_cost(request, models)
    model = data.draw(st.sampled_from(models))
    prompt_tokens = data.draw(st.integers(0, len(question.encode()) + 32))
    completion_tokens = data.draw(st.integers(0, max_tokens))
    assert call_cost(model, prompt_tokens, completion_tokens) <= reserved
