"""What tests that publish with real workers share. `workers` is the name by which a test gets a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.support.processes import Workers
from tests.support.publishing import House, platforms, quick
from tests.support.worker_forks import Born, Nursery

__all__ = ["Publishers", "deaths", "house", "servers", "workers"]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with platforms(tmp_path / "sandbox") as running:
        yield running


@pytest.fixture
def deaths(tmp_path: Path) -> Path:
    """`(deaths / post_id).write_text("handle")`: its worker dies there; `handle:freeze`: it stands still."""
    (tmp_path / "deaths").mkdir()
    return tmp_path / "deaths"


class Publishers(Workers):
    """One post at a time each, so that a death is of one post alone."""

    def start(
        self, queues: str = "cpu,net", *, tick: bool = True, threads: int = 1, handlers: str = "tests.support.crash_handlers",
        wait: bool = False, **env: str,
    ) -> Born:  # fmt: skip
        """Returns at once: it may be dead before anybody looks."""
        return super().start(queues, tick=tick, threads=threads, handlers=handlers, wait=wait, **env)


@pytest.fixture
def workers(
    nursery: Nursery, environment: dict[str, str], db: Database, servers: dict[str, Any], deaths: Path, tmp_path: Path
) -> Iterator[Publishers]:
    made = Publishers(nursery, {**environment, **quick(servers, environment), "DEATHS": str(deaths)}, db, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def house(app: Any, workspace: Tenant, servers: dict[str, Any]) -> House:
    return House(app, workspace, servers)
