"""The API without a network: our own FastAPI application over this test's servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount

from backend import api
from backend.app import App
from tests.factories.account import Person, Tenant
from tests.support.rest_api import rest_api

ORIGIN = "http://studio.test"


@pytest.fixture
def client(app: App) -> Iterator[Callable[..., TestClient]]:
    """`client(person)` -> a signed-in browser of that person; without one a stranger. Mounted as the studio mounts it."""
    server = Starlette(routes=[*api.probe_routes(lambda: app), Mount("/api", app=rest_api(app))])
    made: list[TestClient] = []

    def make(person: Person | Tenant | None = None, **headers: str) -> TestClient:
        cookies = {"studio_sid": person.token} if person else {}
        browser = TestClient(server, base_url=ORIGIN, cookies=cookies, headers={"origin": ORIGIN, **headers})
        made.append(browser)
        return browser

    yield make
    for browser in made:
        browser.close()
