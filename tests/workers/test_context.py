"""The JobContext that pipelines get: fence, steps, event relay, limits."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import jobs
from backend.db.tables import Attempt, Job, JobLog, JobStep
from backend.engines.ports.events import Alive, Event, Handle, Log, Output, Preview, Progress
from backend.errors import Cancelled, LeaseLost, ShuttingDown, TimedOut
from backend.jobs.context import no_work
from tests.factories.account import Tenant
from tests.support.context import make_context, next_attempt
from tests.support.handlers import Steps
from workers.context import Context
from workers.progress import plain_line


@pytest.fixture
def ctx(app: Any, workspace: Tenant, tmp_path: Path) -> Context:
    return make_context(app, workspace, "test-steps", Steps(), workdir=tmp_path / "job")


def test_a_step_is_done_once_also_by_the_next_attempt(ctx: Context) -> None:
    done: list[str] = []

    def pay() -> dict[str, Any]:
        done.append("paid")
        return {"receipt": len(done)}

    assert ctx.step("pay", pay) == ctx.step("pay", pay) == {"receipt": 1}
    later = next_attempt(ctx)
    assert later.step("pay", pay) == {"receipt": 1}
    assert later.step("other", lambda: None) is None
    assert done == ["paid"]


def test_the_rows_of_a_step_and_its_result_are_there_together_or_not_at_all(ctx: Context) -> None:
    done: list[str] = []

    def work() -> int:
        done.append("work")
        return len(done)

    def write(tx: Session, value: int) -> dict[str, Any]:
        tx.add(JobLog(job_id=ctx.job_id, attempt_id=ctx.attempt_id, level="info", line=f"row {value}"))
        done.append("write")
        if len(done) == 2:
            tx.flush()
            raise ZeroDivisionError
        return {"value": value}

    with pytest.raises(ZeroDivisionError):
        ctx.write_step("draw", work, write)
    assert ctx.write_step("draw", work, write) == {"value": 3}
    later = next_attempt(ctx)
    assert later.write_step("draw", work, write) == later.step("draw", dict) == {"value": 3}
    assert done == ["work", "write", "work", "write"]
    with later.transaction() as tx:
        assert tx.scalars(select(JobLog.line).where(JobLog.job_id == ctx.job_id)).all() == ["row 3"]


def test_a_lost_attempt_cannot_write(ctx: Context) -> None:
    later = next_attempt(ctx)
    with pytest.raises(LeaseLost), ctx.transaction():
        pytest.fail("the body must not run")
    with pytest.raises(LeaseLost):
        ctx.check()
    with later.transaction() as tx:
        assert tx.info["tenant_id"] == ctx.tenant_id


def test_a_step_that_loses_its_lease_is_not_remembered(ctx: Context) -> None:
    with pytest.raises(LeaseLost):
        ctx.step("slow", lambda: next_attempt(ctx) and None)  # type: ignore[func-returns-value]
    later = next_attempt(ctx)
    with later.transaction() as tx:
        assert tx.scalars(select(JobStep.name)).all() == []


def test_a_durable_step_forgives_earlier_faults_and_forgets_the_handle(ctx: Context) -> None:
    with ctx.transaction() as tx:
        tx.execute(update(Job).where(Job.id == ctx.job_id).values(retries=2))
    ctx.save_handle({"prompt_id": "p"})
    assert next_attempt(ctx).handle == {"prompt_id": "p"}
    ctx = next_attempt(ctx)
    ctx.step("draw", lambda: {})
    assert ctx.advanced
    assert ctx.handle is None
    with ctx.transaction() as tx:
        assert tx.scalar(select(Job.retries)) == 0
        assert tx.scalar(select(Attempt.handle).where(Attempt.id == ctx.attempt_id)) is None


class Engine:
    def __init__(self, *events: Event) -> None:
        self.events, self.closed = events, False

    def run(self) -> Generator[Event, None, None]:
        try:
            yield from self.events
            while True:
                yield Alive()
        finally:
            self.closed = True


def test_the_pump_reports_and_yields_results(ctx: Context, tmp_path: Path) -> None:
    output = Output(tmp_path / "0.png", 0)
    engine = Engine(Handle({"id": 1}), Progress(1, 4, "drawing"), Preview(b"jpeg"), Log("hello\x00"), Alive(), output)
    for event in ctx.pump(engine.run()):
        assert event is output
        break
    assert engine.closed
    assert ctx.handle == {"id": 1}
    report = ctx.take_report()
    lines = [(level, plain_line(line)) for level, line in report.lines]
    assert (report.done, report.total, report.phase, lines) == (1, 4, "drawing", [("info", "hello")])
    assert (report.preview or "").startswith("data:image/jpeg;base64,")
    again = ctx.take_report()
    assert (again.done, again.lines, again.preview, again.moved) == (1, [], None, False)
    ctx.restore_report(report)
    assert [plain_line(line) for _, line in ctx.take_report().lines] == ["hello"]


@pytest.mark.parametrize("reason", ["cancel", "lost", "stopping"])
def test_whatever_stops_the_pump_stops_the_engine(ctx: Context, reason: str) -> None:
    engine, expected = Engine(Progress(1, 2)), {"cancel": Cancelled, "lost": LeaseLost, "stopping": ShuttingDown}[reason]

    def stop() -> None:
        if reason == "stopping":
            ctx.lease.stopping.set()
        else:
            setattr(ctx, {"cancel": "cancel_requested", "lost": "lost"}[reason], True)

    running = engine.run()
    next(running)
    stop()
    with pytest.raises(expected):
        list(ctx.pump(running))
    assert engine.closed


def test_alive_is_not_progress_and_a_deadline_is_a_deadline(app: Any, workspace: Tenant) -> None:
    for change, word in (({"JOB_STALL_S": 0.05}, "Nothing moved"), ({"JOB_DEADLINE_CONTENT_S": 0.05}, "longer than")):
        limited = type(app)(**{**vars(app), "settings": app.settings.replace(**change)})
        ctx = make_context(limited, workspace, "test-steps", Steps())
        engine = Engine()
        with pytest.raises(TimedOut, match=word):
            list(ctx.pump(engine.run()))
        assert engine.closed


def test_children_are_spawned_once_and_waited_for(ctx: Context) -> None:
    first = ctx.spawn_child_job("part-1", kind="test-steps", payload=Steps(), title="Part 1")
    assert next_attempt(ctx) is not None
    ctx = next_attempt(ctx)
    assert ctx.spawn_child_job("part-1", kind="test-steps", payload=Steps(), title="Part 1").id == first.id
    with pytest.raises(jobs.WaitForChildren):
        ctx.wait_for_children()
    with ctx.transaction() as tx:
        tx.execute(update(Job).where(Job.id == first.id).values(state="completed", result={"n": 1}))
    assert [card.result for card in ctx.wait_for_children()] == [{"n": 1}]


def test_a_lapsed_lease_stops_the_attempt(ctx: Context) -> None:
    ctx.lease.renewed(time.time() * -1)
    with pytest.raises(LeaseLost):
        ctx.check()


def test_the_tail_is_what_follows_the_longest_counted_phase(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [time.monotonic()]
    monkeypatch.setattr("workers.context.time.monotonic", lambda: clock[0])
    ctx.start_timing(jobs.Work("train", "starter", 10.0))
    for phase, steps in (("preparing", 2), ("training", 10), ("saving", 1)):
        for done in range(steps):
            clock[0] += 2.0
            ctx.progress(done, steps, phase)
    clock[0] += 3.0
    measured = ctx.measured()
    assert measured is not None
    assert measured[1].tail_s == pytest.approx(2.0 + 3.0), "saving is counted for a moment, and belongs to the tail"
    ctx.write_step("last", no_work, lambda tx, _: None, job_result=lambda: {})
    clock[0] += 9.0
    assert ctx.measured() == measured, "what follows the job's end is not waited for"


def test_until_the_main_phase_begins_the_time_left_is_that_of_the_whole_work(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [time.monotonic()]
    monkeypatch.setattr("workers.context.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("backend.jobs.timing.slowdown", lambda tx: 2.0)
    ctx.start_timing(jobs.Work("train", "never-trained", 50.0, phase="training"))
    clock[0] = ctx._started + 4.0
    ctx.progress(0, 5, "caching")
    clock[0] += 1.0
    ctx.progress(1, 5, "caching")
    assert ctx.take_report().eta_s == pytest.approx(100.0 - 5.0), "caching alone would say 4 seconds"
    for done in range(3):
        clock[0] += 1.0
        ctx.progress(done, 10, "training")
    assert ctx.take_report().eta_s == pytest.approx(8.0), "its own speed says it better"
    ctx.progress(1, 2, "sampling")
    assert ctx.take_report().eta_s is None
