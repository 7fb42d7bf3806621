"""A real worker's jobs per second beside a bare loop that claims and completes rows with the same durable commits."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

from backend import jobs
from backend.db.transactions import SystemCaller
from backend.kit.ids import new_id
from tests.bench.servers import Studio, studio
from tests.support.handlers import Steps
from tests.support.wait import until

THREADS, JOBS, ROUNDS, PICKUPS = 4, 400, 3, 60


def run() -> dict[str, Any]:
    with studio(LOG_LEVEL="WARNING") as running_studio, worker(running_studio):
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(JOBS / bare_loop(running_studio))
            ours.append(JOBS / our_loop(running_studio))
        waits = sorted(pickups(running_studio))
    figures = {"ours": statistics.median(ours), "bare": statistics.median(bare)}
    return {
        "ratio": round(figures["ours"] / figures["bare"], 3),
        **{name: round(value, 1) for name, value in figures.items()},
        "unit": "jobs/s",
        "n": JOBS * ROUNDS,
        "pickup_p50_ms": round(waits[len(waits) // 2]),
        "pickup_p95_ms": round(waits[int(len(waits) * 0.95)]),
    }


@contextmanager
def worker(running_studio: Studio, handlers: str = "tests.support.handlers") -> Iterator[None]:
    """The light worker as the supervisor starts it, with a kind that does nothing."""
    argv = [sys.executable, "-m", "workers.main", "--queues", "cpu,net", "--tick", "--threads", str(THREADS)]
    argv += ["--handlers", handlers]
    with (running_studio.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            argv, env={**os.environ, **running_studio.environment}, cwd=Path(__file__).parents[2], stdout=log, stderr=log
        )
    try:
        first = start_jobs(running_studio, 1)
        until(lambda: open_jobs(running_studio, first) == 0, what="the first job")
        yield
    finally:
        process.terminate()
        process.wait(30)


def start_jobs(running_studio: Studio, n: int) -> str:
    """Starts `n` jobs in one transaction and wakes every thread. Returns what their request keys begin with."""
    batch = new_id("batch")
    with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id)) as tx:
        for i in range(n):
            jobs.enqueue(tx, kind="test-instant", payload=Steps(n=0), title="x", request_key=f"{batch}/{i}")
    ring = jobs.notifier(running_studio.app.redis)
    for _ in range(min(n, THREADS) - 1):
        ring("cpu")
    return batch


def open_jobs(running_studio: Studio, batch: str) -> int:
    with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id)) as tx:
        unfinished = "SELECT count(*) FROM jobs WHERE request_key LIKE :batch AND state <> 'completed'"
        return int(tx.scalar(text(unfinished), {"batch": f"{batch}/%"}) or 0)


def our_loop(running_studio: Studio) -> float:
    """Seconds from the first claim to the last finished attempt, by Postgres's clock."""
    batch = start_jobs(running_studio, JOBS)
    while open_jobs(running_studio, batch):
        time.sleep(0.2)  # rarely: counting costs Postgres time that it should have for the jobs
    with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id)) as tx:
        span = "SELECT extract(epoch FROM max(finished_at) - min(started_at)) FROM jobs WHERE request_key LIKE :batch"
        return float(tx.scalar(text(span), {"batch": f"{batch}/%"}))


def bare_loop(running_studio: Studio) -> float:
    """The simplest queue: one table, a durable commit for each claim and each end, a connection for each thread."""
    url = running_studio.owner_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bare_queue")
        connection.execute("CREATE TABLE bare_queue (id int PRIMARY KEY, state text NOT NULL, payload jsonb)")
        connection.execute("INSERT INTO bare_queue SELECT n, 'pending', '{}' FROM generate_series(1, %s) n", [JOBS])
        connection.execute("CREATE INDEX ON bare_queue (id) WHERE state = 'pending'")
    connections = [psycopg.connect(url) for _ in range(THREADS)]
    threads = [threading.Thread(target=_bare_worker, args=[connection]) for connection in connections]
    started_at = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started_at
    for connection in connections:
        connection.close()
    return took


def _bare_worker(connection: psycopg.Connection) -> None:
    pick = "SELECT id FROM bare_queue WHERE state = 'pending' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
    while True:
        with connection.transaction():
            row = connection.execute(pick).fetchone()
            if row is None:
                return
            connection.execute("UPDATE bare_queue SET state = 'processing' WHERE id = %s", row)
        with connection.transaction():
            connection.execute("UPDATE bare_queue SET state = 'completed' WHERE id = %s AND state = 'processing'", row)


def pickups(running_studio: Studio) -> list[float]:
    """Milliseconds from the row to its claim, one job at a time on an idle worker."""
    for _ in range(PICKUPS):
        time.sleep(random.uniform(0.05, 0.25))
        batch = start_jobs(running_studio, 1)
        until(lambda batch=batch: open_jobs(running_studio, batch) == 0, what="the job")  # type: ignore[misc]
    with running_studio.app.db.transaction(SystemCaller(running_studio.tenant.id)) as tx:
        waits = "SELECT extract(epoch FROM started_at - created_at) * 1000 FROM jobs ORDER BY id DESC LIMIT :n"
        return [float(wait) for wait in tx.scalars(text(waits), {"n": PICKUPS})]
