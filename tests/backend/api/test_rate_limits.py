"""How often programs and unknown addresses may call, in all studio processes together; and who may call cross-origin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from backend.access import key_format
from backend.api import rate_limits
from backend.api.credentials import COOKIE
from backend.api.rate_limits import RequestCounter
from backend.app import App, cache_url
from tests.backend.api.test_access import make_key
from tests.factories.account import Tenant
from tests.support.rest_api import rest_api

Studio = Callable[..., TestClient]


@pytest.fixture
def studio(app: App) -> Iterator[Studio]:
    """`studio(LIMIT=…)` -> the client of one more studio process with its own API, on the same Redis."""
    with ExitStack() as stack:

        def make(address: str = "192.0.2.1", **settings: object) -> TestClient:
            limited = replace(app, settings=app.settings.replace(ENABLE_RATE_LIMITING=True, **settings))
            client = TestClient(rest_api(limited), client=(address, 50000), raise_server_exceptions=False)
            return stack.enter_context(client)

        yield make


def test_the_limit_of_a_key_is_one_for_all_studios(studio: Studio, app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "*:read")
    _, second = make_key(app, workspace, "*:read")
    settings = {"RATE_LIMIT_PER_MINUTE": 5}
    first, other = studio(**settings), studio("192.0.2.2", **settings)
    bearer = {"authorization": f"Bearer {secret}"}
    answers = [client.get("/boards", headers=bearer) for client in (first, other, first, other, first)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["4", "3", "2", "1", "0"]
    assert {answer.headers["ratelimit-limit"] for answer in answers} == {"5"}
    refused = other.get("/boards", headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    assert 1 <= int(refused.headers["retry-after"]) <= 12
    assert 1 <= int(refused.headers["ratelimit-reset"]) <= 60
    assert refused.headers["ratelimit-remaining"] == "0"
    assert "5 requests a minute" in refused.json()["message"]
    assert first.get("/boards", headers={"x-api-key": second}).status_code == 200, "each key has its own"


def test_strangers_have_the_limit_of_their_address_whatever_they_send(studio: Studio, app: App, workspace: Tenant) -> None:
    client = studio(RATE_LIMIT_STRANGERS_PER_MINUTE=4)
    login = {"email": "x@example.org", "password": "x"}
    invented = {"x-api-key": key_format.new_key()}
    assert client.get("/boards").status_code == 401
    assert client.get("/boards", headers=invented).status_code == 401
    assert client.get("/boards", headers={"authorization": "Bearer nothing"}).status_code == 401
    assert client.post("/auth/login", json=login, headers={"cookie": f"{COOKIE}=invented"}).status_code == 401
    for refused in (client.get("/boards"), client.get("/boards", headers=invented), client.post("/auth/login", json=login)):
        assert refused.status_code == 429
    assert studio("192.0.2.9", RATE_LIMIT_STRANGERS_PER_MINUTE=4).get("/boards").status_code == 401


def test_browsers_media_and_probes_are_not_counted(studio: Studio, workspace: Tenant) -> None:
    client = studio(RATE_LIMIT_STRANGERS_PER_MINUTE=1, RATE_LIMIT_PER_MINUTE=1)
    assert client.get("/boards").status_code == 401
    assert client.get("/boards").status_code == 429
    assert [client.get("/handed/x/y").status_code for _ in range(3)] == [404] * 3
    client.cookies.set(COOKIE, workspace.viewer.token)
    answers = [client.get(f"/boards?workspace={workspace.id}") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "ratelimit-limit" not in answers[0].headers


def test_addresses_of_one_ipv6_network_are_one(studio: Studio) -> None:
    assert studio("2001:db8::1", RATE_LIMIT_STRANGERS_PER_MINUTE=1).get("/boards").status_code == 401
    assert studio("2001:db8::2:1", RATE_LIMIT_STRANGERS_PER_MINUTE=1).get("/boards").status_code == 429
    assert studio("2001:db8:0:1::1", RATE_LIMIT_STRANGERS_PER_MINUTE=1).get("/boards").status_code == 401


def test_without_redis_nothing_is_limited_and_the_log_says_so_once(studio: Studio, caplog: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(rate_limits, "PAUSE_S", 0.0)
    client = studio(RATE_LIMIT_STRANGERS_PER_MINUTE=1, REDIS_URL=SecretStr("redis://127.0.0.1:1/0"))
    assert [client.get("/boards").status_code for _ in range(3)] == [401] * 3
    assert caplog.text.count("requests are not limited") == 1


def test_a_refused_request_is_not_counted_and_looking_takes_nothing(redis_url: str) -> None:
    async def run() -> None:
        counter = RequestCounter(cache_url(redis_url))
        try:
            for _ in range(3):
                looked = await counter.count("a", 2, 0)
                assert looked
                assert (looked.remaining, looked.wait_s) == (2, 0.0)
            counted = [await counter.count("a", 2) for _ in range(4)]
            assert [allowance.remaining for allowance in counted if allowance] == [1, 0, 0, 0]
            waits = [allowance.wait_s for allowance in counted if allowance]
            assert waits[:2] == [0.0, 0.0]
            assert 28 < waits[3] <= waits[2] <= 30
            looked = await counter.count("a", 2, 0)
            assert looked
            assert looked.wait_s
        finally:
            await counter.close()

    asyncio.run(run())


PAGE = "https://tool.example"


@contextmanager
def cross_origin(app: App, **settings: object) -> Iterator[TestClient]:
    allowed = replace(app, settings=app.settings.replace(**settings))
    with TestClient(rest_api(allowed), headers={"origin": PAGE}, raise_server_exceptions=False) as client:
        yield client


def test_pages_of_named_sites_call_with_a_key_and_without_cookies(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "*:write")
    asks = {"access-control-request-method": "PATCH", "access-control-request-headers": "authorization,if-match"}
    with cross_origin(app, CORS_ORIGIN=f"{PAGE}/, https://other.example") as client:
        preflight = client.options("/boards", headers=asks)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == PAGE
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        assert "access-control-allow-credentials" not in preflight.headers
        answer = client.post("/boards", json={"name": "Summer"}, headers={"x-api-key": secret})
        assert answer.status_code == 201
        assert answer.headers["access-control-allow-origin"] == PAGE
        exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
        assert {"x-total-count", "location", "etag", "retry-after", "ratelimit-remaining"} <= exposed
        assert client.get("/nothing").headers["access-control-allow-origin"] == PAGE, "refusals can be read too"
        evil = {"origin": "https://evil.example"}
        assert client.options("/boards", headers=asks | evil).status_code == 400
        assert "access-control-allow-origin" not in client.get("/boards", headers=evil).headers
        client.cookies.set(COOKIE, workspace.owner.token)
        written = client.post(f"/boards?workspace={workspace.id}", json={"name": "By a cookie"})
        assert (written.status_code, written.json()["code"]) == (403, "not_permitted")
    with cross_origin(app) as client:
        assert "access-control-allow-origin" not in client.options("/boards", headers=asks).headers
        assert "access-control-allow-origin" not in client.get("/boards", headers={"x-api-key": secret}).headers
