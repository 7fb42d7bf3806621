"""The clockwork across workspaces: what is missed, what new time zone rules move."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from backend import content_plans, events
from backend.content_plans import PostState, sweep
from backend.db.tables import ContentPlan, Post
from backend.db.transactions import Database
from backend.kit.clock import now
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_planner


def test_late_posts_of_every_workspace_are_missed_once(
    db: Database, worker_db: Database, workspace: Tenant, other_workspace: Tenant
) -> None:
    plans = []
    for tenant in (workspace, other_workspace):
        with db.transaction(tenant.caller) as tx:
            bella = make_planner(tx)
            late, fresh = bella.plan(tx, wall=local_time_ahead()), bella.plan(tx, wall=local_time_ahead(days=2))
            content_plans.schedule(tx, [late.id, fresh.id])
            for plan, hours in ((late, 49), (fresh, 47)):
                tx.execute(update(Post).where(Post.plan_id == plan.id).values(due_at=now() - timedelta(hours=hours)))
            plans.append((late, fresh))
    with worker_db.dispatch() as first:
        taken = sweep.mark_missed(first)
        with worker_db.dispatch() as second:
            assert sweep.mark_missed(second) == [], "another tick at the same moment leaves them alone"
    assert sorted(taken) == sorted(late.posts[0].id for late, _ in plans)
    for tenant, (late, fresh) in zip((workspace, other_workspace), plans, strict=True):
        with db.transaction(tenant.caller) as tx:
            assert [content_plans.get(tx, plan.id).state for plan in (late, fresh)] == [PostState.MISSED, PostState.SCHEDULED]
            assert events.list_for(tx, "post", late.posts[0].id)[-1].kind == "post.missed"


def test_new_rules_of_a_zone_move_what_waits(db: Database, worker_db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, zone="Africa/Cairo")
        plans = [bella.plan(tx, wall=datetime(2031, 6, day, 18)) for day in (1, 2, 3)]
        old = now() + timedelta(days=900)
        tx.execute(update(ContentPlan).where(ContentPlan.id == plans[1].id).values(due_at=old))
        tx.execute(update(Post).where(Post.plan_id == plans[1].id).values(due_at=old))
    with worker_db.dispatch() as tx:
        last, moved = sweep.recompute_due_times(tx, take=2)
        assert (last, moved) == (plans[1].id, 1)
        assert sweep.recompute_due_times(tx, after=last, take=2) == ("", 0)
    with db.transaction(workspace.caller) as tx:
        plan = content_plans.get(tx, plans[1].id)
        assert plan.due_at == plan.posts[0].due_at == content_plans.to_instant(datetime(2031, 6, 2, 18), "Africa/Cairo").at
