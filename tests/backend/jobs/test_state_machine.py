"""Whatever order people, workers and disasters come in: jobs make allowed moves only, and none is lost."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from backend import jobs
from backend.db.tables import MOVES, JobState
from backend.db.transactions import Database, SystemCaller
from backend.errors import Conflict, EngineUnavailable, Invalid, LeaseLost, ShuttingDown
from backend.jobs import rules, sweep
from backend.jobs.attempts import AttemptRef
from backend.jobs.claim import Claim, claim
from backend.kit.ids import new_id
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.support.handlers import HANDLERS, Steps

ENDS: dict[str, BaseException] = {
    "bug": ZeroDivisionError(),
    "refused": Invalid("No."),
    "stopping": ShuttingDown("Later."),
    "engine down": EngineUnavailable("Not there."),
    "waiting": jobs.WaitForChildren(),
}
QUEUES = ("cpu", "gpu")
EXAMPLES = 15
KIND = {"cpu": "test-steps", "gpu": "test-draw"}


class JobMachine(RuleBasedStateMachine):
    db: Database
    tenants: list[Tenant]
    config: Settings

    known: Bundle[tuple[Tenant, str]] = Bundle("known")
    held: Bundle[Claim] = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.worker = ""
        self.hire()

    def hire(self) -> None:
        """A new worker process with its card; the old one may be dead."""
        self.worker = new_id("wrk")
        with self.db.dispatch() as tx:
            row = "INSERT INTO workers (id, host, pid, queues, version) VALUES (:id, 'h', 1, '[]', '0')"
            tx.execute(text(row), {"id": self.worker})
            card = "INSERT INTO devices (id, host, name, engines) VALUES ('h/cpu', 'h', 'cpu', '{\"image\": \"x\"}')"
            tx.execute(text(card + " ON CONFLICT (id) DO UPDATE SET state = 'up'"))

    @initialize(target=known)
    def open(self) -> Any:
        return multiple(*(self.ask(n % 2, QUEUES[n // 2 % 2]) for n in range(6)))

    @initialize(target=held)
    def begin(self) -> Any:
        return multiple(*filter(None, (self.claimed(queue) for queue in ("cpu", "cpu", "gpu"))))

    @rule(queue=st.sampled_from(QUEUES), how=st.sampled_from(["done", *ENDS]))
    def work(self, queue: str, how: str) -> None:
        if ours := self.claimed(queue):
            self.settle(ours, self.verdict(ours, how))

    @rule(target=known, tenant=st.integers(0, 1), queue=st.sampled_from(QUEUES))
    def ask(self, tenant: int, queue: str) -> tuple[Tenant, str]:
        who = self.tenants[tenant]
        with self.db.transaction(SystemCaller(who.id)) as tx:
            job = jobs.enqueue(tx, kind=KIND[queue], payload=Steps(), title="x", request_key=new_id("key"))
        self.ids.append(job.id)
        return who, job.id

    @rule(target=held, queue=st.sampled_from(QUEUES))
    def take(self, queue: str) -> Any:
        return self.claimed(queue) or multiple()

    def claimed(self, queue: str) -> Claim | None:
        with self.db.dispatch() as tx:
            return claim(tx, queue=queue, worker_id=self.worker, kinds=HANDLERS, device_ids=["h/cpu"], settings=self.config)

    @rule(parent=held, wait=st.booleans())
    def spawn(self, parent: Claim, wait: bool) -> None:
        with self.db.transaction(SystemCaller(parent.tenant_id)) as tx:
            key = {"request_key": new_id("key"), "parent_id": parent.job_id}
            self.ids.append(jobs.enqueue(tx, kind="test-steps", payload=Steps(), title="x", **key).id)
        if wait:
            self.settle(parent, rules.AttemptOutcome("waiting", JobState.PENDING, for_children=True))

    @rule(ours=consumes(held), how=st.sampled_from(["done", *ENDS]))
    def end(self, ours: Claim, how: str) -> None:
        self.settle(ours, self.verdict(ours, how))

    def verdict(self, ours: Claim, how: str) -> rules.AttemptOutcome:
        if how == "done":
            return rules.completed({"ok": True})
        return rules.outcome_of_error(ENDS[how], retries=ours.retries, max_retries=3, delays=(0.0,), submitted=False)

    def settle(self, ours: Claim, verdict: rules.AttemptOutcome) -> None:
        ref = AttemptRef(ours.job_id, ours.attempt_id, ours.parent_id, ours.device_id)
        try:
            with self.db.transaction(SystemCaller(ours.tenant_id)) as tx:
                jobs.finish_attempt(tx, ref, verdict)
        except LeaseLost:
            with self.db.transaction(SystemCaller(ours.tenant_id)) as tx:
                mine = "SELECT ended_at IS NULL FROM attempts WHERE id = :id"
                assert tx.scalar(text(mine), {"id": ours.attempt_id}) is False, "a living attempt was refused"

    @rule(job=known)
    def cancel(self, job: tuple[Tenant, str]) -> None:
        who, job_id = job
        try:
            with self.db.transaction(SystemCaller(who.id)) as tx:
                jobs.cancel(tx, job_id)
        except Conflict:
            assert self.state(who, job_id) in {"completed", "failed", "cancelled"}

    @rule(job=known)
    def retry(self, job: tuple[Tenant, str]) -> None:
        who, job_id = job
        try:
            with self.db.transaction(SystemCaller(who.id)) as tx:
                jobs.retry(tx, job_id)
        except Conflict:
            assert self.state(who, job_id) in {"pending", "processing", "completed"}

    def state(self, who: Tenant, job_id: str) -> str:
        with self.db.transaction(SystemCaller(who.id)) as tx:
            return jobs.get(tx, job_id).state

    @rule(queue=st.sampled_from(QUEUES))
    def replace(self, queue: str) -> None:
        """A worker froze; another goes on with its jobs. The frozen one will wake up and end what it held."""
        self.die()
        self.sweep()
        self.claimed(queue)

    @rule()
    def die(self) -> None:
        """The worker is killed or frozen; what it held is still in `held`: ghosts that believe they own it."""
        with self.db.dispatch() as tx:
            tx.execute(text("UPDATE workers SET seen_at = '2020-01-01' WHERE id = :id"), {"id": self.worker})
        self.hire()

    @rule()
    def sweep(self) -> None:
        with self.db.dispatch() as tx:
            found = sweep.suspects(tx, self.config)
            sweep.clean_up(tx, self.config)
        for row in found:
            with self.db.dispatch() as tx:
                sweep.reclaim(tx, self.config, row.id, row.job_id)

    @invariant()
    def one_running_attempt_a_job(self) -> None:
        with self.db.dispatch() as tx:
            wrong = tx.execute(
                text(
                    "SELECT j.id, j.state, count(a.id) FROM jobs j "
                    "LEFT JOIN attempts a ON a.job_id = j.id AND a.ended_at IS NULL GROUP BY j.id, j.state, j.attempt_id "
                    "HAVING count(a.id) <> CASE j.state WHEN 'processing' THEN 1 ELSE 0 END "
                    "OR (j.state = 'processing' AND max(a.id) <> j.attempt_id)"
                )
            ).all()
            cards = tx.execute(
                text(
                    "SELECT count(*) FROM devices d JOIN attempts a ON a.id = d.held_by WHERE a.ended_at IS NOT NULL "
                    "AND NOT EXISTS (SELECT FROM workers w WHERE w.id = a.worker_id AND w.seen_at < '2021-01-01')"
                )
            ).scalar()
        assert wrong == []
        assert cards == 0

    def teardown(self) -> None:
        """Everybody goes home, then everything that is left is worked off: every job ends."""
        self.die()
        for _ in range(40 * (len(self.ids) + 1)):
            self.sweep()
            with self.db.dispatch() as tx:
                tx.execute(text("UPDATE devices SET down = '{}'"))
            ours = self.claimed("cpu") or self.claimed("gpu")
            if ours is None:
                break
            self.settle(ours, rules.completed(None))
        with self.db.dispatch() as tx:
            left = tx.execute(text("SELECT id, state, waits_for FROM jobs WHERE state IN ('pending', 'processing')")).all()
            told = tx.execute(text("SELECT noun_id, kind FROM events WHERE noun = 'job' ORDER BY created_at, id")).all()
        assert left == []
        check_moves(told, set(self.ids))


def check_moves(told: Any, ids: set[str]) -> None:
    """The events of each job are a path through MOVES."""
    now: dict[str, JobState] = {}
    for job_id, kind in told:
        word = kind.removeprefix("job.")
        if word == "cancel_requested":
            assert now[job_id] == JobState.PROCESSING
            continue
        state = JobState(word)
        assert job_id in now or state == JobState.PENDING
        if job_id in now:
            assert state in MOVES[now[job_id]], f"{now[job_id]} -> {state}"
        now[job_id] = state
    assert ids <= set(now)


def test_jobs_make_allowed_moves_and_none_is_lost(
    worker_db: Database, workspace: Tenant, other_workspace: Tenant, settings_without_clock: Settings
) -> None:
    class Machine(JobMachine):
        db, tenants, config = worker_db, [workspace, other_workspace], settings_without_clock

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
