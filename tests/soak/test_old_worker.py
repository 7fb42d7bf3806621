"""The worker of the last version before upgrades were looked after, and today's, on one database with jobs of both.

The old code comes from this repository's history: `make test-upgrade`. A clone without it fails here, with what to do.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from backend.settings import ROOT
from tests.support.handlers import Parent, Steps
from tests.support.processes import JobUser, Workers
from tests.support.wait import until

OLD = "f5850d8e"
"""The last commit before issue 21, of schema 0064. 0072 took from it what automations, refused uploads and webhooks write: the
schema does not say that it serves this version, and such jobs are not tried here. 0.6.0 could run no job at all."""
PARTS = ("backend", "workers", "tests/__init__.py", "tests/support", "tests/factories", "workflows", "starter_model")
ORDERS = """
import sys
from backend.bootstrap import bootstrap
from backend import jobs
from backend.db.transactions import SystemCaller
from tests.support.handlers import Parent, Steps
app = bootstrap()
for n in range(int(sys.argv[2])):
    with app.db.transaction(SystemCaller(sys.argv[1])) as tx:
        kind, payload = ("test-parent", Parent()) if n % 5 == 0 else ("test-steps", Steps(pause_s=0.02))
        jobs.enqueue(tx, kind=kind, payload=payload, title=f"old {n}", request_key=f"old-{n}")
"""
COUNT = 60


@pytest.fixture(scope="module")
def old_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = subprocess.run(["git", "archive", OLD, *PARTS], cwd=ROOT, capture_output=True, check=False)
    assert archive.returncode == 0, f"commit {OLD} is not here: git fetch --unshallow"
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


@pytest.fixture
def old_worker(old_code: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "old-worker.log").open("wb") as log:
        argv = ["-m", "workers.main", "--queues", "cpu,net", "--tick", "--threads", "2", "--handlers", "tests.support.handlers"]
        process = subprocess.Popen([sys.executable, *argv], cwd=old_code, env=old_env(environment), stdout=log, stderr=log)
    yield process
    process.terminate()
    try:
        process.wait(30)
    finally:
        process.kill()


def old_env(environment: dict[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment}


def attempts_by_worker(job_user: JobUser) -> Counter[str]:
    """How many attempts each worker ended."""
    with job_user.db.transaction(job_user.tenant.caller) as tx:
        return Counter(tx.execute(text("SELECT worker_id FROM attempts WHERE outcome = 'completed'")).scalars())


def test_both_do_what_both_order_once_each(
    old_code: Path,
    old_worker: subprocess.Popen[bytes],
    workers: Workers,
    job_user: JobUser,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    def is_up() -> bool:
        assert old_worker.poll() is None, (tmp_path / "old-worker.log").read_text()
        with job_user.db.engine.connect() as connection:
            return bool(connection.scalar(text("SELECT count(*) FROM workers WHERE pid = :pid"), {"pid": old_worker.pid}))

    until(is_up, 120, what="the old worker")
    workers.start(threads=2)
    orders = subprocess.Popen(
        [sys.executable, "-c", ORDERS, job_user.tenant.id, str(COUNT)], cwd=old_code, env=old_env(environment)
    )
    for n in range(COUNT):
        if n % 5 == 0:
            job_user.start("test-parent", Parent(), key=f"new-{n}")
        else:
            job_user.start("test-steps", Steps(pause_s=0.02), key=f"new-{n}")
    assert orders.wait(120) == 0

    def unfinished() -> int:
        with job_user.db.transaction(job_user.tenant.caller) as tx:
            return int(tx.scalar(text("SELECT count(*) FROM jobs WHERE state IN ('pending', 'processing')")) or 0)

    until(lambda: unfinished() == 0, 180, what="the end of all jobs")
    with job_user.db.transaction(job_user.tenant.caller) as tx:
        states = Counter(tx.execute(text("SELECT state FROM jobs WHERE parent_id IS NULL")).scalars())
        twice = tx.execute(
            text("SELECT job_id FROM attempts WHERE outcome = 'completed' GROUP BY job_id HAVING count(*) > 1")
        ).all()
    assert states == {"completed": 2 * COUNT}
    assert twice == []
    work = attempts_by_worker(job_user)
    assert len(work) == 2, "both workers did some"
    print(f"\n{sum(work.values())} attempts completed, by worker: {sorted(work.values())}")
