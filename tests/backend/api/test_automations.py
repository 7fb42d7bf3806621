"""Automations for programs: what a key may save, one run for each key of a request, and the address that starts one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backend.app import App
from backend.automations import MAX_HOOK_BYTES, TEMPLATES
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace
from tests.support.api_writes import AUTOMATION

BY_WEBHOOK = {**AUTOMATION, "trigger": {"kind": "webhook"}}
DAILY = {**AUTOMATION, "trigger": {"kind": "cron", "cron": "0 9 * * *"}}


@pytest.fixture
def influencer_id(app: App, workspace: Tenant) -> str:
    return fill_workspace(app.db, workspace).influencer_id


def test_from_a_template_to_a_run(app: App, workspace: Tenant, influencer_id: str) -> None:
    _, secret = make_key(app, workspace, "*:publish")
    with program(app, secret) as client:
        templates = client.get("/automation-templates").json()["data"]
        assert {template["key"] for template in templates} == set(TEMPLATES)
        [daily] = [template for template in templates if template["key"] == "daily-content"]
        definition = {name: daily[name] for name in ("name", "trigger", "steps", "alertPercent")}
        dry = client.post("/automations/preview", json={"influencerId": influencer_id, "definition": definition}).json()
        assert len(dry["nextTimes"]) == 3
        assert [step["label"] for step in dry["steps"]][:2] == ["Take posts", "Plan new posts"]
        created = client.post("/automations", json=definition)
        assert created.status_code == 201
        card = client.get(created.headers["location"].removeprefix("/api").partition("?")[0]).json()
        assert card["steps"] == daily["steps"], "what is read can be sent"
        assert card["nextAt"] == dry["nextTimes"][0]
        path = f"/automations/{card['id']}"
        assert client.post(f"{path}/skip").json()["nextAt"] == dry["nextTimes"][1]
        assert client.post(f"{path}/preview", json={"influencerId": influencer_id}).json()["steps"] == dry["steps"]
        paused = client.post(f"{path}/pause").json()
        assert paused["pausedAt"]
        assert paused["nextAt"] is None
        assert client.post(f"{path}/skip").status_code == 409
        key = {"idempotency-key": "today"}
        [run] = client.post(f"{path}/run", json={"influencerId": influencer_id}, headers=key).json()["data"]
        [again] = client.post(f"{path}/run", json={"influencerId": influencer_id}, headers=key).json()["data"]
        assert (run["id"], run["status"], run["trigger"]["kind"]) == (again["id"], "pending", "hand")
        opened = client.get(f"/automation-runs/{run['id']}").json()
        assert [step["status"] for step in opened["steps"]] == [""] * len(daily["steps"])
        assert client.post(f"/automation-runs/{run['id']}/stop").json()["status"] == "cancelled"
        assert client.post(f"/automation-runs/{run['id']}/stop").status_code == 409
        client.post(f"{path}/run")
        first = client.get(f"{path}/runs?take=1").json()
        [older] = client.get(f"{path}/runs", params={"cursor": first["nextCursor"]}).json()["data"]
        assert older["id"] == run["id"]


def test_a_change_over_somebody_elses_is_refused_and_a_deletion_can_be_taken_back(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "automations:write")
    with program(app, secret) as client:
        path = f"/automations/{client.post('/automations', json=DAILY).json()['id']}"
        assert client.put(path, json={**DAILY, "name": "Mornings", "version": 1}).json()["version"] == 2
        refused = client.put(path, json={**DAILY, "version": 1})
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        assert client.delete(path).status_code == 204
        assert client.get(path).status_code == 404
        restored = client.post(f"{path}/restore").json()
        assert (restored["name"], bool(restored["pausedAt"])) == ("Mornings", True)
        assert client.post(f"{path}/resume").json()["pausedAt"] is None


def test_a_key_saves_only_what_it_may_do_itself(app: App, workspace: Tenant) -> None:
    publishes = {**DAILY, "steps": [{"kind": "take-posts"}, {"kind": "publish"}]}
    for scopes, lacks in (
        (("automations:read",), "automations:write"),
        (("automations:write",), "posts:write"),
        (("automations:write", "posts:write"), "posts:publish"),
    ):
        _, secret = make_key(app, workspace, *scopes)
        with program(app, secret) as client:
            refused = client.post("/automations", json=publishes)
            assert (refused.status_code, lacks in refused.json()["message"]) == (403, True), refused.text
            assert client.get("/automations").json()["data"] == []
    _, secret = make_key(app, workspace, "automations:write", "posts:publish")
    with program(app, secret) as client:
        assert client.post("/automations", json=publishes).status_code == 201


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"steps": []}, "Add at least one step."),
        ({"steps": [{"kind": "fly"}]}, "steps"),
        ({"steps": [{"kind": "publish"}]}, "needs a step before it that takes or plans posts"),
        ({"trigger": {"kind": "cron", "cron": "* * * * *"}}, "more often than every 15 minutes"),
        ({"trigger": {"kind": "cron", "cron": "0 0 30 2 *"}}, "never comes"),
        ({"trigger": {"kind": "event", "event": "job.completed"}}, "starts no automation"),
        ({"budgetUsd": -1}, "budgetUsd"),
    ],
)
def test_what_cannot_run_is_not_saved(app: App, workspace: Tenant, change: dict[str, Any], says: str) -> None:
    _, secret = make_key(app, workspace, "*:publish")
    with program(app, secret) as client:
        refused = client.post("/automations", json={**DAILY, **change})
    assert refused.status_code == 400
    assert says in refused.json()["message"]


def test_an_address_starts_a_run_once_for_each_key(app: App, workspace: Tenant, influencer_id: str) -> None:
    _, secret = make_key(app, workspace, "automations:write")
    with program(app, secret) as client:
        made = client.post("/automations", json=BY_WEBHOOK).json()
        hook = f"/automations/{made['id']}/hook"
        first = client.post(hook, headers={"idempotency-key": "an address"})
        assert client.post(hook, headers={"idempotency-key": "an address"}).json() == {"id": made["id"], "statusCode": 201}
        address = first.json()["address"].partition("/api")[2]
        assert address.endswith(first.json()["hookLastFour"])
        stranger_headers = {"authorization": "Bearer nothing"}
        for header in ("idempotency-key", "webhook-id"):
            sent = {"headers": {**stranger_headers, header: "msg_1"}, "json": {"influencerId": influencer_id, "why": "new"}}
            started, again = client.post(address, **sent), client.post(address, **sent)
            assert (started.status_code, started.json()) == (202, again.json())
        [run] = client.get(f"/automations/{made['id']}/runs").json()["data"]
        assert started.json() == {"runIds": [run["id"]]}
        assert run["trigger"]["body"]["why"] == "new"
        without_body = [client.post(address, headers=stranger_headers).json()["runIds"] for _ in range(2)]
        assert without_body[0] != without_body[1], "without a key each call starts one"
        new_address = client.post(hook).json()["address"].partition("/api")[2]
        assert client.post(address).status_code == 404
        client.post(f"/automations/{made['id']}/pause")
        assert client.post(new_address).status_code == 409


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (json.dumps({"x": "a" * MAX_HOOK_BYTES}), 413),
        ("[1]", 400),
        ("{", 400),
        ('{"x": NaN}', 400),
        ("[" * 8000, 400),
        ('{"x": "\\u0000"}', 400),
        ('{"influencerId": "inf_nobody"}', 400),
    ],
)
def test_a_body_that_cannot_be_kept_starts_nothing(
    app: App, workspace: Tenant, influencer_id: str, content: str, status: int
) -> None:
    _, secret = make_key(app, workspace, "automations:write")
    with program(app, secret) as client:
        made = client.post("/automations", json=BY_WEBHOOK).json()
        address = client.post(f"/automations/{made['id']}/hook").json()["address"].partition("/api")[2]
        assert client.post(address, content=content).status_code == status
        assert client.get(f"/automations/{made['id']}/runs").json()["data"] == []
