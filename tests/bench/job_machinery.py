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
    with studio(LOG_LEVEL="WARNING") as here, worker(here):
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(JOBS / bare_loop(here))
            ours.append(JOBS / our_loop(here))
        waits = sorted(pickups(here))
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
def worker(here: Studio) -> Iterator[None]:
    """The light worker as the supervisor starts it, with a kind that does nothing."""
    argv = [sys.executable, "-m", "workers.main", "--queues", "cpu,net", "--tick", "--threads", str(THREADS)]
    argv += ["--handlers", "tests.support.handlers"]
    with (here.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            argv, env={**os.environ, **here.environment}, cwd=Path(__file__).parents[2], stdout=log, stderr=log
        )
    try:
        first = ask(here, 1)
        until(lambda: left(here, first) == 0, what="the first job")
        yield
    finally:
        process.terminate()
        process.wait(30)


def ask(here: Studio, n: int) -> str:
    """Starts `n` jobs in one transaction and wakes every thread. Returns what their request keys begin with."""
    batch = new_id("batch")
    with here.app.db.transaction(SystemCaller(here.tenant.id)) as tx:
        for i in range(n):
            jobs.enqueue(tx, kind="test-instant", payload=Steps(n=0), title="x", request_key=f"{batch}/{i}")
    ring = jobs.notifier(here.app.redis)
    for _ in range(min(n, THREADS) - 1):
        ring("cpu")
    return batch


def left(here: Studio, batch: str) -> int:
    with here.app.db.transaction(SystemCaller(here.tenant.id)) as tx:
        unfinished = "SELECT count(*) FROM jobs WHERE request_key LIKE :batch AND state <> 'completed'"
        return int(tx.scalar(text(unfinished), {"batch": f"{batch}/%"}) or 0)


def our_loop(here: Studio) -> float:
    """Seconds from the first claim to the last verdict, by Postgres's clock."""
    batch = ask(here, JOBS)
    while left(here, batch):
        time.sleep(0.2)  # rarely: counting costs Postgres time that it should have for the jobs
    with here.app.db.transaction(SystemCaller(here.tenant.id)) as tx:
        span = "SELECT extract(epoch FROM max(finished_at) - min(started_at)) FROM jobs WHERE request_key LIKE :batch"
        return float(tx.scalar(text(span), {"batch": f"{batch}/%"}))


def bare_loop(here: Studio) -> float:
    """The plainest queue: one table, a durable commit for the claim and one for the end, a connection a thread."""
    url = here.owner_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bare_queue")
        connection.execute("CREATE TABLE bare_queue (id int PRIMARY KEY, state text NOT NULL, payload jsonb)")
        connection.execute("INSERT INTO bare_queue SELECT n, 'pending', '{}' FROM generate_series(1, %s) n", [JOBS])
        connection.execute("CREATE INDEX ON bare_queue (id) WHERE state = 'pending'")
    connections = [psycopg.connect(url) for _ in range(THREADS)]
    threads = [threading.Thread(target=_bare_worker, args=[connection]) for connection in connections]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
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


def pickups(here: Studio) -> list[float]:
    """Milliseconds from the row to its claim, one job at a time on an idle worker."""
    for _ in range(PICKUPS):
        time.sleep(random.uniform(0.05, 0.25))
        batch = ask(here, 1)
        until(lambda batch=batch: left(here, batch) == 0, what="the job")  # type: ignore[misc]
    with here.app.db.transaction(SystemCaller(here.tenant.id)) as tx:
        waits = "SELECT extract(epoch FROM started_at - created_at) * 1000 FROM jobs ORDER BY id DESC LIMIT :n"
        return [float(wait) for wait in tx.scalars(text(waits), {"n": PICKUPS})]
