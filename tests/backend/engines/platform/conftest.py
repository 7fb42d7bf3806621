"""One server of each platform for all tests; each test has its own account, faults and feed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.backend.engines.platform.benches import Bench, bench
from tests.servers.instagram import InstagramServer
from tests.servers.platforms.files import FileHost
from tests.servers.sandbox import SandboxServer
from tests.servers.tiktok import TikTokServer
from tests.servers.youtube import YouTubeServer

_NAMES = itertools.count(1)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("sandbox")
    with ExitStack() as stack:
        made = [InstagramServer(), TikTokServer(), YouTubeServer(), FileHost(), SandboxServer(folder)]
        yield {server.name: stack.enter_context(server) for server in made}


@pytest.fixture
def servers(running: dict[str, Any]) -> dict[str, Any]:
    """Healthy, with an empty feed."""
    for server in running.values():
        server.posts.clear()
        server.asked.clear()
        server.clock.ahead = 0.0
        if server.name == "files":
            server.status, server.slow_s = 200, 0.0
            server.fetched.clear()
        else:
            server.faults = type(server.faults)()
    running["youtube"].inserts.clear()
    return running


@pytest.fixture
def make_bench(servers: dict[str, Any], tmp_path: Path) -> Iterator[Any]:
    made: list[Bench] = []

    def make(name: str, format: str) -> Bench:
        made.append(bench(servers[name], servers["files"], tmp_path, name, format, f"bella{next(_NAMES)}"))
        return made[-1]

    yield make
    for one in made:
        one.platform.close()
