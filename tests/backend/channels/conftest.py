"""The platform servers, and an App whose settings lead to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import SecretStr

from backend.bootstrap import App, bootstrap
from backend.settings import Settings
from tests.servers.instagram import InstagramServer
from tests.servers.sandbox import SandboxServer
from tests.servers.tiktok import TikTokServer
from tests.servers.youtube import YouTubeServer


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        made = [InstagramServer(), TikTokServer(), YouTubeServer(), SandboxServer(tmp_path_factory.mktemp("sandbox"))]
        yield {server.name: stack.enter_context(server) for server in made}


@pytest.fixture
def servers(running: dict[str, Any]) -> dict[str, Any]:
    for server in running.values():
        server.asked.clear()
        server.clock.ahead = 0.0
        server.faults = type(server.faults)()
    return running


@pytest.fixture
def app(servers: dict[str, Any], settings: Settings) -> Iterator[App]:
    where = {name.lower(): value for server in servers.values() for name, value in server.settings().items()}
    hidden = {name for name in where if isinstance(getattr(settings, name), SecretStr)}
    update = {name: SecretStr(value) if name in hidden else value for name, value in where.items()}
    made = bootstrap(settings.model_copy(update=update))
    yield made
    made.close()
