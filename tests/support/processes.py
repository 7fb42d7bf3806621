"""Real worker processes, and a user of jobs."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy import select

from backend import jobs
from backend.db.tables import Worker
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.support.wait import until
from tests.support.worker_forks import ForkedWorker, WorkerForks


@dataclass
class Workers:
    """Starts worker processes; all are killed when the test ends."""

    worker_forks: WorkerForks
    environment: dict[str, str]
    db: Database
    folder: Path

    def __post_init__(self) -> None:
        self.running: list[ForkedWorker] = []

    def start(
        self,
        queues: str = "cpu,net",
        *,
        tick: bool = True,
        threads: int = 4,
        handlers: str = "tests.support.handlers",
        wait: bool = True,
        **env: str,
    ) -> ForkedWorker:
        """Returns once the worker has registered itself, if `wait`. `handlers` empty: the pipelines of this release."""
        log = self.folder / f"worker-{len(self.running)}.log"
        argv = ["--queues", queues, "--threads", str(threads)]
        argv += [*(["--handlers", handlers] if handlers else []), *(["--tick"] if tick else [])]
        process = self.worker_forks.fork(argv, {**self.environment, **env}, log)
        self.running.append(process)
        if wait:
            until(lambda: self._registered(process), what="registration of the worker")
        return process

    def _registered(self, process: ForkedWorker) -> bool:
        assert process.poll() is None, self.logs()
        with self.db.engine.connect() as connection:
            return connection.scalar(select(Worker.id).where(Worker.pid == process.pid)) is not None

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))

    def stop(self) -> None:
        for process in self.running:
            process.kill()
            process.send_signal(signal.SIGCONT)
            process.wait()


@dataclass(frozen=True)
class JobUser:
    """What a user does with jobs in one workspace: start, read, cancel, retry, wait."""

    db: Database
    tenant: Tenant

    def start(self, kind: str, payload: BaseModel, key: str = "") -> str:
        with self.db.transaction(self.tenant.caller, needs="editor") as tx:
            key = key or f"{kind}-{jobs.page(tx).total}"
            return jobs.enqueue(tx, kind=kind, payload=payload, title=kind, request_key=key).id

    def get(self, job_id: str) -> jobs.JobCard:
        with self.db.transaction(self.tenant.caller) as tx:
            return jobs.get(tx, job_id)

    def cancel(self, job_id: str) -> None:
        with self.db.transaction(self.tenant.caller, needs="editor") as tx:
            jobs.cancel(tx, job_id)

    def retry(self, job_id: str) -> None:
        with self.db.transaction(self.tenant.caller, needs="editor") as tx:
            jobs.retry(tx, job_id)

    def log(self, job_id: str) -> str:
        with self.db.transaction(self.tenant.caller) as tx:
            return "\n".join(line.line for line in jobs.log(tx, job_id))

    def ended(self, job_id: str, seconds: float = 30.0) -> jobs.JobCard:
        until(lambda: self.get(job_id).ended, seconds, what=f"end of {self.get(job_id).title}")
        return self.get(job_id)

    def processing(self, job_id: str) -> jobs.JobCard:
        until(lambda: self.get(job_id).state == "processing", what="start of the job")
        return self.get(job_id)
