"""A committed event is a notice, once, for each person who may be told; storms are folded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from backend import events, notices
from backend.app import App
from backend.db.tables import Job, JobState, Notice, NoticeFeed, User
from backend.db.transactions import SignedIn, SystemCaller
from backend.errors import Invalid, NotFound
from backend.kit.ids import new_id
from backend.notices import feed
from tests.factories.account import Tenant, make_person

Told = Callable[[SignedIn], list[tuple[str, int]]]


@pytest.fixture
def feeder(worker_app: App) -> notices.Feeder:
    return notices.Feeder(worker_app)


@pytest.fixture
def told(worker_app: App) -> Told:
    def of(caller: SignedIn) -> list[tuple[str, int]]:
        with worker_app.db.transaction(caller) as tx:
            return [(card.title, card.count) for card in notices.page(tx).cards]

    return of


def record(
    app: App, tenant: Tenant, kind: str, noun: str, noun_id: str, data: dict[str, Any] | None = None, by: str = ""
) -> None:
    with app.db.transaction(SystemCaller(tenant.id, by)) as tx:
        events.record(tx, kind, noun, noun_id, data)


def add_jobs(
    app: App, tenant: Tenant, states: Sequence[str], *, kind: str = "image-generation", took_s: float = 5.0
) -> list[str]:
    """Jobs that have just ended, with their events."""
    ids = [new_id("job") for _ in states]
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        ended = tx.scalars(select(func.clock_timestamp())).one()
        for job_id, state in zip(ids, states, strict=True):
            values = {"queue": "gpu", "title": "Old trams", "payload": {}, "request_key": job_id, "error_message": "No GPU."}
            tx.add(Job(id=job_id, kind=kind, type=kind, state=state, created_by=tenant.editor.id, **values))
            tx.flush()
            tx.execute(
                update(Job).where(Job.id == job_id).values(finished_at=ended, created_at=ended - timedelta(seconds=took_s))
            )
            events.record(tx, f"job.{state}", "job", job_id)
    return ids


def test_an_event_is_told_once_to_those_who_may_be_told(
    worker_app: App, workspace: Tenant, feeder: notices.Feeder, told: Told
) -> None:
    record(worker_app, workspace, "training.finished", "training", "run_1", {"name": "bella-v1"})
    assert feeder.tick() == 2
    assert told(workspace.owner.caller) == told(workspace.editor.caller) == [("Training of “bella-v1” is done", 1)]
    assert told(workspace.viewer.caller) == []
    record(worker_app, workspace, "training.finished", "training", "run_1", {"name": "bella-v1"})
    assert feeder.tick() == 0, "nothing is told twice"
    assert notices.Feeder(worker_app).tick() == 0, "another process goes on where this one was"


def test_what_was_read_before_a_kill_is_read_again_and_told_once(
    worker_app: App, workspace: Tenant, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(worker_app, workspace, "training.finished", "training", "run_1", {"name": "bella-v1"})

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(feed, "update", die)
        with pytest.raises(Killed):
            notices.Feeder(worker_app).tick()
    assert told(workspace.owner.caller) == []
    notices.Feeder(worker_app).tick()
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(update(NoticeFeed).values(position=0))
    notices.Feeder(worker_app).tick()
    assert told(workspace.owner.caller) == [("Training of “bella-v1” is done", 1)]


def test_a_storm_is_one_notice_until_it_is_read(worker_app: App, workspace: Tenant, feeder: notices.Feeder, told: Told) -> None:
    add_jobs(worker_app, workspace, [JobState.FAILED] * 38)
    feeder.tick()
    assert ("38 picture requests failed", 38) in told(workspace.editor.caller)
    assert ("More than half of the jobs fail", 1) in told(workspace.editor.caller)
    assert len(told(workspace.editor.caller)) == 2
    with worker_app.db.transaction(workspace.editor.caller) as tx:
        assert notices.counts(tx).by_kind == {"job.failed": 1, "jobs.failing": 1}
        assert notices.mark_all(tx) == 2
        assert notices.counts(tx).unread == 0
    add_jobs(worker_app, workspace, [JobState.FAILED])
    feeder.tick()
    assert told(workspace.editor.caller)[0] == ("“Old trams” failed", 1), "what was read is not opened again"
    assert ("39 picture requests failed", 39) in told(workspace.owner.caller), "the owner had not read it"


def test_a_notice_counts_no_event_twice_and_ends_after_a_gap(
    worker_app: App, workspace: Tenant, feeder: notices.Feeder
) -> None:
    [failed] = add_jobs(worker_app, workspace, [JobState.FAILED])
    feeder.tick()
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(update(NoticeFeed).values(position=0))
    assert notices.Feeder(worker_app).tick() == 0
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(update(Notice).values(last_at=Notice.last_at - timedelta(hours=1)))
        events.record(tx, "job.failed", "job", failed)
    feeder.tick()
    with worker_app.db.transaction(workspace.owner.caller) as tx:
        assert [card.count for card in notices.page(tx, kinds=["job.failed"]).cards] == [1, 1]


def test_a_long_job_is_told_to_whoever_started_it_alone(
    worker_app: App, workspace: Tenant, feeder: notices.Feeder, told: Told
) -> None:
    add_jobs(worker_app, workspace, [JobState.COMPLETED], kind="reel-render", took_s=300)
    add_jobs(worker_app, workspace, [JobState.COMPLETED], took_s=5)
    feeder.tick()
    assert told(workspace.editor.caller) == [("“Old trams” is done", 1)]
    assert told(workspace.owner.caller) == []


def test_budgets_channels_automations_and_members(
    worker_app: App, workspace: Tenant, feeder: notices.Feeder, told: Told
) -> None:
    joined = make_person(worker_app.db, workspace.id, "viewer")
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(update(User).where(User.id == joined.id).values(name="Ada"))
    data = {"automationId": "aut_1", "runId": "run_1", "title": "Daily content", "summary": "3 posts were published."}
    budget = {"period": "month", "limit_usd": "20"}
    for kind, noun, noun_id, values in (
        ("budget.near", "budget", workspace.id, budget),
        ("budget.spent", "budget", workspace.id, budget),
        ("automation.run_finished", "automation", "aut_1", data),
        ("automation.failed_half", "automation", "aut_1", data),
        ("automation.notice", "automation", "aut_1", data),
        ("member.joined", "member", joined.id, {"role": "viewer", "invitation_id": "inv_1"}),
        ("comment.received", "comment", "cmt_1", {}),
    ):
        record(worker_app, workspace, kind, noun, noun_id, values)
    feeder.tick()
    assert {title for title, _ in told(workspace.owner.caller)} == {
        "The budget for AI calls of this month is at 80%",
        "The budget for AI calls of this month is used up",
        "“Daily content” has run",
        "More than half of the jobs of “Daily content” fail",
        "Message from “Daily content”",
        "Ada joined as viewer",
    }
    assert "Ada joined as viewer" not in {title for title, _ in told(workspace.editor.caller)}
    assert told(joined.caller) == []


def test_nobody_reads_or_marks_what_somebody_else_was_told(worker_app: App, workspace: Tenant, feeder: notices.Feeder) -> None:
    record(worker_app, workspace, "training.finished", "training", "run_1", {"name": "bella-v1"})
    feeder.tick()
    with worker_app.db.transaction(workspace.owner.caller) as tx:
        [card] = notices.page(tx).cards
    with worker_app.db.transaction(workspace.editor.caller) as tx:
        with pytest.raises(NotFound):
            notices.mark(tx, card.id)
        with pytest.raises(Invalid, match="no kind"):
            notices.page(tx, kinds=["gossip"])
    with worker_app.db.transaction(workspace.owner.caller) as tx:
        assert notices.mark(tx, card.id).read_at
        assert notices.page(tx, unread=True).cards == []
        assert notices.mark(tx, card.id, read=False).read_at is None


def test_pages_follow_each_other(worker_app: App, workspace: Tenant, feeder: notices.Feeder) -> None:
    for n in range(5):
        record(worker_app, workspace, "training.finished", "training", f"run_{n}", {"name": f"bella-{n}"})
    feeder.tick()
    with worker_app.db.transaction(workspace.owner.caller) as tx:
        first = notices.page(tx, take=3)
        second = notices.page(tx, take=3, cursor=first.next_cursor)
    assert [card.title.split("”")[0][-1] for card in (*first.cards, *second.cards)] == ["4", "3", "2", "1", "0"]
    assert (first.total, second.next_cursor) == (5, None)


def test_old_notices_are_deleted(worker_app: App, workspace: Tenant, feeder: notices.Feeder) -> None:
    record(worker_app, workspace, "training.finished", "training", "run_1", {"name": "bella-v1"})
    feeder.tick()
    with worker_app.db.transaction(SystemCaller(workspace.id)) as tx:
        assert notices.purge_old(tx) == 0
        tx.execute(update(Notice).values(last_at=datetime.now(UTC) - timedelta(days=91)))
        assert notices.purge_old(tx) == 2
