"""From ticket to cookie and out again."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient

from backend import accounts
from backend.app import App
from backend.db.transactions import Anonymous
from tests.factories.account import Tenant

Browser = Callable[..., TestClient]


def ticket(app: App) -> str:
    draft = accounts.SetupDraft(name="Ada", email="ada@example.org", password="three happy ducks", workspace="First")
    with app.db.transaction(Anonymous()) as tx:
        return accounts.create_first_workspace(tx, draft)


def test_a_ticket_becomes_a_cookie_that_scripts_cannot_see(app: App, client: Browser) -> None:
    browser = client()
    answer = browser.post("/api/session/exchange", json={"ticket": ticket(app)})
    assert answer.status_code == 204
    cookie, known = (line.lower() for line in answer.headers.get_list("set-cookie"))
    for words in ("studio_sid=", "httponly", "samesite=lax", "max-age=604800", "path=/"):
        assert words in cookie
    for words in ("studio_device=", "httponly", "samesite=lax", "max-age=31536000", "path=/"):
        assert words in known
    me = browser.get("/api/session").json()
    assert me["user"]["email"] == "ada@example.org"
    assert [(place["name"], place["role"]) for place in me["workspaces"]] == [("First", "owner")]
    assert browser.delete("/api/session").status_code == 204
    assert browser.get("/api/session").status_code == 401
    assert accounts.devices.recognise(app.settings, browser.cookies["studio_device"], me["user"]["id"])


def test_a_used_ticket_is_refused_with_a_sentence(app: App, client: Browser) -> None:
    secret = ticket(app)
    assert client().post("/api/session/exchange", json={"ticket": secret}).status_code == 204
    answer = client().post("/api/session/exchange", json={"ticket": secret})
    assert answer.status_code == 401
    assert answer.json() == {
        "statusCode": 401,
        "message": "That sign-in took too long. Please sign in once more.",
        "error": "Unauthorized",
        "code": "not_signed_in",
    }


def test_a_huge_body_is_refused_before_it_is_held(client: Browser) -> None:
    answer = client().post("/api/session/exchange", json={"ticket": "x" * 2_000_000})
    assert answer.status_code == 413
    assert answer.json()["message"] == "The request is larger than 1 MB. Send less at a time."
    assert client().post("/api/session/exchange", json={"ticket": "x" * 200_000}).status_code == 401


def test_another_sites_page_cannot_write(app: App, client: Browser, workspace: Tenant) -> None:
    for origin in ("https://evil.example", "null", "", "http://studio.test.evil.example"):
        answer = client(workspace.owner, origin=origin).delete("/api/session")
        assert answer.status_code == 403, origin
    assert client(workspace.owner).get("/api/session", headers={"origin": "https://evil.example"}).status_code == 200
    assert client(workspace.owner).delete("/api/session").status_code == 204


def test_nobody_and_the_revoked_hear_401(app: App, client: Browser, workspace: Tenant) -> None:
    assert client().get("/api/session").status_code == 401
    browser = client(workspace.viewer)
    assert browser.get("/api/session").status_code == 200
    with app.db.transaction(Anonymous()) as tx:
        accounts.sign_out(tx, workspace.viewer.token)
    assert browser.get("/api/session").status_code == 401
    assert browser.get("/api/jobs/live", params={"workspace": workspace.id}).status_code == 401
