"""Who may call: tokens, API keys, scopes, repeated requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import func, select, update

from backend import access
from backend.access import ApiKeyDraft, StoredAnswer, idempotency
from backend.accounts import passwords
from backend.api.claim_renewal import claim_renewal
from backend.app import App
from backend.db.tables import Board, IdempotentRequest
from backend.errors import Conflict
from backend.kit.clock import now
from tests.factories.account import Person, Tenant, make_person
from tests.factories.posts import local_time_ahead, make_planner
from tests.support.api_description import api_description
from tests.support.browsing import browser
from tests.support.rest_api import rest_api
from tests.support.wait import until

PASSWORD = "correct horse battery"


@contextmanager
def program(app: App, bearer: str = "", **headers: str) -> Iterator[TestClient]:
    """A client that is no browser: no cookie, no Origin."""
    headers |= {"authorization": f"Bearer {bearer}"} if bearer else {}
    with TestClient(rest_api(app), headers=headers, raise_server_exceptions=False) as client:
        yield client


def make_key(app: App, workspace: Tenant, *scopes: str) -> tuple[str, str]:
    """(id, secret)"""
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        created = access.create(tx, ApiKeyDraft(name="n8n", scopes=scopes))
    return created.card.id, created.secret


@pytest.fixture
def person(app: App, workspace: Tenant) -> Person:
    return make_person(app.db, workspace.id, "editor", password_hash=passwords.hash_password(SecretStr(PASSWORD)))


def test_a_program_signs_in_refreshes_and_signs_out(app: App, person: Person, workspace: Tenant) -> None:
    with program(app) as client:
        answer = client.post("/auth/login", json={"email": person.email, "password": PASSWORD})
        assert answer.status_code == 200
        tokens = answer.json()
        assert tokens["tokenType"] == "Bearer"
        assert tokens["workspace"]["id"] == workspace.id
        assert "set-cookie" not in answer.headers
        bearer = {"authorization": f"Bearer {tokens['accessToken']}"}
        assert client.post("/boards", json={"name": "By a program"}, headers=bearer).status_code == 201
        assert client.get("/boards", headers=bearer).json()["total"] == 1
        renewed = client.post("/auth/refresh", json={"refreshToken": tokens["refreshToken"]}).json()
        assert client.post("/auth/refresh", json={"refreshToken": tokens["refreshToken"]}).status_code == 401
        bearer = {"authorization": f"Bearer {renewed['accessToken']}"}
        assert client.get("/boards", headers=bearer).status_code == 401
        tokens = client.post("/auth/login", json={"email": person.email, "password": PASSWORD}).json()
        bearer = {"authorization": f"Bearer {tokens['accessToken']}"}
        assert client.post("/auth/logout", headers=bearer).status_code == 204
        refused = client.get("/boards", headers=bearer)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        wrong = client.post("/auth/login", json={"email": person.email, "password": "wrong"})
        assert wrong.status_code == 401
        assert "wrong" not in wrong.text


def test_signing_in_is_throttled_and_asks_which_workspace(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    person = make_person(app.db, workspace.id, "editor", password_hash=passwords.hash_password(SecretStr(PASSWORD)))
    with app.db.transaction(other_workspace.caller, needs="owner") as tx:
        from backend.db.tables import Membership

        tx.add(Membership(user_id=person.id, role="viewer"))
    with program(app) as client:
        body = {"email": person.email, "password": PASSWORD}
        refused = client.post("/auth/login", json=body)
        assert refused.status_code == 400
        assert other_workspace.id in refused.json()["message"]
        chosen = client.post("/auth/login", json=body, headers={"x-workspace": other_workspace.id}).json()
        assert (chosen["workspace"]["id"], chosen["workspace"]["role"]) == (other_workspace.id, "viewer")
        bearer = {"authorization": f"Bearer {chosen['accessToken']}"}
        assert client.get("/boards", headers={**bearer, "x-workspace": workspace.id}).status_code == 403
        assert client.get("/boards", headers=bearer).status_code == 200
        assert client.post("/boards", json={"name": "x"}, headers=bearer).status_code == 403
        statuses = [client.post("/auth/login", json={**body, "password": "no"}).status_code for _ in range(8)]
        assert statuses[0] == 401
        assert statuses[-1] == 429


def test_a_key_does_what_its_scopes_say_in_its_workspace(
    app: App, workspace: Tenant, other_workspace: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    _, secret = make_key(app, workspace, "images:write", "jobs:read")
    with program(app, secret) as client:
        assert client.post("/boards", json={"name": "Summer"}).status_code == 201
        assert client.get("/boards").status_code == 200
        assert client.get("/jobs").status_code == 200
        refused = client.get("/content-plans")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
        assert "posts:read" in refused.json()["message"]
        assert client.post("/jobs", json={"type": "autopost", "payload": {"contentPlanId": "x"}}).status_code == 403
        assert client.get("/api-keys").status_code == 403
        assert client.get(f"/boards?workspace={other_workspace.id}").status_code == 403
        assert client.get("/boards", headers={"x-workspace": workspace.id}).status_code == 200
    with program(app) as client:
        assert client.get("/boards", headers={"x-api-key": secret}).status_code == 200
        assert client.get("/boards").status_code == 401
        assert client.get(f"/boards?api_key={secret}").status_code == 400
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("backend", "studio"))]
    assert any("/boards" in line for line in ours)
    assert not any(secret in line for line in ours)


def test_what_goes_out_by_itself_needs_a_key_that_may_publish(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        plan = make_planner(tx).plan(tx, wall=local_time_ahead())
    _, writes = make_key(app, workspace, "posts:write")
    _, publishes = make_key(app, workspace, "posts:publish")
    with program(app, writes) as client:
        assert client.patch(f"/content-plans/{plan.id}", json={"topic": "Old trams"}).status_code == 200
        for status in ("scheduled", "approved"):
            refused = client.patch(f"/content-plans/{plan.id}", json={"status": status})
            assert refused.status_code == 403
            assert "posts:publish" in refused.json()["message"]
    with program(app, publishes) as client:
        assert client.patch(f"/content-plans/{plan.id}", json={"status": "scheduled"}).status_code == 200


def test_a_revoked_key_is_refused_at_once(app: App, workspace: Tenant) -> None:
    api_key_id, secret = make_key(app, workspace, "*:read")
    with program(app, secret) as client, browser(app, workspace.owner) as owner:
        assert client.get("/boards").status_code == 200
        owner.headers["x-workspace"] = workspace.id
        assert owner.delete(f"/api-keys/{api_key_id}").status_code == 204
        refused = client.get("/boards")
        assert refused.status_code == 401
        assert "revoked" in refused.json()["message"]
        listed = owner.get("/api-keys?revoked=true")
        assert [card["state"] for card in listed.json()["data"]] == ["revoked"]
        assert listed.headers["x-total-count"] == "1"


@pytest.mark.parametrize(
    "bearer",
    ["ias_" + "a" * 36, "ias_", "eyJhbGciOiJub25lIn0.e30.", "nothing", "ias_" + "\x7f" * 36, "x" * 5000],
)
def test_what_is_no_key_and_no_token_is_refused(app: App, workspace: Tenant, bearer: str) -> None:
    with program(app, bearer) as client:
        assert client.get("/boards").status_code == 401
        assert client.post("/boards", json={"name": "x"}, headers={"idempotency-key": "a"}).status_code == 401
    with program(app, authorization="Basic eDp5") as client:
        assert client.get("/boards").status_code == 401


def test_every_route_names_its_scope(app: App) -> None:
    """Each has one of the scopes there are; browsers' own sign-in, and addresses that are the permission, have none."""
    without, known = set(), 0
    for included in rest_api(app).routes:
        router: Any = getattr(included, "original_router", None)
        for route in router.routes if router else [included]:
            scopes = [dependency.call.scope for dependency in route.dependant.dependencies if hasattr(dependency.call, "scope")]
            known += len(scopes)
            if not scopes:
                without.add(route.path)
            for noun, verb in scopes:
                assert f"{noun}:{verb or 'read'}" in access.scopes.all_scopes(), route
    assert known > 60
    assert without == {
        "/session/exchange",
        "/session",
        "/auth/login",
        "/auth/refresh",
        "/auth/logout",
        "/jobs",
        "/jobs/estimate",
        "/trash",
        "/trash/restore",
        "/trash/erase",
        "/uploads/{workspace}",
        "/uploads/{workspace}/{upload}",
        "/handed/{token}/{name}",
        "/ical/{token}/posts.ics",
        "/automation-hooks/{token}",
        "/events/ws",
        "/notices/unsubscribe/{token}",
        "/openapi.json",
    }


