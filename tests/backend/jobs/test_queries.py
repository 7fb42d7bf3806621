"""A job that starts later, and what one who waits can know about the queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import jobs
from backend.db.tables import Attempt, Device, Job
from backend.db.transactions import Anonymous, Database
from backend.errors import Conflict
from backend.kit.clock import now
from backend.kit.ids import new_id
from tests.factories.account import Tenant
from tests.factories.making import end_job


class Note(BaseModel):
    text: str = "hello"


def ask(tx: Session, title: str, **more: Any) -> jobs.JobCard:
    return jobs.enqueue(tx, kind="lora-training", payload=Note(), title=title, request_key=title, **more)


def run(tx: Session, job_id: str, device_id: str) -> None:
    attempt = Attempt(id=new_id("att"), job_id=job_id, n=1, worker_id="w", device_id=device_id, eta_s=90.0, phase="training")
    tx.add(attempt)
    tx.flush()
    tx.execute(update(Job).where(Job.id == job_id).values(state="processing", attempt_id=attempt.id))
    tx.execute(update(Device).where(Device.id == device_id).values(held_by=attempt.id))


@pytest.fixture
def card_id(db: Database) -> str:
    with db.transaction(Anonymous()) as tx:
        for name, vram_mb in (("cuda:0", 24_000), ("cuda:1", 8_000)):
            tx.add(Device(id=f"h/{name}", host="h", name=name, vram_mb=vram_mb, engines={"trainer": "peft"}))
        tx.add(Device(id="h/off", host="h", name="off", engines={"trainer": "peft"}, state="disabled"))
    return "h/cuda:1"


def test_what_starts_tonight_is_in_nobodys_way(db: Database, workspace: Tenant) -> None:
    tonight = now() + timedelta(hours=5)
    with db.transaction(workspace.caller, needs="editor") as tx:
        late, first, second = ask(tx, "late", not_before=tonight), ask(tx, "first"), ask(tx, "second")
        assert (late.queue_position, first.queue_position, second.queue_position) == (None, 1, 2)
        assert late.not_before == tonight
        assert first.not_before is None

        moved = jobs.postpone(tx, late.id, None)
        assert (moved.queue_position, moved.not_before) == (1, None)
        due = tx.scalar(select(Job.not_before <= func.clock_timestamp()).where(Job.id == late.id))
        assert due
        assert jobs.postpone(tx, second.id, tonight).not_before == tonight
        end_job(tx, first.id, "completed")
        with pytest.raises(Conflict, match="Only a job that waits"):
            jobs.postpone(tx, first.id, tonight)


def test_the_line_is_seen_in_the_order_it_is_served(
    db: Database, workspace: Tenant, other_workspace: Tenant, card_id: str
) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        running, waiting, urgent = ask(tx, "a"), ask(tx, "b"), ask(tx, "c", priority=-1)
        run(tx, running.id, card_id)
        found = jobs.queue_status(tx, "gpu")
        assert [status.id for status in found] == [running.id, urgent.id, waiting.id]
        assert (found[0].running, found[0].left_s, found[1].running, found[1].left_s) == (True, 90.0, False, None)
        assert jobs.device_summary(tx, "trainer") == jobs.DeviceSummary(up=2, foreign=0, vram_mb=8_000, name="cuda:1")
        assert jobs.device_summary(tx, "video") == jobs.DeviceSummary()
    with db.transaction(other_workspace.caller) as tx:
        assert jobs.queue_status(tx, "gpu") == []
        assert jobs.device_summary(tx, "trainer").foreign == 1


def test_how_long_such_work_took(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        for n, seconds in enumerate((10, 500, 20)):
            ended(tx, ask(tx, str(n)).id, now(), seconds)
        assert jobs.typical_s(tx, ("lora-training", "upkeep")) == {"lora-training": pytest.approx(20, abs=0.1)}


def ended(tx: Session, job_id: str, at: datetime, seconds: float) -> None:
    times = {"started_at": at - timedelta(seconds=seconds), "finished_at": at}
    tx.execute(update(Job).where(Job.id == job_id).values(state="completed", **times))
