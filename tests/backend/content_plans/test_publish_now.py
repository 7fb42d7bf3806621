"""Publish now: by the same rules as a schedule, for all posts of a plan or for the one that is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from backend import content_plans
from backend.content_plans import PostState
from backend.db.tables import Post
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.clock import now
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_channel, make_planner

S = PostState


def put(tx: Any, post_id: str, **values: Any) -> None:
    tx.execute(update(Post).where(Post.id == post_id).values(**values))


def test_a_plan_moves_to_this_minute(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, zone="Asia/Tokyo")
        plan = bella.plan(tx, wall=local_time_ahead(days=3))
        content_plans.schedule(tx, [plan.id])
        put(tx, plan.posts[0].id, tries=3, not_before=now() + timedelta(hours=2), error="The quota is used up.")
        [post] = content_plans.schedule_now(tx, plan.id)
        after = content_plans.get(tx, plan.id)
        assert (post.state, post.tries, post.not_before, post.error) == (S.SCHEDULED, 0, None, "")
        assert post.due_at
        assert abs(post.due_at - now()) < timedelta(seconds=30)
        assert after.wall
        assert after.due_at == content_plans.to_instant(after.wall, "Asia/Tokyo").at
        assert after.version == plan.version + 1
        [idea] = content_plans.schedule_now(tx, bella.plan(tx).id)
        assert (idea.state, idea.due_at is not None) == (S.SCHEDULED, True)


def test_what_is_left_goes_alone_and_the_plan_keeps_its_date(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        other = make_channel(tx, bella.influencer.id, "instagram")
        plan = bella.plan(tx, wall=local_time_ahead(days=1), variants=(bella.variant(), bella.variant(channel_id=other.id)))
        first, second = plan.posts
        put(tx, first.id, state=S.PUBLISHED)
        put(tx, second.id, state=S.FAILED, error="The picture is too small.", tries=6)
        [post] = content_plans.schedule_now(tx, plan.id)
        assert (post.id, post.state, post.tries, post.error) == (second.id, S.SCHEDULED, 0, "")
        assert content_plans.get(tx, plan.id).wall == plan.wall
        assert content_plans.get_post(tx, first.id).state == S.PUBLISHED
        with pytest.raises(Conflict, match="published already"):
            content_plans.schedule_now(tx, plan.id, first.id)
        for state, word in ((S.PUBLISHING, "right now"), (S.UNKNOWN, "Check the account")):
            put(tx, second.id, state=state)
            with pytest.raises(Conflict, match=word):
                content_plans.schedule_now(tx, plan.id, second.id)
        with pytest.raises(NotFound):
            content_plans.schedule_now(tx, plan.id, "post_gone")


def test_review_hold_stop_and_platform_rules_stand_before_it(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella, strict = make_planner(tx), make_planner(tx, "Zara", policy="all")
        reviewed = strict.plan(tx)
        with pytest.raises(Conflict, match="approve the post first"):
            content_plans.schedule_now(tx, reviewed.id)
        content_plans.approve(tx, [reviewed.id])
        assert content_plans.schedule_now(tx, reviewed.id)[0].state == S.SCHEDULED
        held = bella.plan(tx, wall=local_time_ahead())
        content_plans.hold(tx, [held.id])
        with pytest.raises(Conflict, match="on hold"):
            content_plans.schedule_now(tx, held.id)
        with pytest.raises(Invalid, match="at least one channel"):
            content_plans.schedule_now(
                tx, content_plans.create(tx, held.draft().model_copy(update={"variants": ()}), request_key="none").id
            )
        with pytest.raises(Invalid, match="picture"):
            content_plans.schedule_now(tx, bella.plan(tx, variants=(bella.variant(media=()),)).id)
        content_plans.pause_publishing(tx, bella.influencer.id)
        with pytest.raises(Conflict, match="stopped for Bella"):
            content_plans.schedule_now(tx, bella.plan(tx).id)


def test_an_address_must_be_one(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        plan = make_planner(tx).plan(tx, wall=local_time_ahead())
        put(tx, plan.posts[0].id, state=S.UNKNOWN)
        with pytest.raises(Invalid, match="https://"):
            content_plans.resolve_unknown(tx, plan.posts[0].id, is_published=True, url="javascript:alert(1)")
        with pytest.raises(Invalid, match="https://"):
            content_plans.mark_published(tx, plan.id, url="www.example.org")
        assert (
            content_plans.resolve_unknown(tx, plan.posts[0].id, is_published=True, url=" https://example.org/p ").url
            == "https://example.org/p"
        )
