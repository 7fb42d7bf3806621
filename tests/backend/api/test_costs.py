"""What words cost, as other programs read it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fastapi.testclient import TestClient

from backend.app import App
from backend.db.tables import LlmCall
from backend.kit.clock import now
from tests.factories.account import Tenant

Browser = Callable[..., TestClient]


def test_members_read_costs_and_strangers_do_not(client: Browser, workspace: Tenant, other_workspace: Tenant) -> None:
    answer = client(workspace.viewer).get("/api/costs", params={"workspace": workspace.id})
    assert answer.status_code == 200
    answered = answer.json()
    assert (answered["month"]["limitUsd"], answered["month"]["spentUsd"], answered["hitRate"]) == ("150.0", "0", 0)
    assert answered["byDay"] == answered["byKind"] == answered["byInfluencer"] == answered["byModel"] == []
    assert client(other_workspace.viewer).get("/api/costs", params={"workspace": workspace.id}).status_code in (401, 404)


def test_owners_set_limits(client: Browser, workspace: Tenant) -> None:
    owner = client(workspace.owner, **{"x-workspace": workspace.id})
    assert owner.get("/api/budgets").json()["dailyUsd"] is None
    answer = owner.put("/api/budgets", json={"dailyUsd": "2.50", "monthlyUsd": 100})
    assert answer.status_code == 200, answer.text
    budget = answer.json()
    assert [Decimal(budget[name]) for name in ("dailyUsd", "monthlyUsd")] == [Decimal("2.5"), 100]
    assert Decimal(budget["day"]["limitUsd"]) == Decimal("2.5")
    assert budget == client(workspace.viewer, **{"x-workspace": workspace.id}).get("/api/budgets").json()
    for body in ({"dailyUsd": "-1", "monthlyUsd": None}, {"dailyUsd": "1"}, {"dailyUsd": None, "monthlyUsd": "1e30"}):
        assert owner.put("/api/budgets", json=body).status_code == 400, body
    refused = client(workspace.editor, **{"x-workspace": workspace.id}).put("/api/budgets", json=budget)
    assert refused.status_code in (400, 403)


def test_a_line_says_what_was_sent_and_answered(app: App, client: Browser, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        today = int(f"{now():%Y%m%d}")
        paid: dict[str, Any] = {"day": today, "kind": "caption", "state": "settled", "estimate_usd": Decimal(1)}
        tokens = {"prompt_tokens": 1500, "completion_tokens": 800, "model": "openai/gpt-4-turbo"}
        tx.add(LlmCall(id="llm_a", usd=Decimal("0.039"), input_usd=Decimal("0.015"), **tokens, **paid))
        tx.add(LlmCall(id="llm_b", usd=Decimal("0.01"), model="openai/gpt-4-turbo", **paid))
    answer = client(workspace.viewer, **{"x-workspace": workspace.id}).get("/api/costs").json()
    [line] = answer["byModel"]
    assert (line["model"], line["inputTokens"], line["outputTokens"]) == ("openai/gpt-4-turbo", 1500, 800)
    assert [line[name] for name in ("inputCost", "outputCost", "unsplitCost", "totalCost")] == [0.015, 0.024, 0.01, 0.049]
    assert answer["byKind"][0]["totalCost"] == answer["byDay"][0]["totalCost"] == 0.049
