"""Real processes are killed, frozen and cut off: nothing is lost, nothing is visibly done twice."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import func, select

from backend.db.tables import EventRow, Job, JobStep
from tests.support.handlers import Loop, Steps
from tests.support.processes import JobUser, Workers
from tests.support.wait import until

pytestmark = pytest.mark.kill


def completions(job_user: JobUser) -> Counter[str]:
    """Job -> number of completion events."""
    with job_user.db.transaction(job_user.tenant.caller) as tx:
        return Counter(tx.scalars(select(EventRow.noun_id).where(EventRow.kind == "job.completed")))


@pytest.mark.parametrize("moment", ["s0", "s1+", "s2"])
def test_a_killed_worker_loses_nothing(workers: Workers, job_user: JobUser, moment: str) -> None:
    job = job_user.start("test-steps", Steps(n=3))
    victim = workers.start(tick=False, FAULT_STEP=f"test-steps:{moment}:kill")
    notify_queues_again(workers, job_user)
    assert victim.wait(20) == -signal.SIGKILL
    assert job_user.get(job).state == "processing"
    workers.start()
    card = job_user.ended(job)
    assert (card.state, card.attempt_n) == ("completed", 2), workers.logs()
    done_before = {"s0": 0, "s1+": 1, "s2": 2}[moment]
    assert card.result is not None
    attempts = card.result["attempts"]
    assert [attempt == card.result["finisher"] for attempt in attempts] == [False] * done_before + [True] * (3 - done_before)
    assert completions(job_user) == {job: 1}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_killed_around_the_claim_that_ends_its_job(workers: Workers, job_user: JobUser, moment: str) -> None:
    started = [job_user.start("test-instant", Steps()) for _ in range(3)]
    victim = workers.start(tick=False, threads=1, handlers="tests.support.crash_claims", CLAIM_DEATH=moment, wait=False)
    assert victim.wait(20) == -signal.SIGKILL
    workers.start()
    attempts = [job_user.ended(job).attempt_n for job in started]
    # Before: the first job has to be done again. After: it is done, and the second one was claimed by the dead worker
    assert attempts == ([2, 1, 1] if moment == "before" else [1, 2, 1]), workers.logs()
    assert completions(job_user) == dict.fromkeys(started, 1)


def notify_queues_again(workers: Workers, job_user: JobUser) -> None:
    """Notifies workers without a scheduler that started after the job's own notification."""
    from backend.jobs import notifier

    with redis.Redis.from_url(workers.environment["REDIS_URL"]) as client:
        notifier(client)("cpu")


def test_a_job_that_kills_three_workers_is_a_dead_letter(workers: Workers, job_user: JobUser) -> None:
    job = job_user.start("test-steps", Steps(n=2))
    for _ in range(3):
        victim = workers.start(FAULT_STEP="test-steps:s1:kill")
        assert victim.wait(30) == -signal.SIGKILL
    workers.start()
    card = job_user.ended(job)
    assert (card.state, card.dead_letter, card.error_code, card.attempt_n) == ("failed", True, "worker_lost", 3)
    assert "Taken back" in job_user.log(job)
    job_user.retry(job)
    again = job_user.ended(job)
    assert (again.state, again.dead_letter, again.attempt_n) == ("completed", False, 4)
    assert again.result is not None
    assert again.result["attempts"][0] != again.result["finisher"]


def test_a_frozen_worker_that_wakes_up_writes_nothing(workers: Workers, job_user: JobUser) -> None:
    job = job_user.start("test-steps", Steps(n=3))
    frozen = workers.start(FAULT_STEP="test-steps:s1+:freeze")
    until(frozen.stopped, what="the freeze")
    workers.start()
    card = job_user.ended(job)
    assert (card.state, card.attempt_n) == ("completed", 2)
    frozen.send_signal(signal.SIGCONT)
    until(lambda: "taken over" in workers.logs(), what="the frozen worker's discovery")
    assert job_user.get(job).result == card.result
    with job_user.db.transaction(job_user.tenant.caller) as tx:
        owners = dict(tx.execute(select(JobStep.name, JobStep.attempt_id)).all())
    assert card.result is not None
    assert owners["s1"] == owners["s2"] == card.result["finisher"]
    assert completions(job_user) == {job: 1}
    second = job_user.start("test-steps", Steps(n=1))
    assert job_user.ended(second).state == "completed"


