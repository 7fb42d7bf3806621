"""Channels over HTTP: the list, one, its settings, switching and disconnecting."""

from __future__ import annotations

from backend.app import App
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant
from tests.factories.making import make_influencer


def test_a_program_adds_changes_and_disconnects_a_channel(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        influencer_id = make_influencer(tx).id
    _, secret = make_key(app, workspace, "channels:write")
    with program(app, secret) as client:
        made = client.post("/channels", json={"influencerId": influencer_id, "name": "Practice"})
        assert (made.status_code, made.json()["state"]) == (201, "connected")
        address = made.headers["location"].removeprefix("/api").partition("?")[0]
        assert client.post("/channels", json={"influencerId": influencer_id}).json()["id"] == made.json()["id"]
        assert client.post("/channels", json={"influencerId": influencer_id, "platform": "instagram"}).status_code == 400
        listed = client.get("/channels?take=1")
        assert (listed.json()["total"], listed.headers["x-total-count"], len(listed.json()["data"])) == (1, "1", 1)
        assert client.get("/channels?skip=1").json()["data"] == []
        changed = client.patch(address, json={"name": "Stage", "on": False}).json()
        assert (changed["name"], changed["state"]) == ("Stage", "off")
        assert client.patch(address, json={"on": True}).json() == {**changed, "state": "connected"}
        if_match = {"if-match": client.get(address).headers["etag"]}
        assert client.patch(address, json={"on": False}, headers=if_match).status_code == 200
        assert client.patch(address, json={"name": "Late"}, headers=if_match).json()["code"] == "changed_since"
        assert client.patch(address, json={"name": ""}).status_code == 400
        assert client.patch(address, json={"privacy": "nobody"}).status_code == 400
        assert client.patch(address, json={"on": 1}).status_code == 400
        assert client.delete(address).status_code == 204
        assert client.get(address).status_code == 404
        assert client.patch(address, json={"name": "Back"}).status_code == 404
        assert client.get("/channels").json()["total"] == 0
