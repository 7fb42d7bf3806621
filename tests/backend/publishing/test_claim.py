"""What is due is claimed once; what must wait waits, and says why. And posts whose job has ended are put right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from backend import channels, content_plans, jobs
from backend.content_plans import PostState
from backend.db.tables import ContentPlan, Job, JobState, Post, PostAttempt, PostingRule
from backend.db.transactions import Database, SystemCaller
from backend.kit.clock import now
from backend.publishing import CANCELLED, claim_due
from backend.publishing.sweep import MAX_ASKING_JOBS
from tests.backend.publishing.desk import PublishingRig
from tests.factories.account import Tenant
from tests.factories.posts import Planner, local_time_ahead, make_planner

S = PostState


def _caller(tenant: Tenant) -> SystemCaller:
    return SystemCaller(tenant.id, tenant.user_id)


def _due(worker_db: Database, tenant: Tenant, planner: Planner, *, hours: float = 0.01, **values: object) -> str:
    """A scheduled post whose time came so many hours ago (negative: comes)."""
    with worker_db.transaction(_caller(tenant)) as tx:
        plan = planner.plan(tx, wall=local_time_ahead())
        assert content_plans.schedule(tx, [plan.id]).done
        at = func.clock_timestamp() - timedelta(hours=hours)
        tx.execute(update(Post).where(Post.plan_id == plan.id).values(**{"due_at": at, **values}))
    return plan.posts[0].id


def _states(worker_db: Database, tenant: Tenant, ids: dict[str, str]) -> dict[str, str]:
    with worker_db.transaction(_caller(tenant)) as tx:
        return {name: tx.get_one(Post, id).state for name, id in ids.items()}


def test_only_what_is_due_and_free_is_claimed_in_every_workspace(
    worker_db: Database, workspace: Tenant, other_workspace: Tenant
) -> None:
    tenants, ids = (workspace, other_workspace), {}
    for tenant in tenants:
        with worker_db.transaction(_caller(tenant)) as tx:
            bella, off, stopped = (make_planner(tx, name) for name in ("Bella", "Off", "Stopped"))
        soon = func.clock_timestamp() + timedelta(minutes=1)
        ids[tenant.id] = {
            "due": _due(worker_db, tenant, bella),
            "again": _due(worker_db, tenant, bella, not_before=func.clock_timestamp()),
            "ahead": _due(worker_db, tenant, bella, hours=-1),
            "late": _due(worker_db, tenant, bella, hours=48.1),
            "backing off": _due(worker_db, tenant, bella, not_before=soon),
            "off": _due(worker_db, tenant, off),
            "stopped": _due(worker_db, tenant, stopped),
            "gone": _due(worker_db, tenant, bella),
        }
        with worker_db.transaction(_caller(tenant)) as tx:
            channels.switch(tx, off.channel.id, on=False)
            # in the moment of the switch: the post was scheduled behind its back
            own_ids = PostingRule.scope == stopped.influencer.id
            tx.execute(update(PostingRule).where(own_ids).values(stopped_at=func.clock_timestamp()))
            plan = tx.get_one(Post, ids[tenant.id]["gone"]).plan_id
            tx.execute(update(ContentPlan).where(ContentPlan.id == plan).values(deleted_at=now()))
    with worker_db.dispatch() as first:
        assert claim_due(first) == 4
        with worker_db.dispatch() as second:
            assert claim_due(second) == 0, "another tick at the same moment leaves them alone"
    for tenant in tenants:
        own_ids = ids[tenant.id]
        assert _states(worker_db, tenant, own_ids) == {
            "due": S.PUBLISHING,
            "again": S.PUBLISHING,
            "ahead": S.SCHEDULED,
            "late": S.SCHEDULED,
            "backing off": S.SCHEDULED,
            "off": S.SCHEDULED,
            "stopped": S.ON_HOLD,
            "gone": S.SCHEDULED,
        }
        with worker_db.transaction(_caller(tenant)) as tx:
            jobs_of = [card.subject_id for card in jobs.page(tx, kinds=["autopost"]).cards]
            assert sorted(jobs_of) == sorted([own_ids["due"], own_ids["again"]])
            due = tx.get_one(Post, own_ids["due"])
            job = jobs.get(tx, due.job_id or "")
            assert (due.phase, job.state, job.title) == ("preparing", "pending", "Publish “Trams” on Bella · Practice platform")
            waits = tx.get_one(Post, own_ids["off"])
            assert "not connected" in waits.error
            held = tx.get_one(Post, own_ids["stopped"])
            assert (held.held_from, held.held_by != "person") == (S.SCHEDULED, True)
            channels.switch(tx, waits.channel_id, on=True)
    with worker_db.dispatch() as tx:
        assert claim_due(tx) == 2, "connected again"
    assert _states(worker_db, workspace, ids[workspace.id])["off"] == S.PUBLISHING
    with worker_db.transaction(_caller(workspace)) as tx:
        assert tx.get_one(Post, ids[workspace.id]["off"]).error == ""


@pytest.mark.parametrize(("hours", "claimed"), [(3, 0), (-3, 1)], ids=["later now", "earlier now"])
def test_a_zone_whose_rules_changed_since_is_looked_at_again(
    worker_db: Database, workspace: Tenant, hours: int, claimed: int
) -> None:
    with worker_db.transaction(_caller(workspace)) as tx:
        bella = make_planner(tx, zone="UTC")
    post_id = _due(worker_db, workspace, bella)
    with worker_db.transaction(_caller(workspace)) as tx:
        plan_id = tx.get_one(Post, post_id).plan_id
        old = tx.scalars(select(func.date_trunc("minute", func.clock_timestamp()))).one()
        local_time = (old + timedelta(hours=hours)).replace(tzinfo=None)
        tx.execute(update(ContentPlan).where(ContentPlan.id == plan_id).values(due_at=old, wall=local_time, zone="UTC"))
        tx.execute(update(Post).where(Post.id == post_id).values(due_at=old))
    with worker_db.dispatch() as tx:
        assert claim_due(tx) == claimed
    with worker_db.transaction(_caller(workspace)) as tx:
        post, plan = tx.get_one(Post, post_id), tx.get_one(ContentPlan, plan_id)
        assert post.due_at == plan.due_at == old + timedelta(hours=hours)
        assert post.state == (S.PUBLISHING if claimed else S.SCHEDULED)


def _publishing(rig: PublishingRig, **values: object) -> tuple[str, str]:
    """A post with a job that waits: (post, job)."""
    post_id = rig.scheduled()
    assert rig.tick() == 1
    with rig.app.db.transaction(rig.caller) as tx:
        if values:
            tx.execute(update(Post).where(Post.id == post_id).values(**values))
        job_id = tx.get_one(Post, post_id).job_id
        assert job_id
    return post_id, job_id


def _end(rig: PublishingRig, job_id: str, state: JobState, **values: object) -> None:
    with rig.app.db.transaction(rig.caller) as tx:
        tx.execute(update(Job).where(Job.id == job_id).values(state=state, **values))


def test_a_post_whose_job_broke_is_tried_again_and_at_last_fails(rig: PublishingRig) -> None:
    post_id, job_id = _publishing(rig)
    _end(rig, job_id, JobState.FAILED, error_message="Its worker stopped three times.")
    assert rig.tick() == 0
    post = rig.post(post_id)
    assert (post.state, post.tries, post.error) == (S.SCHEDULED, 1, "Its worker stopped three times.")
    assert post.not_before
    assert timedelta(seconds=40) < post.not_before - now() < timedelta(seconds=70)
    with rig.app.db.transaction(rig.caller) as tx:
        tx.execute(update(Post).where(Post.id == post_id).values(tries=5, not_before=None))
    assert rig.tick() == 1
    with rig.app.db.transaction(rig.caller) as tx:  # a job that is not there at all
        tx.execute(delete(Job).where(Job.id == tx.get_one(Post, post_id).job_id))
    rig.tick()
    assert (rig.post(post_id).state, rig.post(post_id).tries) == (S.FAILED, 6)


def test_what_may_be_out_is_only_asked_about_by_the_next_job(rig: PublishingRig) -> None:
    """Its job died three times right after the call: dead letter."""
    post_id, job_id = _publishing(rig)
    context = rig.context(job_id)
    rig.die_at(context, "finalized")
    assert (rig.post(post_id).phase, len(rig.feed())) == ("submitting", 1)
    _end(rig, job_id, JobState.FAILED, dead_letter=True)
    rig.tick()
    post = rig.post(post_id)
    assert (post.state, post.phase) == (S.PUBLISHING, "submitting")
    assert post.job_id != job_id
    rig.drain()
    assert rig.post(post_id).state == S.PUBLISHED
    assert len(rig.feed()) == 1
    assert [attempt.outcome for attempt in rig.attempts(post_id)] == ["released", "published"]


def test_a_question_that_kills_its_jobs_ends_with_a_person(rig: PublishingRig) -> None:
    post_id, job_id = _publishing(rig, phase="submitting", submitted_at=func.clock_timestamp())
    with rig.app.db.transaction(rig.caller) as tx:
        for n in range(MAX_ASKING_JOBS):
            tx.add(PostAttempt(id=f"try_{n}", post_id=post_id, n=n + 1, phase="submitting", outcome="running"))
    _end(rig, job_id, JobState.FAILED)
    rig.tick()
    assert rig.post(post_id).state == S.UNKNOWN
    assert {attempt.outcome for attempt in rig.attempts(post_id)} == {"unknown"}


def test_cancelling_the_job_holds_the_post_unless_it_may_be_out(rig: PublishingRig) -> None:
    waiting, job_id = _publishing(rig)
    with rig.app.db.transaction(rig.caller) as tx:
        jobs.cancel(tx, job_id)
        held = content_plans.get_post(tx, waiting)
        assert (held.state, held.held_by, held.held_from) == (S.ON_HOLD, "person", S.SCHEDULED)
    running, job_id = _publishing(rig)
    context = rig.context(job_id)
    context.cancel_requested = True
    rig.run(context)
    assert rig.said[-1].startswith("cancelled")
    assert rig.post(running).state == S.ON_HOLD
    assert rig.attempts(running)[0].said == CANCELLED
    lost, job_id = _publishing(rig)
    rig.die_at(rig.context(job_id), "submitting")
    _end(rig, job_id, JobState.PENDING)
    with rig.app.db.transaction(rig.caller) as tx:
        jobs.cancel(tx, job_id)
        assert content_plans.get_post(tx, lost).state == S.PUBLISHING
    rig.drain()
    assert rig.post(lost).state == S.ON_HOLD, "it is surely not there, and whoever cancelled does not want it there"
    assert rig.feed() == []