def boards_of(app: App, workspace: Tenant) -> int:
    with app.db.transaction(workspace.caller) as tx:
        return tx.scalar(select(func.count()).select_from(Board)) or 0


def test_a_repeated_request_gets_the_first_answer(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "*:write")
    with program(app, secret, **{"idempotency-key": "summer"}) as client:
        first = client.post("/boards", json={"name": "Summer"})
        again = client.post("/boards", json={"name": "Summer"})
        assert (again.status_code, again.json(), again.headers["location"]) == (201, first.json(), first.headers["location"])
        assert again.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        other = client.post("/boards", json={"name": "Winter"})
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert boards_of(app, workspace) == 1
    _, second_key = make_key(app, workspace, "*:write")
    with program(app, second_key, **{"idempotency-key": "summer"}) as client:
        assert client.post("/boards", json={"name": "Autumn"}).status_code == 201, "another caller's keys are others"


def test_a_refused_request_may_be_sent_again(app: App, workspace: Tenant) -> None:
    with browser(app, workspace.editor) as client:
        client.headers |= {"x-workspace": workspace.id, "idempotency-key": "one"}
        assert client.post("/boards", json={"name": ""}).status_code == 400
        assert client.post("/boards", json={"name": "Summer"}).status_code == 201
        assert client.post("/boards", json={"name": "Summer"}, headers={"idempotency-key": "x" * 201}).status_code == 400
        foreign = {"idempotency-key": "two", "origin": "https://evil.example"}
        assert client.post("/boards", json={"name": "Evil"}, headers=foreign).status_code == 403


