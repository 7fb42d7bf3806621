"""Endpoints of webhooks over HTTP: made, tried, looked at and taken away by an owner's program."""

from __future__ import annotations

from dataclasses import replace

from backend import webhooks
from backend.app import App
from backend.kit.clock import now
from tests.factories.account import Tenant
from tests.servers.webhook_receiver import receiving
from tests.support.browsing import browser


def test_a_program_makes_an_endpoint_and_reads_its_log(app: App, worker_app: App, workspace: Tenant) -> None:
    values = {"WEBHOOK_ALLOWED_HOSTS": "127.0.0.0/8"}
    studio = replace(app, settings=app.settings.replace(**values))
    sending = replace(worker_app, settings=worker_app.settings.replace(**values))
    with receiving() as receiver, browser(studio, workspace.owner) as owner:
        owner.headers["x-workspace"] = workspace.id
        body = {"name": "n8n", "url": receiver.url, "eventTypes": ["post.*"]}
        refused = owner.post("/webhook-endpoints", json={**body, "url": "http://10.0.0.1/"})
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
        made = owner.post("/webhook-endpoints", json=body, headers={"idempotency-key": "a"})
        assert made.status_code == 201
        assert made.json()["secret"].startswith("whsec_")
        again = owner.post("/webhook-endpoints", json=body, headers={"idempotency-key": "a"})
        assert "secret" not in again.json(), "it is shown once"
        address = made.headers["location"].removeprefix("/api")
        assert owner.get(address).json() == {key: value for key, value in made.json().items() if key != "secret"}
        assert owner.post(f"{address}/rotate").json()["oldSecretUntil"] is not None
        message = owner.post(f"{address}/test", json={"eventType": "post.published"}).json()
        webhooks.deliver_due(sending)
        [attempt] = owner.get(f"/webhooks/{message['id']}/attempts").json()["data"]
        assert (attempt["number"], attempt["status"], attempt["error"]) == (1, 200, "")
        [listed] = owner.get(f"/webhooks?endpoint={made.json()['id']}").json()["data"]
        assert (listed["status"], listed["endpointId"], listed["eventPosition"]) == ("delivered", made.json()["id"], None)
        assert owner.post(f"/webhooks/{message['id']}/replay").json()["status"] == "pending"
        assert owner.post(f"{address}/recover", json={"since": now().isoformat()}).status_code == 202
        assert owner.patch(address, json={"active": False}).json()["status"] == "paused"
        types = owner.get("/webhooks/event-types").json()["data"]
        assert any(entry["sample"]["data"].get("postId") for entry in types)
        assert owner.delete(address).status_code == 204
        assert owner.get("/webhook-endpoints").json()["total"] == 0
