"""Who is next: fairness, order, limits, cards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import insert, select, text, update

from backend import jobs
from backend.db.tables import Device, Job, JobState
from backend.db.transactions import Database, SystemCaller
from backend.errors import EngineUnavailable, LeaseLost
from backend.jobs import rules, sweep
from backend.jobs.attempts import AttemptRef, finish_attempt
from backend.jobs.claim import Claim, claim, claim_some
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.support.handlers import HANDLERS, Steps

DEVICE_IDS = ("here/cuda:0", "here/cpu", "here/off", "here/away", "here/unable")


@pytest.fixture
def ask(db: Database) -> Callable[..., str]:
    def ask(tenant: Tenant, kind: str = "test-steps", **more: Any) -> str:
        with db.transaction(SystemCaller(tenant.id)) as tx:
            return jobs.enqueue(tx, kind=kind, payload=Steps(), title=kind, request_key=new_id("key"), **more).id

    return ask


@pytest.fixture
def take(worker_db: Database, settings_without_clock: Settings) -> Callable[..., Claim | None]:
    def take(queue: str = "cpu", kinds: Any = HANDLERS, worker: str = "wrk_test", **changes: Any) -> Claim | None:
        config = settings_without_clock.replace(**changes)
        with worker_db.dispatch() as tx:
            return claim(tx, queue=queue, worker_id=worker, kinds=kinds, device_ids=DEVICE_IDS, settings=config)

    return take


def card(db: Database, tenant: Tenant, job_id: str) -> jobs.JobCard:
    with db.transaction(tenant.caller) as tx:
        return jobs.get(tx, job_id)


def test_workspaces_take_turns(ask: Any, take: Any, workspace: Tenant, other_workspace: Tenant) -> None:
    for _ in range(5):
        ask(workspace)
    for _ in range(2):
        ask(other_workspace)
    order = [take().tenant_id == other_workspace.id for _ in range(7)]
    assert sum(order[:4]) == 2
    assert take() is None


def test_within_a_workspace_priority_then_age(ask: Any, take: Any, workspace: Tenant) -> None:
    first, second, urgent = ask(workspace), ask(workspace), ask(workspace, priority=-1)
    later = ask(workspace, priority=-2, not_before=now() + timedelta(hours=1))
    taken = [take().job_id for _ in range(3)]
    assert taken[0] == urgent
    assert set(taken[1:]) == {first, second}
    assert take() is None
    assert later not in taken


def test_limits_hold_per_kind_and_per_workspace(
    ask: Any, take: Any, workspace: Tenant, other_workspace: Tenant, db: Database
) -> None:
    limited = [ask(workspace, "test-limited") for _ in range(2)]
    ask(other_workspace, "test-limited")
    free = ask(workspace)
    assert take(QUEUE_CONCURRENCY_TRAINING=1).kind == "test-limited"
    second = take(QUEUE_CONCURRENCY_TRAINING=1)
    assert second.job_id == free
    assert take(QUEUE_CONCURRENCY_TRAINING=1) is None
    assert take(QUEUE_CONCURRENCY_TRAINING=2, MAX_CONCURRENT_JOBS=2).tenant_id == other_workspace.id
    assert take(QUEUE_CONCURRENCY_TRAINING=9, MAX_CONCURRENT_JOBS=2) is None
    assert sum(card(db, workspace, job).state == "processing" for job in limited) == 1


@pytest.mark.parametrize("analysed", [False, True])
def test_claims_read_a_few_rows_of_a_long_backlog(
    analysed: bool, workspace: Tenant, worker_db: Database, db: Database, database_urls: Any, settings_without_clock: Settings
) -> None:
    backlog = """INSERT INTO jobs (id, kind, queue, title, payload, request_key, not_before)
        SELECT 'job_z' || n, 'test-steps', 'cpu', '{"text": "x"}', '{}', 'key' || n, now() FROM generate_series(1, 5000) n"""
    with db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(text(backlog))
    if analysed:
        with psycopg.connect(database_urls.owner.replace("+psycopg", ""), autocommit=True) as owner:
            owner.execute("ANALYZE jobs")
    read = text("SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'jobs'")
    config = settings_without_clock.replace(MAX_CONCURRENT_JOBS=99)
    with worker_db.dispatch() as tx:
        for _ in range(4):  # Postgres thinks of a plan for all values from the sixth statement on
            assert (
                len(claim_some(tx, 5, queue="cpu", worker_id="wrk", kinds=HANDLERS, device_ids=DEVICE_IDS, settings=config))
                == 5
            )
        assert 0 < int(tx.scalar(read) or 0) < 20 * 30


def test_only_known_kinds_and_versions(ask: Any, take: Any, workspace: Tenant, worker_db: Database) -> None:
    job = ask(workspace)
    assert take(kinds=["test-loop"]) is None
    with worker_db.dispatch() as tx:
        tx.execute(update(Job).where(Job.id == job).values(v=7))
    assert take() is None
    with worker_db.dispatch() as tx:
        tx.execute(update(Job).where(Job.id == job).values(v=1))
    assert take().job_id == job


def test_a_row_somebody_holds_does_not_stop_the_queue(
    ask: Any, take: Any, workspace: Tenant, other_workspace: Tenant, db: Database
) -> None:
    held, other = ask(workspace), ask(other_workspace)
    with db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(text("SELECT 1 FROM jobs WHERE id = :id FOR UPDATE"), {"id": held})
        assert take().job_id == other
        assert take() is None
    assert take().job_id == held


def add_card(worker_db: Database, name: str, **more: Any) -> None:
    with worker_db.dispatch() as tx:
        row = {"id": f"here/{name}", "host": "here", "name": name, "engines": {"image": "x", "trainer": "y"}, **more}
        tx.execute(insert(Device).values(**row))


def test_a_card_is_held_by_one_attempt_and_told_when_it_changes_hands(
    ask: Any, take: Any, workspace: Tenant, worker_db: Database, db: Database
) -> None:
    draw, train = ask(workspace, "test-draw"), ask(workspace, "test-train", priority=2)
    assert take("gpu") is None
    add_card(worker_db, "cuda:0")
    first = take("gpu")
    assert (first.job_id, first.device, first.changes_hands) == (draw, "cuda:0", False)
    assert take("gpu") is None
    with db.transaction(SystemCaller(workspace.id)) as tx:
        finish_attempt(tx, ref(first), rules.completed(None))
    second = take("gpu")
    assert (second.job_id, second.changes_hands) == (train, True)


def test_cards_of_other_hosts_down_or_unable_are_not_used(ask: Any, take: Any, workspace: Tenant, worker_db: Database) -> None:
    job = ask(workspace, "test-draw")
    add_card(worker_db, "off", state="disabled")
    add_card(worker_db, "away", down={"image": "It does not answer."})
    add_card(worker_db, "unable", engines={"trainer": "y"})
    with worker_db.dispatch() as tx:
        tx.execute(insert(Device).values(id="there/cpu", host="there", name="cpu", engines={"image": "x"}))
    assert take("gpu") is None
    train = ask(workspace, "test-train", priority=9)
    assert (claim := take("gpu")).job_id == train, "the other engines of a card go on"
    assert claim.device in {"away", "unable"}
    add_card(worker_db, "cpu")
    assert take("gpu").job_id == job


def test_an_engine_that_is_down_takes_nothing_until_it_is_tried_again(
    ask: Any, take: Any, workspace: Tenant, worker_db: Database, db: Database
) -> None:
    draw, train = ask(workspace, "test-draw"), ask(workspace, "test-train", priority=2)
    add_card(worker_db, "cpu")
    with db.transaction(SystemCaller(workspace.id)) as tx:
        gone = rules.outcome_of_error(EngineUnavailable("Start it."), retries=0, max_retries=3, delays=(0.0,), submitted=False)
        finish_attempt(tx, ref(first := take("gpu")), gone)
    with worker_db.dispatch() as tx:
        down = tx.execute(select(Device.down, Device.probe_at.is_not(None))).one()
    assert (first.job_id, *down) == (draw, {"image": "Start it."}, True)
    assert take("gpu").job_id == train


def ref(ours: Claim) -> AttemptRef:
    return AttemptRef(ours.job_id, ours.attempt_id, ours.parent_id, ours.device_id)


def test_a_ghost_writes_nothing(
    ask: Any, take: Any, workspace: Tenant, worker_db: Database, db: Database, settings_without_clock: Settings
) -> None:
    """Claimed by a worker that never registered: swept, claimed again; the first one comes back."""
    job = ask(workspace)
    ghost = take()
    with worker_db.dispatch() as tx:
        (suspect,) = sweep.suspects(tx, settings_without_clock)
    with worker_db.dispatch() as tx:
        assert sweep.reclaim(tx, settings_without_clock, suspect.id, suspect.job_id) == "its worker stopped answering"
    with worker_db.dispatch() as tx:
        assert sweep.reclaim(tx, settings_without_clock, suspect.id, suspect.job_id) is None
    owner = take()
    assert (owner.job_id, owner.attempt_n) == (job, 2)
    before = card(db, workspace, job)
    with pytest.raises(LeaseLost), db.transaction(SystemCaller(workspace.id)) as tx:
        finish_attempt(tx, ref(ghost), rules.completed({"ghost": True}))
    assert card(db, workspace, job) == before
    with db.transaction(SystemCaller(workspace.id)) as tx:
        assert finish_attempt(tx, ref(owner), rules.completed({"ghost": False})) == JobState.COMPLETED
    assert card(db, workspace, job).result == {"ghost": False}


def test_an_attempt_that_writes_right_now_is_not_swept(
    ask: Any, take: Any, workspace: Tenant, worker_db: Database, db: Database, settings_without_clock: Settings
) -> None:
    ask(workspace)
    ours = take()
    with db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(text("SELECT 1 FROM attempts WHERE id = :id FOR KEY SHARE"), {"id": ours.attempt_id})
        with worker_db.dispatch() as other:
            assert sweep.reclaim(other, settings_without_clock, ours.attempt_id, ours.job_id) is None


def test_a_running_jobs_cancel_wins_over_its_retry(ask: Any, take: Any, workspace: Tenant, db: Database) -> None:
    job = ask(workspace)
    ours = take()
    with db.transaction(workspace.caller, needs="editor") as tx:
        assert jobs.cancel(tx, job).cancel_requested
    verdict = rules.outcome_of_error(ZeroDivisionError(), retries=0, max_retries=3, delays=(5.0,), submitted=False)
    with db.transaction(SystemCaller(workspace.id)) as tx:
        assert finish_attempt(tx, ref(ours), verdict) == JobState.CANCELLED


def test_cancel_cascades_to_children(ask: Any, take: Any, workspace: Tenant, db: Database) -> None:
    job = ask(workspace)
    ours = take()
    waiting, running = ask(workspace, parent_id=job), ask(workspace, parent_id=job, priority=-1)
    assert take().job_id == running
    with db.transaction(SystemCaller(workspace.id)) as tx:
        finish_attempt(tx, ref(ours), rules.AttemptOutcome("waiting", JobState.PENDING, for_children=True))
    assert card(db, workspace, job).waits_for == 2
    assert take().job_id == waiting
    with db.transaction(workspace.caller, needs="editor") as tx:
        jobs.cancel(tx, job)
    assert card(db, workspace, job).state == "cancelled"
    assert [card(db, workspace, child).cancel_requested for child in (waiting, running)] == [True, True]


def test_a_handle_is_handed_on_after_a_crash(
    ask: Any, take: Any, workspace: Tenant, worker_db: Database, settings_without_clock: Settings
) -> None:
    ask(workspace)
    first = take()
    with worker_db.dispatch() as tx:
        tx.execute(text('UPDATE attempts SET handle = \'{"prompt_id": "p1"}\' WHERE id = :id'), {"id": first.attempt_id})
    with worker_db.dispatch() as tx:
        sweep.reclaim(tx, settings_without_clock, first.attempt_id, first.job_id)
    assert take().handle == {"prompt_id": "p1"}


class Drawing(Steps):
    model: str


def test_jobs_of_the_loaded_model_go_first_within_a_bound(
    workspace: Tenant, other_workspace: Tenant, worker_db: Database, db: Database, settings_without_clock: Settings
) -> None:
    """A, B, A, B, and one that is too young: A A B B is drawn, of one workspace and priority alone, and none waits for ever."""

    def ask(tenant: Tenant, model: str, **more: Any) -> str:
        with db.transaction(SystemCaller(tenant.id)) as tx:
            return jobs.enqueue(
                tx, kind="test-draw", payload=Drawing(model=model), title=model, request_key=new_id("key"), **more
            ).id

    warm: dict[str, str] = {}

    def take() -> str:
        with worker_db.dispatch() as tx:
            [one] = claim_some(
                tx,
                1,
                queue="gpu",
                worker_id="w",
                kinds=HANDLERS,
                device_ids=DEVICE_IDS,
                settings=settings_without_clock,
                loaded_models=warm,
            )
        with db.transaction(SystemCaller(one.tenant_id)) as tx:
            finish_attempt(tx, ref(one), rules.completed(None))
        return one.job_id

    add_card(worker_db, "cuda:0")
    a1, b1, a2, b2 = (ask(workspace, model) for model in ("a", "b", "a", "b"))
    urgent, young = ask(workspace, "c", priority=-1), ask(workspace, "a")
    with db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(text("UPDATE jobs SET created_at = created_at + interval '3 minutes' WHERE id = :id"), {"id": young})
    assert [take() for _ in range(6)] == [urgent, a1, a2, b1, b2, young]
    mine, theirs = ask(workspace, "b"), ask(other_workspace, "z")
    assert [take(), take()] == [theirs, mine], "whose turn it is comes first"


def test_a_card_that_draws_nothing_goes_before_one_with_a_last_picture_under_way(
    ask: Any, take: Any, workspace: Tenant, worker_db: Database
) -> None:
    """Cards let go of while they still draw take the next job only when none is idle."""
    add_card(worker_db, "cuda:0")
    add_card(worker_db, "cpu")
    for _ in range(4):
        ask(workspace, "test-draw")
    devices = []
    for _ in range(4):
        devices.append(take("gpu").device)
        with worker_db.dispatch() as tx:
            tx.execute(update(Device).values(held_by=None))  # as its attempt does once its last picture is being drawn
    assert sorted(devices[:2]) == ["cpu", "cuda:0"]
    assert sorted(devices[2:]) == ["cpu", "cuda:0"]


def test_what_could_not_be_stored_goes_on_once_it_can(worker_db: Database, ask: Any, workspace: Tenant) -> None:
    codes = {"disk_full": True, "unavailable": True, "rate_limited": False}
    ids = {code: ask(workspace) for code in codes}
    with worker_db.dispatch() as tx:
        assert not sweep.storage_jobs_wait(tx)
        for code, job_id in ids.items():
            late = "UPDATE jobs SET error_code = :code, not_before = now() + interval '2 min' WHERE id = :job"
            tx.execute(text(late), {"code": code, "job": job_id})
        assert sweep.storage_jobs_wait(tx)
        assert sweep.resume_storage_jobs(tx) == 2
        assert not sweep.storage_jobs_wait(tx)
        now = tx.execute(text("SELECT error_code, not_before <= clock_timestamp() FROM jobs")).all()
    assert dict(tuple(row) for row in now) == codes
