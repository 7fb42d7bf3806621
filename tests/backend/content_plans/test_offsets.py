"""Posts of one plan that go out some minutes apart, wherever the plan moves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from backend import content_plans
from backend.content_plans import PostState, VariantDraft
from backend.content_plans.sweep import recompute_due_times
from backend.db.tables import ContentPlan, Post
from backend.db.transactions import Database
from backend.errors import Invalid
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_channel, make_planner

S = PostState


def test_channels_some_minutes_apart(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, policy="all")
        second = make_channel(tx, bella.influencer.id)
        delayed = bella.variant(channel_id=second.id, options={"after_minutes": 10})
        plan = bella.plan(tx, wall=local_time_ahead(), variants=(bella.variant(), delayed))
        content_plans.approve(tx, [plan.id])

        def dues() -> list[timedelta]:
            card = content_plans.get(tx, plan.id)
            assert card.due_at
            return sorted(post.due_at - card.due_at for post in card.posts if post.due_at)

        assert dues() == [timedelta(0), timedelta(minutes=10)]
        content_plans.move(tx, plan.id, local_time_ahead(days=4))
        assert dues() == [timedelta(0), timedelta(minutes=10)]
        card = content_plans.get(tx, plan.id)
        variants = tuple(
            variant.model_copy(update={"options": {"after_minutes": 25}}) if variant.options else variant
            for variant in card.draft().variants
        )
        content_plans.save(tx, plan.id, card.draft().model_copy(update={"variants": variants}), version=card.version)
        assert dues() == [timedelta(0), timedelta(minutes=25)]
        assert content_plans.get(tx, plan.id).state == S.SCHEDULED, "a later minute is not another post: no new review"


def test_realigning_keeps_the_minutes(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, zone="Europe/Berlin")
        plan = bella.plan(tx, wall=local_time_ahead(days=9), variants=(bella.variant(options={"after_minutes": 5}),))
        moved = plan.due_at - timedelta(hours=1)
        tx.execute(update(ContentPlan).where(ContentPlan.id == plan.id).values(due_at=moved))
        tx.execute(update(Post).where(Post.plan_id == plan.id).values(due_at=moved))
        assert recompute_due_times(tx)[1] == 1
        (post,) = content_plans.get(tx, plan.id).posts
        assert post.due_at == plan.due_at + timedelta(minutes=5)


@pytest.mark.parametrize("minutes", [-1, 721, "10", True, 2.5])
def test_minutes_that_are_none_are_refused(minutes: object) -> None:
    with pytest.raises(Invalid, match="0 to 720 whole minutes"):
        VariantDraft(channel_id="chn_1", options={"after_minutes": minutes})


def test_no_minutes_are_not_kept() -> None:
    assert VariantDraft(channel_id="chn_1", options={"after_minutes": 0, "tags": ["a"]}).options == {"tags": ["a"]}
