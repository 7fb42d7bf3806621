"""Many plans at once: counted as they are listed, deleted and brought back together."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from backend import content_plans
from backend.content_plans import MAX_PLANS_AT_ONCE, PlanDraft, PlanFilters, PostState
from backend.db.tables import Post
from backend.db.transactions import Database
from backend.errors import Invalid
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_channel, make_planner

S = PostState


def test_plans_are_counted_as_they_are_listed(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella, zara = make_planner(tx, policy="all"), make_planner(tx, "Zara")
        second = make_channel(tx, bella.influencer.id)
        both = (bella.variant(), bella.variant(channel_id=second.id))
        plans = [bella.plan(tx, wall=local_time_ahead(days=n), variants=both) for n in range(1, 4)]
        content_plans.submit_for_review(tx, [plans[0].id])
        tx.execute(update(Post).where(Post.id == plans[1].posts[0].id).values(state=S.FAILED))
        content_plans.create(tx, PlanDraft(influencer_id=zara.influencer.id, topic="An idea"), request_key="idea")
        content_plans.delete(tx, zara.plan(tx).id)
        for influencer_id in ("", bella.influencer.id, zara.influencer.id):
            filters = {state: PlanFilters(influencer_id=influencer_id, states=(state,)) for state in PostState}
            listed = {state: content_plans.page(tx, plan_filters).total for state, plan_filters in filters.items()}
            assert content_plans.count_by_state(tx, list(PostState), influencer_id=influencer_id) == listed
        assert content_plans.count_by_state(tx, [S.DRAFT, S.FAILED, S.IN_REVIEW]) == {S.DRAFT: 2, S.FAILED: 1, S.IN_REVIEW: 1}


def test_many_are_deleted_and_brought_back_together(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plans = [bella.plan(tx, wall=local_time_ahead(days=n), topic=str(n)).id for n in range(1, 4)]
        content_plans.schedule(tx, plans)
        tx.execute(update(Post).where(Post.plan_id == plans[2]).values(state=S.PUBLISHING))
        entry, outcome = content_plans.delete_many(tx, [*plans, "cp_gone"])
        assert entry
        assert outcome.done == plans[:2]
        assert "being published" in outcome.refused[plans[2]]
        content_plans.undo(tx, entry.id)
        assert [content_plans.get(tx, plan).state for plan in plans[:2]] == [S.SCHEDULED, S.SCHEDULED]
        with pytest.raises(Invalid, match="at once"):
            content_plans.delete_many(tx, ["x"] * (MAX_PLANS_AT_ONCE + 1))
