"""A campaign: hundreds of workers are killed or frozen at any moment while jobs keep coming. `make soak`."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import select

from backend.db.tables import EventRow, Job
from tests.support.handlers import Parent, Steps
from tests.support.processes import JobUser, Workers
from tests.support.wait import until

KILLS = int(os.environ.get("SOAK_KILLS", "200"))
CREW = 3
pytestmark = pytest.mark.kill


def test_hundreds_of_kills_lose_nothing(workers: Workers, new_job_user: Callable[[str], JobUser]) -> None:
    dice = random.Random(7)
    offices = [new_job_user("One"), new_job_user("Two")]
    crew = [workers.start() for _ in range(CREW)]
    asked: dict[str, JobUser] = {}
    thaws: list[threading.Timer] = []
    for n in range(KILLS):
        for job_user in offices:
            asked[job_user.start("test-steps", Steps(n=3, pause_s=0.05), key=f"s{n}")] = job_user
            asked[job_user.start("test-parent", Parent(children=2), key=f"p{n}")] = job_user
        threading.Event().wait(dice.uniform(0.0, 0.5))
        victim = dice.randrange(CREW)
        if dice.random() < 0.3:
            thaws.append(freeze(crew[victim], dice.uniform(0.5, 4.0)))
        else:
            crew[victim].kill()
            crew[victim].wait()
            crew[victim] = workers.start()
    for thaw in thaws:
        thaw.join()
    for job, job_user in asked.items():
        until(lambda job_user=job_user, job=job: job_user.get(job).ended, 300, what="the end of every job")  # type: ignore[misc]
    for job_user in offices:
        check(job_user)


def freeze(process: subprocess.Popen[bytes], seconds: float) -> threading.Timer:
    process.send_signal(signal.SIGSTOP)
    thaw = threading.Timer(seconds, process.send_signal, [signal.SIGCONT])
    thaw.start()
    return thaw


def check(job_user: JobUser) -> None:
    """Completed once and told once; failed only when three workers died under it, or under a child of it."""
    with job_user.db.transaction(job_user.tenant.caller) as tx:
        rows = tx.execute(select(Job.id, Job.state, Job.kills, Job.error_code)).all()
        completions = Counter(tx.scalars(select(EventRow.noun_id).where(EventRow.kind == "job.completed")))
    for job_id, state, kills, code in rows:
        assert (state, completions[job_id]) == ("completed", 1) or (state, completions[job_id]) == ("failed", 0)
        assert state == "completed" or kills == 3 or code == "child_failed"
