"""Fixtures of tests that publish with real workers. A test that uses `workers` gets a database of its own
(tests/conftest.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.support.processes import Workers
from tests.support.publishing import PublishingRig, fast_publishing_environment, platforms
from tests.support.worker_forks import ForkedWorker, WorkerForks

__all__ = ["Publishers", "crash_points", "publishing_rig", "servers", "workers"]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with platforms(tmp_path / "sandbox") as running:
        yield running


@pytest.fixture
def crash_points(tmp_path: Path) -> Path:
    """`(crash_points / post_id).write_text("handle")`: the worker of the post dies at that point; `handle:freeze`: it
    freezes."""
    (tmp_path / "crash_points").mkdir()
    return tmp_path / "crash_points"


class Publishers(Workers):
    """Workers with one thread, so that a crash concerns one post only."""

    def start(
        self,
        queues: str = "cpu,net",
        *,
        tick: bool = True,
        threads: int = 1,
        handlers: str = "tests.support.crash_handlers",
        wait: bool = False,
        **env: str,
    ) -> ForkedWorker:
        """Returns at once: it may be dead before anybody looks."""
        return super().start(queues, tick=tick, threads=threads, handlers=handlers, wait=wait, **env)


@pytest.fixture
def workers(
    worker_forks: WorkerForks,
    environment: dict[str, str],
    db: Database,
    servers: dict[str, Any],
    crash_points: Path,
    tmp_path: Path,
) -> Iterator[Publishers]:
    publishers = Publishers(
        worker_forks,
        {**environment, **fast_publishing_environment(servers, environment), "DEATHS": str(crash_points)},
        db,
        tmp_path,
    )
    yield publishers
    publishers.stop()


@pytest.fixture
def publishing_rig(app: Any, workspace: Tenant, servers: dict[str, Any]) -> PublishingRig:
    return PublishingRig(app, workspace, servers)
