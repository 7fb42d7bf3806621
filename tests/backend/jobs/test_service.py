"""Jobs as people meet them: asked for once, cancelled, tried again, seen only by their own workspace."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import text

from backend import events, jobs
from backend.db.tables import Job
from backend.db.transactions import Database, SignedIn
from backend.errors import Conflict, NotFound, NotPermitted
from tests.factories.account import Tenant


class Note(BaseModel):
    text: str = "hello"


def start(db: Database, caller: SignedIn, key: str = "key-1", **more: Any) -> jobs.JobCard:
    with db.transaction(caller, needs="editor") as tx:
        return jobs.enqueue(tx, kind="upkeep", payload=Note(), title="Tidy up", request_key=key, **more)


def test_the_same_request_key_is_the_same_job(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    first, second = start(db, workspace.caller), start(db, workspace.caller)
    assert first.id == second.id
    assert (first.state, first.queue_position, first.attempt_n) == ("pending", 1, 0)
    assert start(db, other_workspace.caller).id != first.id


def test_a_key_used_for_other_work_is_refused(db: Database, workspace: Tenant) -> None:
    start(db, workspace.caller)
    with pytest.raises(Conflict, match="used for other work"), db.transaction(workspace.caller, needs="editor") as tx:
        jobs.enqueue(tx, kind="image-generation", payload=Note(), title="Draw", request_key="key-1")


def test_two_clicks_at_once_are_one_job(db: Database, workspace: Tenant) -> None:
    barrier, found = threading.Barrier(4), []

    def click() -> None:
        barrier.wait()
        found.append(start(db, workspace.caller).id)

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_once_keeps_the_second_click_waiting(db: Database, workspace: Tenant) -> None:
    """What services do that write rows before the job: only one of two transactions writes."""
    barrier, wrote = threading.Barrier(2), []

    def click(n: int) -> None:
        barrier.wait()
        with db.transaction(workspace.caller, needs="editor") as tx:
            if jobs.find_by_key(tx, "train") is None:
                wrote.append(n)
                jobs.enqueue(tx, kind="upkeep", payload=Note(), title="Train", request_key="train")

    threads = [threading.Thread(target=click, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrote) == 1


def test_a_ring_follows_the_commit_and_not_the_rollback(workspace: Tenant, database_urls: Any) -> None:
    rung: list[str] = []
    database = Database(database_urls.app, on_notify=rung.append, pool_size=1)

    def change_my_mind() -> None:
        with database.transaction(workspace.caller) as tx:
            jobs.enqueue(tx, kind="upkeep", payload=Note(), title="x", request_key="a")
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        change_my_mind()
    assert rung == []
    start(database, workspace.caller)
    assert rung == ["cpu"]
    database.close()


def test_a_pending_job_is_cancelled_at_once_and_can_be_tried_again(db: Database, workspace: Tenant) -> None:
    job = start(db, workspace.caller)
    with db.transaction(workspace.caller, needs="editor") as tx:
        assert jobs.cancel(tx, job.id).state == "cancelled"
        with pytest.raises(Conflict, match="already ended"):
            jobs.cancel(tx, job.id)
    with db.transaction(workspace.caller, needs="editor") as tx:
        again = jobs.retry(tx, job.id)
        assert (again.state, again.finished_at, again.error_code) == ("pending", None, None)
        with pytest.raises(Conflict, match="Only a failed or cancelled"):
            jobs.retry(tx, job.id)
        told = [event.kind for event in events.list_for(tx, "job", job.id)]
    assert told == ["job.pending", "job.cancelled", "job.pending"]


def test_a_viewer_looks_but_does_not_touch(db: Database, workspace: Tenant) -> None:
    job = start(db, workspace.caller)
    with pytest.raises(NotPermitted), db.transaction(workspace.viewer.caller, needs="editor") as tx:
        pass
    with db.transaction(workspace.viewer.caller) as tx:
        assert jobs.get(tx, job.id).title == "Tidy up"
        for verb in (jobs.cancel, jobs.retry):
            with pytest.raises(NotPermitted, match="viewer"):
                verb(tx, job.id)
        with pytest.raises(NotPermitted, match="viewer"):
            jobs.enqueue(tx, kind="upkeep", payload=Note(), title="x", request_key="b")


def test_another_workspaces_job_is_not_there(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    job = start(db, workspace.caller)
    with db.transaction(other_workspace.caller, needs="editor") as tx:
        for verb in (jobs.get, jobs.cancel, jobs.retry, jobs.log):
            with pytest.raises(NotFound):
                verb(tx, job.id)
        assert jobs.page(tx).total == 0
        assert jobs.find_by_key(tx, "key-1") is None


def test_pages_are_newest_first_and_filtered(db: Database, workspace: Tenant) -> None:
    ids = [start(db, workspace.caller, f"k{n}", subject=("dataset", f"ds_{n % 2}")).id for n in range(7)]
    with db.transaction(workspace.caller, needs="editor") as tx:
        jobs.cancel(tx, ids[0])
    with db.transaction(workspace.caller) as tx:
        first = jobs.page(tx, take=4)
        rest = jobs.page(tx, take=4, cursor=first.next_cursor)
        assert [card.id for card in first.cards + rest.cards] == sorted(ids, reverse=True)
        assert (first.total, rest.total, rest.next_cursor) == (7, 7, None)
        assert jobs.page(tx, states=["cancelled"]).total == 1
        assert jobs.page(tx, kinds=["lora-training"]).cards == []
        assert jobs.page(tx, subject=("dataset", "ds_1")).total == 3
        newest = jobs.latest(tx, ("dataset", "ds_0"))
        assert newest is not None
        assert newest.id == ids[6]
        assert jobs.latest(tx, ("dataset", "ds_0"), kind="lora-training") is None
        assert jobs.counts(tx) == {"pending": 6, "processing": 0, "completed": 0, "failed": 0, "cancelled": 1}
        assert sorted(card.queue_position or 0 for card in first.cards + rest.cards) == [0, 1, 2, 3, 4, 5, 6]


def test_a_dismissed_failure_is_not_brought_up_again_until_it_fails_anew(
    db: Database, worker_db: Database, workspace: Tenant
) -> None:
    job = start(db, workspace.caller)
    with pytest.raises(Conflict, match="Only a failed job"), db.transaction(workspace.caller) as tx:
        jobs.dismiss(tx, job.id)
    with worker_db.dispatch() as tx:
        tx.execute(text("UPDATE jobs SET state = 'failed' WHERE id = :id"), {"id": job.id})
    with pytest.raises(NotPermitted), db.transaction(SignedIn(workspace.viewer.token, workspace.id)) as tx:
        jobs.dismiss(tx, job.id)
    with db.transaction(workspace.caller) as tx:
        assert [card.id for card in jobs.page(tx, states=("failed",), dismissed=False).cards] == [job.id]
        jobs.dismiss(tx, job.id)
        assert not jobs.page(tx, states=("failed",), dismissed=False).cards
        assert [card.id for card in jobs.page(tx, states=("failed",)).cards] == [job.id]
        jobs.retry(tx, job.id)
        assert len(jobs.page(tx, states=("pending",), dismissed=False).cards) == 1


class Nothing(BaseModel):
    pass


def line(db: Database, who: Tenant) -> str:
    with db.transaction(who.caller) as tx:
        return " ".join(jobs.get(tx, status.id).title for status in jobs.queue_status(tx, "gpu"))


def move(db: Database, who: Tenant, ids: dict[str, str], name: str, where: str) -> str:
    with db.transaction(who.editor.caller, needs="editor") as tx:
        jobs.reorder(tx, ids[name], where)  # type: ignore[arg-type]
    return line(db, who)


def test_content_goes_before_trainings_unless_people_say_otherwise(db: Database, workspace: Tenant) -> None:
    kinds = {
        "first": "lora-training",
        "second": "lora-training",
        "picture": "image-generation",
        "video": "video-generation-gpu",
    }
    with db.transaction(workspace.caller, needs="editor") as tx:
        ids = {
            name: jobs.enqueue(tx, kind=kind, payload=Nothing(), title=name, request_key=name).id
            for name, kind in kinds.items()
        }
    assert line(db, workspace) == "picture video first second"
    assert move(db, workspace, ids, "second", "first") == "second picture video first"
    assert move(db, workspace, ids, "first", "earlier") == "second picture first video"


def test_the_line_is_what_people_make_of_it(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        ids = {
            name: jobs.enqueue(
                tx, kind="image-generation", payload=Nothing(), title=name, request_key=name, priority=int(name in "de")
            ).id
            for name in "abcde"
        }
    assert line(db, workspace) == "a b c d e"
    assert move(db, workspace, ids, "c", "first") == "c a b d e"
    assert move(db, workspace, ids, "e", "earlier") == "c a b e d"
    assert move(db, workspace, ids, "e", "earlier") == "c a e b d"
    assert move(db, workspace, ids, "c", "later") == "a c e b d"
    assert move(db, workspace, ids, "a", "earlier") == "a c e b d"
    assert move(db, workspace, ids, "d", "later") == "a c e b d"
    for _ in range(4):
        move(db, workspace, ids, "a", "later")
    assert line(db, workspace) == "c e b d a"
    assert move(db, workspace, ids, "a", "first") == "a c e b d"
    with pytest.raises(NotPermitted), db.transaction(workspace.viewer.caller) as tx:
        jobs.reorder(tx, ids["a"], "first")
    with pytest.raises(NotFound), db.transaction(other_workspace.caller) as tx:
        jobs.reorder(tx, ids["a"], "first")
    with db.transaction(workspace.caller) as tx:
        tx.get_one(Job, ids["a"]).state = "completed"
    with pytest.raises(Conflict, match="does not wait any more"):
        move(db, workspace, ids, "a", "first")
