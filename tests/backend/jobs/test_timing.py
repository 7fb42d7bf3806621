"""What is said of how long work will take, learned from work that was done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, update

from backend import jobs
from backend.db.tables import Device, Worker, WorkTime
from backend.db.transactions import Anonymous, Database
from backend.jobs import Work, timing
from backend.jobs.timing import MeasuredDuration
from tests.factories.account import Tenant

WARM, COLD = Work("draw", "starter", 10.0, keeps_s=300.0), Work("draw", "starter", 10.0, cold=True, keeps_s=300.0)


@pytest.fixture
def card(db: Database) -> str:
    with db.transaction(Anonymous()) as tx:
        tx.add(Device(id="h/cpu", host="h", name="cpu", engines={"image": "diffusers"}, last_engine="image"))
        tx.add(Worker(id="w", host="h", pid=1, queues=["gpu"], version="1"))
    return "h/cpu"


def did(db: Database, *done: tuple[Work, float, float], card: str | None = None) -> None:
    with db.transaction(Anonymous()) as tx:
        for work, load_s, work_s in done:
            timing.record(tx, work, MeasuredDuration(load_s, work_s, work_s / 2), device_id=card, worker_id="w")


def test_loading_is_known_apart_from_the_work(db: Database, workspace: Tenant) -> None:
    did(db, (COLD, 8.0, 20.0), (WARM, 0.2, 20.0), (WARM, 0.2, 22.0), (COLD, 9.0, 18.0))
    with db.transaction(workspace.caller) as tx:
        warm, cold = (
            jobs.estimate(tx, Work("draw", "starter", 30.0)),
            jobs.estimate(tx, Work("draw", "starter", 30.0, cold=True)),
        )
    assert warm == jobs.Duration(pytest.approx(60.2), 0.0)  # type: ignore[arg-type]
    assert cold == jobs.Duration(pytest.approx(68.5), 8.5)  # type: ignore[arg-type]
    with db.transaction(workspace.caller) as tx:
        assert timing.estimate_tail(tx, WARM) == 10.0, "what is left when nothing can be counted any more"


def test_what_was_done_lately_counts(db: Database, workspace: Tenant) -> None:
    did(db, *[(WARM, 0.0, 10.0)] * 45, *[(WARM, 0.0, 40.0)] * 4)
    with db.transaction(workspace.caller) as tx:
        now = jobs.estimate(tx, WARM)
        assert now
        assert now.seconds == pytest.approx(40.0), "the machine has become slower"
        assert tx.query(WorkTime).count() == 40, "the rest is forgotten"


def test_the_first_time_is_told_from_other_work_if_its_cost_is_measured(db: Database, workspace: Tenant) -> None:
    film, foreign = Work("film", "camera", 5.0), Work("draw", "sdxl", 5.0, measured=False)
    with db.transaction(workspace.caller) as tx:
        assert jobs.estimate(tx, film) == jobs.Duration(5.0)
        assert jobs.estimate(tx, foreign) is None
    did(db, (WARM, 0.0, 30.0), (foreign, 0.0, 5000.0))
    with db.transaction(workspace.caller) as tx:
        assert jobs.estimate(tx, film) == jobs.Duration(15.0), "this machine is three times slower"
        first = jobs.estimate(tx, Work("film", "other", 1.0, cold=True), load_s=6.0)
        assert first == jobs.Duration(21.0, 18.0)
        assert jobs.has_history(tx, "draw", "sdxl")
        assert not jobs.has_history(tx, "film", "camera")


def test_a_model_is_loaded_while_its_engine_keeps_it(db: Database, workspace: Tenant, card: str) -> None:
    def loaded() -> bool:
        with db.transaction(workspace.caller) as tx:
            return jobs.model_loaded(tx, "starter")

    def now(row: type, **values: object) -> None:
        with db.transaction(Anonymous()) as tx:
            tx.execute(update(row).values(**values))

    assert not loaded()
    did(db, (WARM, 0.1, 1.0), card=card)
    assert loaded()
    did(db, (Work("film", "camera", 1.0), 0.0, 1.0))
    assert loaded(), "a film needs no card"
    now(Device, last_engine="trainer")
    assert not loaded(), "the card was given to a training"
    now(Device, last_engine="image")
    now(Worker, state="gone")
    assert not loaded(), "its engine ended with it"
    now(Worker, state="up", seen_at=func.clock_timestamp() - timedelta(minutes=5))
    assert not loaded()
    now(Worker, seen_at=func.clock_timestamp())
    did(db, (Work("draw", "other", 1.0, measured=False, keeps_s=300.0), 0.1, 1.0), card=card)
    assert not loaded(), "another model has its place"
    did(db, (WARM, 0.1, 1.0), card=card)
    now(WorkTime, loaded_until=func.clock_timestamp())
    assert not loaded(), "it was left alone for too long"
