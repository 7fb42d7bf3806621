"""One server of each platform for all tests; each test has its own account, faults and feed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.backend.platforms.benches import Bench, bench
from tests.servers.platforms.files import FileHost
from tests.support.platforms import Servers, reset_servers, running

__all__ = ["running"]

_NAMES = itertools.count(1)


@pytest.fixture(scope="session")
def files() -> Iterator[FileHost]:
    with FileHost() as host:
        yield host


@pytest.fixture
def servers(running: Servers, files: FileHost) -> Servers:
    """With the host of the files that platforms fetch."""
    files.status, files.slow_s = 200, 0.0
    files.fetched.clear()
    return {**reset_servers(running), files.name: files}


@pytest.fixture
def make_bench(servers: Servers, tmp_path: Path) -> Iterator[Any]:
    benches: list[Bench] = []

    def make(name: str, format: str) -> Bench:
        benches.append(bench(servers[name], servers["files"], tmp_path, name, format, f"bella{next(_NAMES)}"))
        return benches[-1]

    yield make
    for opened_bench in benches:
        opened_bench.platform.close()
