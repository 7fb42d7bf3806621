"""What words cost, as other programs read it."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient

from tests.factories.account import Tenant

Browser = Callable[..., TestClient]


def test_members_read_costs_and_strangers_do_not(client: Browser, workspace: Tenant, other_workspace: Tenant) -> None:
    answer = client(workspace.viewer).get("/api/costs", params={"workspace": workspace.id})
    assert answer.status_code == 200
    said = answer.json()
    assert (said["month"]["limitUsd"], said["month"]["spentUsd"], said["hitRate"]) == ("150.0", "0", 0)
    assert said["byDay"] == said["byKind"] == said["byInfluencer"] == said["byModel"] == []
    assert client(other_workspace.viewer).get("/api/costs", params={"workspace": workspace.id}).status_code in (401, 404)
