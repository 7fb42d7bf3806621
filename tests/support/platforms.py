"""Instagram, TikTok, YouTube and the practice platform, in this process: started once, healthy for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.servers.instagram import InstagramServer
from tests.servers.sandbox import SandboxServer
from tests.servers.tiktok import TikTokServer
from tests.servers.youtube import YouTubeServer

Servers = dict[str, Any]
"""By their platform's name."""


@contextmanager
def platforms(folder: Path, *more: Any) -> Iterator[Servers]:
    """Starts all four. `folder`: of the practice platform's data. `more`: further servers with a name."""
    servers = [InstagramServer(), TikTokServer(), YouTubeServer(), SandboxServer(folder), *more]
    with ExitStack() as stack:
        yield {server.name: stack.enter_context(server) for server in servers}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers of the session, started once; the fixture `servers` resets them for each test."""
    with platforms(tmp_path_factory.mktemp("sandbox")) as servers:
        yield servers


def reset_servers(servers: Servers) -> Servers:
    """Resets the servers: no faults, empty feeds, the right time."""
    for server in servers.values():
        server.posts.clear()
        server.asked.clear()
        server.clock.ahead = 0.0
        server.faults = type(server.faults)()
    servers["youtube"].inserts.clear()
    servers["instagram"].published_at.clear()
    return servers


def settings_for(servers: Servers) -> dict[str, Any]:
    """Settings that point to these servers, by the names of their variables."""
    return {name: value for server in servers.values() for name, value in server.settings().items()}
