"""Requests as a signed-in browser sends them, without a server in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi.testclient import TestClient

from backend.api.credentials import COOKIE
from backend.app import App
from tests.factories.account import Person
from tests.support.rest_api import rest_api

ORIGIN = {"origin": "http://testserver"}


@contextmanager
def browser(app: App, person: Person | None) -> Iterator[TestClient]:
    """A client of the API (paths without /api) with the person's cookie and our own Origin."""
    with TestClient(rest_api(app), headers=ORIGIN, raise_server_exceptions=False) as client:
        if person:
            client.cookies.set(COOKIE, person.token)
        yield client


async def put_raw(app: App, person: Person, path: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A PUT whose body arrives as these ASGI messages (`http.disconnect` included); returns what was answered."""
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting, {"type": "http.disconnect"})

    return await put_from(app, person, path, receive)


async def put_from(app: App, person: Person, path: str, receive: Callable[[], Any]) -> list[dict[str, Any]]:
    """As `put_raw`, with an ASGI `receive` function of the test."""
    messages: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    headers = [(b"host", b"testserver"), (b"origin", b"http://testserver"), (b"cookie", f"{COOKIE}={person.token}".encode())]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "PUT",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "state": {},
    }
    asgi: Callable[..., Any] = rest_api(app)
    await asgi(scope, receive, send)
    return messages
