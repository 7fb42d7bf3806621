"""Members, invitations and workspaces, as owners' programs handle them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from backend import accounts, events
from backend.app import App
from backend.errors import Invalid
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant, make_workspace
from tests.support.browsing import browser


def test_an_owners_program_invites_and_changes_people(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "workspace:admin")
    with program(app, secret) as client:
        listed = client.get("/members")
        assert [card["role"] for card in listed.json()["data"]] == ["owner", "editor", "viewer"]
        assert listed.headers["x-total-count"] == "3"
        headers = {"idempotency-key": "ada"}
        made = client.post("/members/invitations", json={"role": "editor", "email": "Ada@Example.org"}, headers=headers)
        assert made.status_code == 201
        invitation = made.json()
        assert invitation["email"] == "ada@example.org"
        assert invitation["url"].endswith(f"/?invite={invitation['secret']}")
        again = client.post("/members/invitations", json={"role": "editor", "email": "Ada@Example.org"}, headers=headers)
        assert again.json() == {"id": invitation["id"], "statusCode": 201}
        assert invitation["secret"] not in client.get("/members/invitations").text
        assert client.delete(f"/members/invitations/{invitation['id']}").status_code == 204
        assert client.delete(f"/members/invitations/{invitation['id']}").status_code == 404
        assert client.post("/members/invitations", json={"role": "emperor"}).status_code == 400
        assert client.post("/members/invitations", json={"role": "viewer", "email": "nobody"}).status_code == 400
        assert client.post("/members/invitations", json={"role": "viewer", "mail": "a@example.org"}).status_code == 400
        assert client.post("/members/invitations", json={"role": "editor", "email": workspace.editor.email}).status_code == 409
        editor = f"/members/{workspace.editor.id}"
        assert client.patch(editor, json={"role": "viewer"}).json()["role"] == "viewer"
        assert client.patch(f"/members/{workspace.owner.id}", json={"role": "viewer"}).status_code == 409
        assert client.delete(editor).status_code == 204
        assert client.get(editor).status_code == 404
    with app.db.transaction(workspace.caller) as tx:
        kinds = [event.kind for event in events.list_for(tx, "member", workspace.editor.id)]
        assert kinds == ["member.role", "member.removed"]
        assert [event.kind for event in events.list_for(tx, "invitation", invitation["id"])][-1] == "invitation.withdrawn"
    _, reader = make_key(app, workspace, "workspace:read")
    with program(app, reader) as client:
        assert client.get("/members").json()["total"] == 2
        assert client.get("/members/invitations").status_code == 403
        assert client.patch(f"/members/{workspace.viewer.id}", json={"role": "owner"}).status_code == 403


def test_workspaces_of_the_caller(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    with browser(app, workspace.viewer) as client:
        client.headers["x-workspace"] = workspace.id
        made = client.post("/workspaces", json={"name": "A second one"})
        assert (made.status_code, made.json()["role"]) == (201, "owner")
        roles = {card["name"]: card["role"] for card in client.get("/workspaces").json()["data"]}
        assert roles == {"A second one": "owner", workspace.name: "viewer"}
        renamed = client.patch(f"/workspaces/{made.json()['id']}", json={"name": "Renamed"})
        assert renamed.json()["name"] == "Renamed"
        assert client.get(made.headers["location"].removeprefix("/api")).json()["name"] == "Renamed"
        assert client.patch(f"/workspaces/{workspace.id}", json={"name": "Mine now"}).status_code == 403
        assert client.get(f"/workspaces/{other_workspace.id}").status_code in (401, 404)
        assert client.post("/workspaces", json={"name": "x"}).status_code == 400
        assert client.delete(f"/members/{workspace.viewer.id}").status_code == 204, "members may leave"
    _, secret = make_key(app, workspace, "workspace:admin")
    with program(app, secret) as client:
        assert [card["id"] for card in client.get("/workspaces").json()["data"]] == [workspace.id]
        assert client.post("/workspaces", json={"name": "By a key"}).status_code == 403
        assert client.get(f"/workspaces/{other_workspace.id}").status_code == 403


def test_a_persons_picture_is_seen_by_members_only(app: App, workspace: Tenant) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (128, 128), "purple").save(buffer, "WEBP")
    address, other = f"/members/{workspace.owner.id}/avatar", make_workspace(app.db, "Other")
    with browser(app, workspace.viewer) as client:
        client.headers["x-workspace"] = workspace.id
        assert client.get(address).status_code == 404
        for wrong in (b"\x89PNG\r\n", b"RIFF....WEBP" + bytes(48 * 1024)):
            with app.db.transaction(workspace.caller) as tx, pytest.raises(Invalid):
                accounts.set_avatar(tx, wrong)
        with app.db.transaction(workspace.caller) as tx:
            accounts.set_avatar(tx, buffer.getvalue())
        answer = client.get(address)
        assert (answer.content, answer.headers["content-type"]) == (buffer.getvalue(), "image/webp")
    with browser(app, other.owner) as client:
        assert client.get(address, headers={"x-workspace": other.id}).status_code == 404
    with app.db.transaction(workspace.caller) as tx:
        accounts.set_avatar(tx, b"")
        assert accounts.acting_user(tx).avatar_id == ""
