"""A browser stays signed in while it is used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from backend import accounts
from backend.app import App
from backend.db.tables import SessionRow
from backend.db.transactions import Anonymous, hash_token
from backend.kit.clock import now
from studio.shell import session_renewal
from studio.shell.session_renewal import SessionRenewal
from tests.factories.account import Person, Tenant

PAGE = {"accept": "text/html"}


def studio(app: App, person: Person) -> TestClient:
    async def sign_out(request: Request) -> Response:
        response = PlainTextResponse("bye")
        response.delete_cookie("studio_sid")
        return response

    paths = ("/", "/api/jobs", "/assets/x.js")
    routes = [
        *(Route(path, lambda request: PlainTextResponse("hello")) for path in paths),
        Route("/api/session", sign_out, methods=["DELETE"]),
    ]
    layers = [Middleware(SessionRenewal, get_app=lambda: app)]
    return TestClient(Starlette(routes=routes, middleware=layers), headers={"cookie": f"studio_sid={person.token}"})


def days_left(app: App, person: Person) -> float:
    with app.db.transaction(Anonymous()) as tx:
        expires_at = tx.scalar(select(SessionRow.expires_at).where(SessionRow.token_hash == hash_token(person.token)))
    assert expires_at is not None
    return (expires_at - now()).total_seconds() / 86_400


def expire_in(app: App, person: Person, days: float) -> None:
    with app.db.transaction(Anonymous()) as tx:
        of_person = SessionRow.token_hash == hash_token(person.token)
        tx.execute(update(SessionRow).where(of_person).values(expires_at=now() + timedelta(days=days)))


@pytest.mark.parametrize(("path", "headers"), [("/", PAGE), ("/api/jobs", {})])
def test_use_renews_row_and_cookie(app: App, workspace: Tenant, path: str, headers: dict[str, str]) -> None:
    expire_in(app, workspace.editor, 0.5)
    browser = studio(app, workspace.editor)
    cookie = browser.get(path, headers=headers).headers["set-cookie"]
    assert cookie.startswith(f"studio_sid={workspace.editor.token}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax")
    assert days_left(app, workspace.editor) == pytest.approx(7, abs=0.01)
    assert "set-cookie" not in browser.get(path, headers=headers).headers, "once an hour is enough"


def test_other_files_and_ended_sessions_are_left_alone(app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_renewal, "RENEW_EVERY_S", 0.0)
    browser = studio(app, workspace.editor)
    expire_in(app, workspace.editor, 0.5)
    assert "set-cookie" not in browser.get("/assets/x.js").headers
    assert days_left(app, workspace.editor) < 1
    left = browser.delete("/api/session").headers.get_list("set-cookie")
    assert [header.startswith('studio_sid=""') for header in left] == [True], "signing out wins"
    expire_in(app, workspace.editor, -0.01)
    assert "set-cookie" not in browser.get("/", headers=PAGE).headers
    assert days_left(app, workspace.editor) < 0
    expire_in(app, workspace.editor, 0.5)
    with app.db.transaction(Anonymous()) as tx:
        accounts.sign_out(tx, workspace.editor.token)
    assert "set-cookie" not in browser.get("/", headers=PAGE).headers
