"""Estimates from finished runs, and when a run starts, on real Postgres."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend import training
from backend.db.tables import Attempt, Device, Job, TrainingPoint
from backend.db.transactions import Anonymous, Database
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.training import ParamsDraft, RunCard, RunDraft
from backend.training.forecast import WaitingRun, local_to_utc, next_local_time, start_times
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.fakes.engines import MODEL, OTHER

SECONDS = st.integers(0, 5000).map(float)
WAITING = st.lists(st.builds(WaitingRun, st.one_of(st.just(0.0), SECONDS), SECONDS), max_size=7)
RUNNING = st.lists(SECONDS, max_size=3)
ZONES = st.sampled_from(["UTC", "Europe/Rome", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"])
Begin = Callable[..., RunCard]


@given(RUNNING, WAITING, st.integers(1, 4))
def test_places_are_never_over_full_and_never_idle(running: list[float], waiting: list[WaitingRun], places: int) -> None:
    results = start_times(running, waiting, places)
    places = max(places, len(running))
    spans = [(0.0, left) for left in running]
    for one, start in zip(waiting, results, strict=True):
        assert start is not None
        assert one.duration_s is not None
        assert start >= one.not_before
        spans.append((start, start + one.duration_s))
    moments = {0.0, *(begin for begin, _ in spans), *(end for _, end in spans)}
    for at in moments:
        works = sum(begin <= at < end for begin, end in spans)
        assert works <= places
        left_waiting = [one for one, start in zip(waiting, results, strict=True) if start > at and one.not_before <= at]
        assert works == places or not left_waiting


@given(RUNNING, WAITING, st.integers(1, 3), SECONDS)
def test_what_comes_last_delays_nobody_and_order_is_kept(
    running: list[float], waiting: list[WaitingRun], places: int, lasts: float
) -> None:
    results = start_times(running, waiting, places)
    assert start_times(running, [*waiting, WaitingRun(0, lasts)], places)[: len(results)] == results or any(
        entry.not_before > 0 for entry in waiting
    )
    ready = [start for one, start in zip(waiting, results, strict=True) if one.not_before == 0]
    assert ready == sorted(ready)


def test_after_something_of_unknown_length_nothing_is_known() -> None:
    assert start_times([None], [WaitingRun(0, 10)], 1) == [None]
    assert start_times([None], [WaitingRun(0, 10), WaitingRun(0, 5)], 2) == [0, 10]
    assert start_times([30], [WaitingRun(0, None), WaitingRun(0, 5)], 1) == [30, None]
    assert start_times([], [WaitingRun(100, 10), WaitingRun(0, 40), WaitingRun(0, 500)], 1) == [540, 0, 40]
    assert start_times([], [WaitingRun(0, 1)], 0) == [None]


@given(st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)), ZONES, st.times())
def test_tonight_is_the_next_time_the_clock_shows(now: datetime, zone: str, at: time) -> None:
    at = at.replace(second=0, microsecond=0)
    results = next_local_time(now, zone, at)
    assert results.tzinfo is UTC
    assert now < results <= now + timedelta(hours=26)
    shown = results.astimezone(ZoneInfo(zone))
    skipped = local_to_utc(shown.date(), at, zone).astimezone(ZoneInfo(zone)).time() != at
    assert shown.time() == at or skipped


@pytest.mark.parametrize(
    ("day", "at", "utc"),
    [
        (date(2026, 11, 21), time(2, 0), "2026-11-21T01:00"),
        (date(2026, 3, 29), time(2, 30), "2026-03-29T01:30"),  # skipped: clocks go from 02:00 to 03:00
        (date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # shown twice: the first
    ],
)
def test_wall_times_in_rome(day: date, at: time, utc: str) -> None:
    assert local_to_utc(day, at, "Europe/Rome").isoformat(timespec="minutes").removesuffix("+00:00") == utc


@pytest.fixture
def begin(db: Database, workspace: Tenant) -> Begin:
    with db.transaction(workspace.caller, needs="editor") as tx:
        dataset_id = make_dataset(tx)
    with db.transaction(Anonymous()) as tx:
        tx.add(Device(id="h/cuda:0", host="h", name="cuda:0", vram_mb=8_000, engines={"trainer": "peft"}))

    def made(tx: Session, name: str, **values: object) -> RunCard:
        draft = RunDraft(dataset_id=dataset_id, name=name, params=ParamsDraft(steps=100), **values)
        return training.start(tx, draft=draft, models=[MODEL], request_key=name)

    return made


def finished(tx: Session, run: RunCard, *, per_step: float, around: float) -> None:
    """As if it had run for `around` seconds and `per_step` for each of its steps."""
    end = now()
    began = end - timedelta(seconds=per_step * 100 + around)
    tx.execute(update(Job).where(Job.id == run.job_id).values(state="completed", started_at=began, finished_at=end))
    for step in (0, 50, 100):
        tx.add(TrainingPoint(run_id=run.id, step=step, loss=0.1, lr=1e-3, at=began + timedelta(seconds=5 + per_step * step)))
    tx.flush()


def running(tx: Session, run: RunCard, *, left_s: float | None, device: bool = True) -> None:
    attempt = Attempt(id=new_id("att"), job_id=run.job_id, n=1, worker_id="w", eta_s=left_s)
    tx.add(attempt)
    tx.flush()
    tx.execute(update(Job).where(Job.id == run.job_id).values(state="processing", attempt_id=attempt.id))
    if device:
        tx.execute(update(Device).values(held_by=attempt.id))


def test_time_is_the_median_of_runs_like_it(db: Database, workspace: Tenant, begin: Begin) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        runs = [begin(tx, f"bella-{n}") for n in range(3)]
        params = runs[0].params
        before = training.estimate(tx, MODEL, params)
        assert (before.time, before.vram_mb, before.card, before.fits) == (None, 8_000, "cuda:0", True)
        for run, per_step in zip(runs, (0.5, 9.0, 1.0), strict=True):
            finished(tx, run, per_step=per_step, around=20)
        result = training.estimate(tx, MODEL, params).time
        assert result
        assert (result.runs, result.seconds) == (3, pytest.approx(120, rel=0.01))
        assert training.estimate(tx, OTHER, params).time is None


def test_a_run_sees_those_before_it_and_when_it_starts(db: Database, workspace: Tenant, begin: Begin) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        done, works, first, night, last = (
            begin(tx, name, not_before=now() + timedelta(hours=9) if name == "night" else None)
            for name in ("done", "works", "first", "night", "last")
        )
        finished(tx, done, per_step=1.0, around=20)
        running(tx, works, left_s=30.0)
        forecast = training.forecast_start(tx, duration_s=120, limit=1, run=last)
        assert forecast.ahead == 2
        assert seconds(forecast.starts_at) == pytest.approx(150, abs=10)
        assert seconds(forecast.ends_at) == pytest.approx(270, abs=10)
        fresh = training.forecast_start(tx, duration_s=None, limit=1)
        assert (fresh.ahead, fresh.ends_at) == (3, None)
        assert seconds(fresh.starts_at) == pytest.approx(270, abs=10)
        late = training.forecast_start(tx, duration_s=60, limit=1, run=night, not_before=night.not_before)
        assert seconds(late.starts_at) == pytest.approx(9 * 3600, abs=10)
        assert training.forecast_start(tx, duration_s=60, limit=1, run=first).ahead == 1


def test_what_is_not_known_is_not_said(db: Database, workspace: Tenant, other_workspace: Tenant, begin: Begin) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        works, own = begin(tx, "works"), begin(tx, "mine")
        running(tx, works, left_s=None)
        forecast = training.forecast_start(tx, duration_s=60, limit=1, run=own)
        assert (forecast.ahead, forecast.starts_at) == (1, None)
        assert "not known yet" in forecast.why
    with db.transaction(other_workspace.caller) as tx:
        assert "Other work of this installation" in training.forecast_start(tx, duration_s=60, limit=1).why
    with db.transaction(Anonymous()) as tx:
        tx.execute(update(Device).values(down={"trainer": "It does not answer."}))
    with db.transaction(workspace.caller) as tx:
        assert "No worker that trains" in training.forecast_start(tx, duration_s=60, limit=1, run=own).why


def test_curves_are_thinned_and_keep_their_end(db: Database, workspace: Tenant, begin: Begin) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        one, two = begin(tx, "one"), begin(tx, "two")
        tx.add_all(TrainingPoint(run_id=one.id, step=n, loss=0.5, lr=1e-3) for n in range(1, 302))
        tx.flush()
        result = training.curves(tx, [one.id, two.id], limit=100)
        assert result[two.id] == []
        assert 100 <= len(result[one.id]) <= 102
        assert result[one.id][-1].step == 301
        assert [card.name for card in training.get_many(tx, [two.id, "run_0", one.id, two.id])] == ["two", "one"]
        rows = {row.name: row for row in training.differences(training.get_many(tx, [one.id, two.id]))}
        assert (rows["Steps"].values, rows["Steps"].differs) == (("100", "100"), False)


def seconds(at: object) -> float:
    return (at - now()).total_seconds()  # type: ignore[operator]
