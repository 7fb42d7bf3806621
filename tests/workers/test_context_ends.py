"""How a job's end is written (with its last step), and how retries depend on progress."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Text, cast, func, select, update

from backend import jobs
from backend.db.tables import Attempt, Job, JobLog, JobStep
from backend.db.transactions import SystemCaller
from backend.engines.ports.events import Alive
from backend.errors import LeaseLost, ShuttingDown, Unavailable
from backend.jobs import AttemptRef
from backend.jobs.context import no_work
from backend.jobs.rules import outcome_of_error, worker_lost
from backend.language import Reader, reading, tr_lazy, worded
from tests.factories.account import Tenant
from tests.support.context import make_context, next_attempt
from tests.support.handlers import Steps
from workers.context import Context


@pytest.fixture
def ctx(app: Any, workspace: Tenant) -> Context:
    return make_context(app, workspace, "test-steps", Steps())


def look(ctx: Context, *what: Any) -> Any:
    with ctx.app.db.transaction(SystemCaller(ctx.tenant_id)) as tx:
        return tx.execute(select(*what).select_from(Job).where(Job.id == ctx.job_id)).one()


def settled(ctx: Context, verdict: Any) -> str:
    with ctx.app.db.transaction(SystemCaller(ctx.tenant_id)) as tx:
        return jobs.finish_attempt(tx, AttemptRef(ctx.job_id, ctx.attempt_id), verdict)


def test_the_last_step_ends_the_job_with_what_it_had_to_say(ctx: Context) -> None:
    ctx.log("nearly there")
    ctx.progress(4, 4, "drawing")
    assert ctx.write_step("last", no_work, lambda tx, _: {"n": 1}, job_result=lambda: {"pictures": 4}) == {"n": 1}
    assert ctx.completed
    assert look(ctx, cast(Job.state, Text), Job.result) == ("completed", {"pictures": 4})
    with ctx.app.db.transaction(SystemCaller(ctx.tenant_id)) as tx:
        attempt = tx.get_one(Attempt, ctx.attempt_id)
        assert (attempt.outcome, attempt.done, attempt.total, attempt.phase) == ("completed", 4, 4, "drawing")
        assert tx.scalars(select(JobLog.line).where(JobLog.attempt_id == ctx.attempt_id)).all() == ["nearly there"]
    ctx.lost = True  # the keeper finds no such attempt any more: it has ended, and as it should
    engine = iter([Alive(), Alive()])
    assert list(ctx.pump(event for event in engine)) == []
    with pytest.raises(LeaseLost), ctx.transaction():
        pytest.fail("nothing is written after the end")


def test_a_line_of_the_log_is_read_in_ones_own_language_and_those_of_programs_as_they_are(ctx: Context) -> None:
    ctx.log(tr_lazy("Kept the LoRA of step {step}.", step=50))
    ctx.log("loss 0.1\x00 nan")
    ctx.write_step("last", no_work, lambda tx, _: {}, job_result=dict)
    with ctx.app.db.transaction(SystemCaller(ctx.tenant_id)) as tx:
        sentence, of_program = [entry.line for entry in jobs.log(tx, ctx.job_id)]
        assert tx.scalars(select(JobLog.line).order_by(JobLog.id)).first() == str(sentence) == "Kept the LoRA of step 50."
    with reading(Reader("it")):
        assert (worded(sentence), worded(of_program)) == ("Conservato il LoRA del passo 50.", "loss 0.1 nan")


def test_a_step_of_a_lost_attempt_neither_counts_nor_ends_anything(ctx: Context) -> None:
    ctx.log("still to be told")
    with pytest.raises(LeaseLost):
        ctx.write_step("last", lambda: next_attempt(ctx).claim.attempt_n, lambda tx, n: {"n": n}, job_result=dict)
    assert not ctx.completed
    assert look(ctx, cast(Job.state, Text)) == ("processing",)
    assert ctx.take_report().lines == [("info", "still to be told")]
    with ctx.app.db.transaction(SystemCaller(ctx.tenant_id)) as tx:
        assert tx.scalars(select(JobStep.name)).all() == []


def test_a_step_that_cannot_be_written_leaves_its_lines_to_the_next_try(ctx: Context) -> None:
    def breaks(tx: Any, _: None) -> dict[str, Any]:
        ctx.log("written last")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ctx.write_step("last", no_work, breaks, job_result=dict)
    assert (ctx.completed, ctx.take_report().lines) == (False, [("info", "written last")])


def test_a_job_that_others_wait_for_is_ended_by_its_worker(ctx: Context, app: Any, workspace: Tenant) -> None:
    child = ctx.spawn_child_job("part", kind="test-steps", payload=Steps(), title="Part")
    context = make_context(app, workspace, "test-steps", Steps(), job_id=child.id)
    object.__setattr__(context.claim, "parent_id", ctx.job_id)
    context.write_step("last", no_work, lambda tx, _: None, job_result=dict)
    assert not context.completed
    assert look(context, cast(Job.state, Text)) == ("processing",)


def test_kills_between_which_it_comes_further_are_no_dead_letter(ctx: Context) -> None:
    """A long list whose worker is killed again and again, and which draws something each time."""
    for n in range(5):
        ctx.step(f"picture-{n}", lambda: None)
        assert settled(ctx, worker_lost(detail="")) == "pending"
        assert look(ctx, Job.kills) == (1,)
        ctx = next_attempt(ctx)
    assert settled(ctx, worker_lost(detail="")) == "pending"
    ctx = next_attempt(ctx)
    assert settled(ctx, worker_lost(detail="")) == "failed"
    assert look(ctx, Job.dead_letter) == (True,)


def test_kills_of_long_ago_count_no_more(ctx: Context) -> None:
    """Three power cuts in a week do not end a training that has not reached its first checkpoint."""
    for _ in range(2):
        assert settled(ctx, worker_lost(detail="", within_s=600.0)) == "pending"
        long_ago = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, 601.0)
        with ctx.app.db.transaction(SystemCaller(ctx.tenant_id)) as tx:
            tx.execute(update(Attempt).where(Attempt.id == ctx.attempt_id).values(ended_at=long_ago))
        ctx = next_attempt(ctx)
    for expected in ("pending", "pending", "failed"):
        assert settled(ctx, worker_lost(detail="", within_s=600.0)) == expected
        ctx = ctx if expected == "failed" else next_attempt(ctx)
    assert "killed 3 times within 10 minutes" in look(ctx, Job.error_message)[0]


def test_what_is_away_for_long_is_asked_more_rarely_until_something_moves(ctx: Context) -> None:
    away = outcome_of_error(Unavailable("S3 is away."), retries=0, max_retries=3, delays=(50.0, 100.0, 200.0), submitted=False)

    def pauses(times: int) -> list[int]:
        nonlocal ctx
        delays = []
        for _ in range(times):
            assert settled(ctx, away) == "pending"
            delays.append(round(look(ctx, func.extract("epoch", Job.not_before - func.clock_timestamp()))[0] / 50) * 50)
            ctx = next_attempt(ctx)
        return delays

    assert pauses(5) == [50, 100, 200, 200, 200]
    assert look(ctx, Job.retries) == (0,)
    ctx.step("came further", lambda: None)
    assert pauses(2) == [50, 100]
    settled(ctx, outcome_of_error(ShuttingDown("x"), retries=0, max_retries=3, delays=(), submitted=False))
    ctx = next_attempt(ctx)
    assert pauses(1) == [50]