def test_of_many_at_once_one_runs(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "*:write")
    with program(app, secret, **{"idempotency-key": "at once"}) as client, ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: client.post("/boards", json={"name": "Summer"}), range(6)))
    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}
    assert boards_of(app, workspace) == 1
    assert len({json.dumps(answer.json()) for answer in answers if answer.status_code == 201}) == 1


REQUEST: dict[str, Any] = {"request": "POST /boards", "key": "k", "body": b"{}"}


def begin(app: App, workspace: Tenant) -> access.RequestClaim | StoredAnswer:
    with app.db.transaction(workspace.caller) as tx:
        return idempotency.begin(tx, **REQUEST)


def let_it_age(app: App, workspace: Tenant, seconds: float) -> None:
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(update(IdempotentRequest).values(created_at=now() - timedelta(seconds=seconds)))


def test_a_request_whose_process_died_runs_later_and_one_that_goes_on_does_not(
    app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = begin(app, workspace)
    assert isinstance(claim, access.RequestClaim)
    monkeypatch.setattr(idempotency, "RENEW_S", 0.02)
    let_it_age(app, workspace, idempotency.TAKE_OVER_S - 1)
    with claim_renewal.of(app, claim):
        until(lambda: claim_age_s(app, workspace) < 1, what="a renewal")
    with pytest.raises(Conflict, match="still runs"):
        begin(app, workspace)

    def taken_over() -> access.RequestClaim | StoredAnswer | None:
        let_it_age(app, workspace, idempotency.TAKE_OVER_S + 1)
        with suppress(Conflict):  # a renewal that was on its way
            return begin(app, workspace)
        return None

    assert isinstance(until(taken_over, what="the second one"), access.RequestClaim)
    with app.db.transaction(workspace.caller) as tx, pytest.raises(Conflict, match="taken over"):
        idempotency.note_change(tx, claim, 201)  # what the first one changes after all is rolled back
    let_it_age(app, workspace, 25 * 3600)
    with app.db.transaction(workspace.caller) as tx:
        assert idempotency.purge_repeated_requests(tx) == 1


def claim_age_s(app: App, workspace: Tenant) -> float:
    with app.db.transaction(workspace.caller) as tx:
        return (now() - tx.scalars(select(IdempotentRequest.created_at)).one()).total_seconds()


def test_what_a_process_made_before_it_died_is_not_made_again(
    app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, secret = make_key(app, workspace, "*:write")
    with program(app, secret) as client:
        with monkeypatch.context() as killed:
            killed.setattr(idempotency, "finish", lambda *_: None)
            made = {
                path: client.post(path, json=body, headers={"idempotency-key": "k"}).json()["id"]
                for path, body in MADE_AT_ONCE.items()
            }
        assert client.post("/boards", json=MADE_AT_ONCE["/boards"], headers={"idempotency-key": "k"}).status_code == 409
        let_it_age(app, workspace, idempotency.TAKE_OVER_S + 1)
        for path, body in MADE_AT_ONCE.items():
            for _ in range(2):
                again = client.post(path, json=body, headers={"idempotency-key": "k"})
                assert (again.status_code, again.json()) == (201, {"id": made[path], "statusCode": 201}), path
                assert again.headers["idempotency-replayed"] == "true"


def test_one_who_died_between_two_steps_is_said_to_have(app: App, workspace: Tenant) -> None:
    """A transaction that only looked is no step."""
    claim = begin(app, workspace)
    assert isinstance(claim, access.RequestClaim)
    for writes in (False, True):
        with app.db.transaction(workspace.caller) as tx:
            if writes:
                tx.add(Board(id="brd_x", name="Summer"))
                tx.flush()
            idempotency.note_change(tx, claim, None)
        let_it_age(app, workspace, idempotency.TAKE_OVER_S + 1)
        if writes:
            with pytest.raises(idempotency.AnswerLost):
                begin(app, workspace)
        else:
            claim = begin(app, workspace)
            assert isinstance(claim, access.RequestClaim)


MADE_AT_ONCE: dict[str, Any] = {
    "/boards": {"name": "Summer"},
    "/influencers": {"name": "Bella"},
    "/recipes/templates": {"name": "On the beach", "prompt": "a beach"},
}
"""Path -> body of things that one transaction makes, and that have no request key of their own."""


def test_a_secret_is_never_repeated(app: App, workspace: Tenant) -> None:
    with browser(app, workspace.owner) as client:
        client.headers |= {"x-workspace": workspace.id, "idempotency-key": "key"}
        body = {"name": "n8n", "scopes": ["*:read"]}
        first, again = client.post("/api-keys", json=body), client.post("/api-keys", json=body)
        assert first.json()["secret"].startswith("ias_")
        assert again.json() == {"id": first.json()["id"], "statusCode": 201}
    with app.db.transaction(workspace.caller) as tx:
        stored = b"".join(tx.scalars(select(IdempotentRequest.body)))
    assert first.json()["secret"].encode() not in stored


def test_a_board_that_somebody_else_changed_is_not_overwritten(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "images:write")
    with program(app, secret) as client:
        board_id = client.post("/boards", json={"name": "Summer"}).json()["id"]
        etag = client.get(f"/boards/{board_id}").headers["etag"]
        assert client.put(f"/boards/{board_id}", json={"name": "July"}, headers={"if-match": etag}).status_code == 200
        refused = client.put(f"/boards/{board_id}", json={"name": "June"}, headers={"if-match": etag})
        assert (refused.status_code, refused.json()["code"]) == (409, "changed_since")
        assert client.put(f"/boards/{board_id}", json={"name": "June"}, headers={"if-match": "7"}).status_code == 400
        assert client.get(f"/boards/{board_id}").json()["name"] == "July"


def test_every_route_refuses_a_key_that_lacks_its_scope(app: App, workspace: Tenant) -> None:
    """A key for all nouns but that of a route is refused by it; a key for just what its description says is not. The inbox
    and the search hold things of several nouns, so they need the scopes of all."""
    every = set(access.scopes.all_scopes())
    operations = [
        (method.upper(), path, operation["x-scope"])
        for path, methods in api_description()["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation.get("x-scope"), str)
    ]
    assert len(operations) > 200
    with program(app) as client:
        for noun in access.scopes.NOUNS:
            others = {scope for scope in every if not scope.startswith((f"{noun}:", "*:"))}
            lacking = {"authorization": f"Bearer {make_key(app, workspace, *others)[1]}"}
            for method, path, scope in operations:
                if scope.startswith(f"{noun}:"):
                    answer = client.request(method, path.replace("{workspace}", workspace.id), json={}, headers=lacking)
                    assert answer.status_code == 403, (method, path, answer.text)
                    assert f"lacks the scope {noun}:" in answer.text, (method, path, answer.text)
        for scope in {scope for _, _, scope in operations}:
            just_enough = {"authorization": f"Bearer {make_key(app, workspace, scope)[1]}"}
            for method, path, needed in operations:
                if needed == scope and method == "GET" and "/events" not in path and not path.startswith(("/inbox", "/search")):
                    answer = client.get(path.replace("{workspace}", workspace.id), headers=just_enough)
                    assert "lacks the scope" not in answer.text, (path, answer.text)
