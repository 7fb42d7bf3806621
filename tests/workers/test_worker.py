"""A worker process on a good day: picks up, reports, retries, cancels, waits for children, stops in order."""

from __future__ import annotations

import itertools
import signal
from pathlib import Path

from sqlalchemy import select

from backend.db.tables import Attempt, WorkTime
from tests.support.handlers import Fails, Loop, Parent, Steps
from tests.support.processes import JobUser, Workers
from tests.support.wait import until


def test_jobs_run_report_and_keep_their_log(workers: Workers, job_user: JobUser) -> None:
    workers.start()
    job = job_user.start("test-steps", Steps(n=4))
    card = job_user.ended(job)
    assert (card.state, card.progress, card.attempt_n, card.error_code) == ("completed", 1.0, 1, None)
    assert card.result is not None
    assert len(set(card.result["attempts"])) == 1
    assert "4 steps done" in job_user.log(job)

    def learned() -> list[WorkTime]:
        with job_user.db.transaction(job_user.tenant.caller) as tx:
            return list(tx.scalars(select(WorkTime)))

    [took] = until(learned, what="how long it took")
    assert (took.what, took.model, took.cost, took.cold) == ("test", "steps", 4.0, False)
    assert 0 <= took.load_s <= took.load_s + took.work_s < 60


def test_a_running_job_is_cancelled_after_its_engine(workers: Workers, job_user: JobUser, tmp_path: Path) -> None:
    workers.start()
    marker = tmp_path / "engine"
    job = job_user.start("test-loop", Loop(marker=str(marker)))
    until(marker.exists, what="start of the engine")
    until(lambda: job_user.get(job).total == 1000, what="progress on the card")
    assert job_user.get(job).phase == "looping"
    job_user.cancel(job)
    card = job_user.ended(job)
    assert (card.state, card.error_code, card.cancel_requested) == ("cancelled", None, False)
    assert not marker.exists()


def test_faults_are_tried_again_and_refusals_are_not(workers: Workers, job_user: JobUser) -> None:
    workers.start()
    passing, lasting = ("bug", "rate", "away", "down", "killed"), ("invalid", "memory", "bug", "killed")
    again = {error: job_user.start("test-fails", Fails(error=error, times=2)) for error in passing}
    never = {error: job_user.start("test-fails", Fails(error=error, times=99)) for error in lasting}
    for error, job in again.items():
        card = job_user.ended(job)
        assert (card.state, card.attempt_n) == ("completed", 3), error
    assert "ZeroDivisionError" not in job_user.log(again["bug"]), "viewers read it"
    with job_user.db.transaction(job_user.tenant.caller) as tx:
        details = tx.scalars(select(Attempt.error_detail).where(Attempt.job_id == again["bug"])).all()
    assert any("ZeroDivisionError" in (detail or "") for detail in details)
    expected = {"invalid": ("invalid", False, 1), "memory": ("out_of_memory", False, 1), "bug": ("internal", True, 4)}
    expected["killed"] = ("process_killed", True, 3)
    for error, job in never.items():
        card = job_user.ended(job)
        assert card.state == "failed"
        assert (card.error_code, card.dead_letter, card.attempt_n) == expected[error]
        assert card.error_message
        assert card.error_message.endswith(".")


def test_a_parent_waits_without_a_slot(workers: Workers, job_user: JobUser) -> None:
    """Two threads, two parents, four children: it would hang if a waiting parent kept its thread."""
    workers.start(threads=2)
    parents = [job_user.start("test-parent", Parent(children=2)) for _ in range(2)]
    for job in parents:
        card = job_user.ended(job)
        assert card.state == "completed"
        assert card.result is not None
        assert [job_user.get(child).state for child in card.result["children"]] == ["completed", "completed"]
        assert job_user.get(job).attempt_n <= 3


def test_a_failed_child_fails_its_parent_and_both_are_tried_again(workers: Workers, job_user: JobUser) -> None:
    workers.start()
    job = job_user.start("test-parent", Parent(children=2, fail=True))
    card = job_user.ended(job)
    assert (card.state, card.error_code) == ("failed", "child_failed")
    assert card.error_message == "The prompt is empty. Write what the picture should show."
    job_user.retry(job)
    again = job_user.ended(job)
    assert (again.state, again.error_code) == ("failed", "child_failed")


def test_an_orderly_stop_is_not_counted(workers: Workers, job_user: JobUser, tmp_path: Path) -> None:
    first = workers.start()
    marker = tmp_path / "engine"
    job = job_user.start("test-loop", Loop(marker=str(marker)))
    until(marker.exists, what="start of the engine")
    first.send_signal(signal.SIGTERM)
    assert first.wait(20) == 0, workers.logs()
    card = job_user.get(job)
    assert (card.state, card.error_code, card.attempt_n) == ("pending", None, 1)
    assert not marker.exists()
    workers.start()
    assert job_user.processing(job).attempt_n == 2
    job_user.cancel(job)
    assert job_user.ended(job).state == "cancelled"


def test_a_gpu_worker_brings_its_card_and_one_job_holds_it(workers: Workers, job_user: JobUser) -> None:
    workers.start("gpu", threads=4)
    started = [job_user.start("test-draw", Steps(n=2, pause_s=0.05)) for _ in range(4)]
    cards = [job_user.ended(job) for job in started]
    assert {card.state for card in cards} == {"completed"}
    assert [card.result for card in cards] == [{"device": "cpu"}] * 4
    spans = sorted((card.started_at, card.finished_at) for card in cards if card.started_at and card.finished_at)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


def test_a_worker_takes_only_kinds_it_knows(workers: Workers, job_user: JobUser) -> None:
    workers.start()
    unknown = job_user.start("dataset-ingest", Steps())
    known_job = job_user.start("test-steps", Steps())
    assert job_user.ended(known_job).state == "completed"
    assert job_user.get(unknown).state == "pending"


def test_a_payload_of_another_version_is_a_dead_letter(workers: Workers, job_user: JobUser) -> None:
    workers.start()
    card = job_user.ended(job_user.start("test-loop", Steps()))
    assert (card.state, card.dead_letter) == ("failed", True)
    assert "another version" in (card.error_message or "")


def test_an_end_that_postgres_cannot_write_ends_the_job_all_the_same(workers: Workers, job_user: JobUser) -> None:
    """And it costs the others nothing whose ends are written in the same breath."""
    workers.start()
    bad = [job_user.start("test-unwritable", Steps()), job_user.start("test-fails", Fails(error="unsayable", times=99))]
    good = [job_user.start("test-steps", Steps(n=1), key=f"good-{n}") for n in range(20)]
    assert [(job_user.ended(job).state, job_user.get(job).attempt_n) for job in good] == [("completed", 1)] * 20
    cards = [job_user.ended(job) for job in bad]
    assert [(card.state, card.dead_letter, card.attempt_n) for card in cards] == [("failed", True, 4)] * 2, workers.logs()
    assert [card.error_code for card in cards] == ["internal", "engine"]
    assert cards[1].error_message == "The engine said  and half a ? and ended."