def test_the_bell_may_be_lost(workers: Workers, job_user: JobUser) -> None:
    started = [job_user.start("test-steps", Steps(n=2)) for _ in range(20)]
    workers.start()
    with redis.Redis.from_url(workers.environment["REDIS_URL"]) as client:
        for _ in range(5):
            client.flushall()
    assert {job_user.ended(job).state for job in started} == {"completed"}
    assert completions(job_user) == dict.fromkeys(started, 1)


def test_postgres_restarts_in_the_middle(workers: Workers, job_user: JobUser, stack: Any) -> None:
    """As a crash: every session is cut, with jobs in their steps."""
    workers.start()
    started = [job_user.start("test-steps", Steps(n=6, pause_s=0.1)) for _ in range(8)]
    job_user.processing(started[0])
    restart_postgres(stack)
    assert {job_user.ended(job, 60).state for job in started} == {"completed"}, workers.logs()
    assert completions(job_user) == dict.fromkeys(started, 1)


def test_postgres_is_away_for_longer_than_a_lease(workers: Workers, job_user: JobUser, stack: Any, tmp_path: Path) -> None:
    """The worker stops its engine by itself, and the outage is not held against the job."""
    workers.start()
    marker = tmp_path / "engine"
    job = job_user.start("test-loop", Loop(marker=str(marker)))
    until(marker.exists, what="start of the engine")
    stack.servers["postgres"].stop()
    until(lambda: not marker.exists(), what="the engine's end")
    stack.servers["postgres"].start()
    until(lambda: job_user.get(job).attempt_n == 2 and marker.exists(), what="the next attempt")
    with job_user.db.transaction(job_user.tenant.caller) as tx:
        assert tx.execute(select(Job.kills, Job.retries).where(Job.id == job)).one() == (0, 0)
    job_user.cancel(job)
    assert job_user.ended(job).state == "cancelled"


def restart_postgres(stack: Any) -> None:
    server = stack.servers["postgres"]
    server.stop()
    server.start()


def test_two_workspaces_share_fairly(workers: Workers, new_job_user: Callable[[str], JobUser]) -> None:
    """A hundred jobs of one do not keep three of the other waiting."""
    large, small = new_job_user("Large"), new_job_user("Small")
    many = [large.start("test-steps", Steps(n=1, pause_s=0.02)) for _ in range(100)]
    few = [small.start("test-steps", Steps(n=1, pause_s=0.02)) for _ in range(3)]
    workers.start(threads=2)
    for job in few:
        assert small.ended(job).state == "completed"
    for job in many:
        assert large.ended(job, 60).state == "completed"
    with large.db.transaction(large.tenant.caller) as tx:
        before = tx.scalar(select(func.count()).where(Job.started_at < small.get(few[-1]).started_at))
    assert before is not None
    assert before <= 10


def test_a_killed_worker_frees_its_card(workers: Workers, job_user: JobUser, tmp_path: Any) -> None:
    first = workers.start("gpu")
    job = job_user.start("test-draw", Steps(n=1, pause_s=60.0))
    job_user.processing(job)
    first.kill()
    first.wait()
    other = job_user.start("test-train", Steps(n=1))
    office_cancelled = job_user.get(job)
    assert office_cancelled.state == "processing"
    job_user.cancel(job)
    workers.start("gpu")
    workers.start("cpu")
    assert job_user.ended(job).state == "cancelled"
    assert job_user.ended(other).state == "completed"


def test_a_deaf_engine_is_stopped_by_its_deadline(workers: Workers, job_user: JobUser, tmp_path: Any) -> None:
    workers.start(JOB_DEADLINE_CONTENT_S="0.3", JOB_RETRY_DELAYS_S="0.1")
    marker = tmp_path / "engine"
    card = job_user.ended(job_user.start("test-loop", Loop(marker=str(marker), deaf=True)))
    assert (card.state, card.error_code, card.dead_letter, card.attempt_n) == ("failed", "timed_out", True, 4)
    assert not marker.exists()
