from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import automations, jobs
from backend.app import App
from backend.automations import AutomationDraft, AutomationRunCard
from backend.db.tables import Post
from backend.engines.local.offline_writer.writer import OfflineWriter
from backend.engines.ports.events import Alive
from backend.engines.ports.text import Quote, Reply, TextChunk, TextRequest
from backend.kit.clock import now
from tests.factories.account import Tenant
from tests.factories.posts import Planner, make_planner
from tests.servers.sandbox import SandboxServer
from tests.support.databases import DatabaseUrls
from tests.support.inline_worker import use_fake_engines
from tests.support.wait import until
from workers import devices
from workers.devices import LocalDevice
from workers.heartbeat import Heartbeat
from workers.lease import Identity, Lease
from workers.main import load_handlers
from workers.runner import Process, drain, write_outcome
from workers.runner import run as run_attempt
from workers.scheduler import Scheduler

ZONE = "Europe/Rome"
QUEUES = ("net", "cpu", "gpu")


@dataclass
class Rig:
    """A workspace with Bella, who posts to a sandbox channel, and workers with engines that take milliseconds."""

    app: App
    worker_app: App
    tenant: Tenant
    planner: Planner
    process: Process
    owner_url: str

    def editing(self) -> AbstractContextManager[Session]:
        return self.app.db.transaction(self.tenant.editor.caller, needs="editor")

    def reading(self) -> AbstractContextManager[Session]:
        return self.app.db.transaction(self.tenant.caller)

    @property
    def influencer_id(self) -> str:
        return self.planner.influencer.id

    def make(self, *steps: dict[str, Any], trigger: dict[str, Any] | None = None, **values: Any) -> str:
        """An automation of these steps, started by hand unless `trigger` says otherwise; its id."""
        values = {"name": "Daily", "trigger": trigger or {"kind": "hand"}, "steps": steps, **values}
        with self.editing() as tx:
            return automations.create(tx, AutomationDraft(**values)).id

    def start(self, automation_id: str, key: str = "k") -> str:
        with self.editing() as tx:
            [run] = automations.run_now(tx, automation_id, influencer_id=self.influencer_id, request_key=key)
        return run.id

    def tick(self) -> None:
        Scheduler(self.worker_app, lambda queue: None).tick()

    def work(self) -> int:
        """Ticks and runs jobs until there is nothing more to do now. Returns how many attempts there were."""
        total = 0
        while True:
            self.tick()
            attempts = sum(drain(self.process, queue) for queue in QUEUES)
            total += attempts
            if not attempts:
                return total

    def work_until(self, condition: Callable[[], bool], what: str) -> None:
        """Works on until it holds: files are prepared with a delay."""

        def holds() -> bool:
            self.work()
            return condition()

        until(holds, what=what)

    def one_attempt(self, queue: str) -> None:
        """Claims one job and runs it to the end of its attempt."""
        claim = self.process.claim_batcher.next(queue)
        assert claim
        if finished := run_attempt(self.process, claim):
            write_outcome(self.process, finished)

    def postpone(self, kind: str) -> None:
        """The waiting jobs of this kind start tomorrow."""
        with self.editing() as tx:
            for card in jobs.page(tx, kinds=(kind,)).cards:
                jobs.postpone(tx, card.id, now() + timedelta(days=1))

    def run(self, run_id: str) -> AutomationRunCard:
        with self.reading() as tx:
            return automations.get_run(tx, run_id)

    def runs(self, automation_id: str = "") -> list[AutomationRunCard]:
        with self.reading() as tx:
            return automations.runs(tx, automation_id).cards

    def plan(self, **values: Any) -> str:
        """A draft at its usual time in three days, or with these values."""
        with self.editing() as tx:
            return self.planner.plan(tx, **values).id

    def states(self, plan_id: str) -> list[str]:
        with self.reading() as tx:
            return list(tx.scalars(select(Post.state).where(Post.plan_id == plan_id)))

    def move_clock(self, by: timedelta) -> None:
        """The clock of automations goes on from here, `by` ahead."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            connection.execute(
                "CREATE OR REPLACE FUNCTION studio_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
                f"$$ SELECT clock_timestamp() + interval '{by.total_seconds()} seconds' $$"
            )

    def jobs_of(self, kind: str) -> list[jobs.JobCard]:
        with self.reading() as tx:
            return jobs.page(tx, kinds=(kind,), take=50).cards


class Writer(OfflineWriter):
    """Breaks on posts about broken things."""

    def run(self, request: TextRequest, quote: Quote) -> Generator[Alive | TextChunk, None, Reply]:
        if "broken" in getattr(request.brief, "topic", ""):
            raise RuntimeError("The writer broke.")
        return (yield from super().run(request, quote))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path / "sandbox") as server:
        yield server


@pytest.fixture
def environment(environment: dict[str, str], sandbox: SandboxServer) -> dict[str, str]:
    """Retries come at once."""
    return {**environment, **sandbox.settings(), "JOB_RETRY_DELAYS_S": "0", "PLATFORM_POLL_S": "0.1"}


@pytest.fixture
def rig(app: App, worker_app: App, workspace: Tenant, database_urls: DatabaseUrls, tmp_path: Path) -> Rig:
    use_fake_engines(app)
    use_fake_engines(worker_app)
    worker_app.engines.__dict__["text"] = Writer()
    with app.db.transaction(workspace.caller) as tx:
        planner = make_planner(tx, zone=ZONE)
    lease, identity = Lease(3600.0), Identity(QUEUES)
    heartbeat = Heartbeat(worker_app.db, identity, lease, beat_s=3600.0)
    process = Process(worker_app, identity, load_handlers(), lease, heartbeat, tmp_path)
    device = LocalDevice(f"{identity.host}/cpu", identity.host, "cpu", 0, {"image": "fake", "trainer": "fake"})
    devices.register(worker_app, [device])
    process.device_ids = (device.id,)
    heartbeat._send_heartbeat("up")
    return Rig(app, worker_app, workspace, planner, process, database_urls.owner.replace("+psycopg", ""))
