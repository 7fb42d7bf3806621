"""Influencers over REST: made, read, changed and put away by an API key."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from backend.app import App
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.factories.studio_rows import fill_workspace

BELLA = {
    "name": "Bella Rossi",
    "persona": {"bio": "Yoga teacher", "tone": "warm", "neverSay": ["cheap"], "topics": ["yoga", "food"]},
    "language": "it",
    "timeZone": "Europe/Rome",
    "lookPrompt": "woman of 28, long dark hair",
}


def test_an_influencer_from_making_to_the_archive(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "influencers:write")
    with program(app, secret) as client:
        answer = client.post("/influencers", json=BELLA)
        made = answer.json()
        assert answer.status_code == 201
        assert answer.headers["location"] == f"/api/influencers/{made['id']}"
        assert (made["tenantId"], made["triggerWord"], made["aiMark"]) == (workspace.id, "bella_rossi", True)
        assert made["persona"]["neverSay"] == ["cheap"]
        assert made["persona"]["examples"] == []
        address = f"/influencers/{made['id']}"
        read = client.get(address)
        assert (read.json(), read.headers["etag"]) == (made, answer.headers["etag"])

        changed = client.patch(
            address, json={"persona": {"tone": "dry"}, "lookNegative": "hat"}, headers={"if-match": read.headers["etag"]}
        )
        assert changed.status_code == 200
        influencer = changed.json()
        assert (influencer["persona"]["tone"], influencer["persona"]["bio"], influencer["lookNegative"]) == (
            "dry",
            "Yoga teacher",
            "hat",
        )
        assert (influencer["name"], influencer["timeZone"], influencer["version"]) == ("Bella Rossi", "Europe/Rome", 2)
        stale = client.patch(address, json={"name": "Carla"}, headers={"if-match": read.headers["etag"]})
        assert (stale.status_code, stale.json()["code"]) == (409, "changed_since")

        archived = client.post(f"{address}/archive")
        assert archived.json()["archivedAt"]
        assert client.get("/influencers").json()["total"] == 0
        assert [card["id"] for card in client.get("/influencers?archived=true").json()["data"]] == [made["id"]]
        assert client.post("/influencers", json=BELLA).status_code == 409
        assert client.post(f"{address}/unarchive").json()["archivedAt"] is None
        assert client.delete(address).status_code == 204
        assert client.get(address).json()["archivedAt"]


def test_lists_page_by_cursor_and_by_skip(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "influencers:write")
    with program(app, secret) as client:
        for name in ("Anna", "Bella", "Carla"):
            assert client.post("/influencers", json={"name": name}).status_code == 201
        first = client.get("/influencers?take=2")
        assert first.headers["x-total-count"] == "3"
        assert names(first) == ["Carla", "Bella"]
        rest = client.get("/influencers", params={"take": 2, "cursor": first.json()["nextCursor"]})
        assert (names(rest), rest.json()["nextCursor"]) == (["Anna"], None)
        assert names(client.get("/influencers?take=1&skip=1")) == ["Bella"]
        assert names(client.get("/influencers?q=arl")) == ["Carla"]
        assert client.get("/influencers?take=201").status_code == 400


def test_lora_and_cover_are_set_and_taken_away(app: App, workspace: Tenant) -> None:
    rows = fill_workspace(app.db, workspace)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        picture, model_file = make_asset(tx), make_asset(tx, kind="lora")
    _, secret = make_key(app, workspace, "influencers:write")
    with program(app, secret) as client:
        sent = {"name": "Carla", "defaultLoraId": rows.lora_id, "defaultLoraWeight": 0.8, "coverAssetId": picture}
        made = client.post("/influencers", json=sent).json()
        assert {name: made[name] for name in sent} == sent
        assert made["defaultLoraName"]
        address = f"/influencers/{made['id']}"
        assert client.patch(address, json={"defaultLoraWeight": 1.2}).json()["defaultLoraId"] == rows.lora_id
        assert "is a picture" in client.patch(address, json={"coverAssetId": model_file}).json()["message"]
        for field in ("coverAssetId", "defaultLoraId"):
            for missing in ("ast_none", ""):
                assert client.patch(address, json={field: missing}).status_code == 404, (field, missing)
        bare = client.patch(address, json={"defaultLoraId": None, "coverAssetId": None}).json()
        assert (bare["defaultLoraId"], bare["coverAssetId"]) == (None, None)


def test_what_is_wrong_is_said_with_its_field(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "influencers:write")
    _, reader = make_key(app, workspace, "influencers:read")
    with program(app, secret) as client:
        message = refused(client, {"name": "Al", "timeZone": "Mars/Base"})
        assert message == (
            "name: The name must have 3 to 80 characters.; "
            "timeZone: Choose one of the time zones in the list, for example Europe/Berlin."
        )
        assert "birthday" in refused(client, {"name": "Anna", "birthday": "today"})
        assert "persona.mood" in refused(client, {"name": "Anna", "persona": {"mood": "good"}})
        assert "defaultLoraWeight" in refused(client, {"name": "Anna", "defaultLoraWeight": 9})
        assert "bio" in refused(client, {"name": "Anna", "persona": {"bio": "x" * 2001}})
        assert client.get("/influencers/inf_none").status_code == 404
    with program(app, reader) as client:
        assert client.get("/influencers").json()["data"] == []
        assert client.post("/influencers", json={"name": "Anna"}).status_code == 403


def names(answer: Any) -> list[str]:
    return [card["name"] for card in answer.json()["data"]]


def refused(client: TestClient, body: dict[str, Any]) -> str:
    answer = client.post("/influencers", json=body)
    assert answer.status_code == 400, answer.text
    return str(answer.json()["message"])


def test_the_first_steps(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "influencers:write")
    with program(app, secret) as client:
        assert client.get("/onboarding/checklist").json()["nextStep"] == "influencer"
        made = client.post("/influencers", json=BELLA).json()
        checklist = client.get("/onboarding/checklist").json()
        assert (checklist["influencerId"], checklist["done"], checklist["nextStep"]) == (made["id"], ["influencer"], "pictures")
        assert client.get("/onboarding/checklist?influencerId=inf_nobody").status_code == 404


def test_the_sample_comes_once_and_goes(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "influencers:write")
    with program(app, secret) as client:
        address = "/onboarding/sample-influencer"
        assert client.get(address).status_code == 404
        assert client.post(address, json={"timeZone": "Moon/Base"}).status_code == 400
        first, again = (client.post(address, json={"timeZone": "Europe/Rome"}).json() for _ in range(2))
        assert first == again
        assert client.get(f"/influencers/{first['influencerId']}").json()["isSample"]
        assert client.delete(address).status_code == client.delete(address).status_code == 204
        assert client.get(address).status_code == 404
