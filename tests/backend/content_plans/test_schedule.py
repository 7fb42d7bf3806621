"""Who may schedule what: rules, reviews, stop switches; and what nobody can do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend import channels, content_plans, events
from backend.content_plans import PostState, RulesDraft
from backend.content_plans.transitions import move
from backend.db.tables import POST_MOVES, Post
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid
from backend.kit.clock import now
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_channel, make_planner

S = PostState


def state(tx: Session, plan_id: str) -> PostState:
    return content_plans.get(tx, plan_id).state


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PostState), st.sampled_from(PostState))
def test_a_move_touches_one_row_in_the_right_state_or_none(
    db: Database, workspace: Tenant, here: PostState, target: PostState
) -> None:
    source = next(state for state in PostState if target in POST_MOVES[state])
    with db.transaction(workspace.caller) as tx:
        name = f"Bella {here} {now().timestamp()}"
        post = make_planner(tx, name).plan(tx).posts[0]
        tx.execute(update(Post).where(Post.id == post.id).values(state=here))
        event_count = len(events.list_for(tx, "post", post.id))
        moved = move(tx, post.id, source, target)
        assert (moved is not None) is (here == source)
        assert content_plans.get_post(tx, post.id).state == (target if here == source else here)
        assert len(events.list_for(tx, "post", post.id)) == event_count + (here == source)
        with pytest.raises(AssertionError, match="not a move"):
            move(tx, post.id, S.PUBLISHED, S.DRAFT)


def test_rules_decide_who_reviews(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, policy="all")
        content_plans.save_rules(tx, bella.influencer.id, RulesDraft(policy="first", first_n=2))
        plans = [bella.plan(tx, wall=local_time_ahead(days=n), topic=str(n)) for n in range(1, 5)]
        outcome = content_plans.schedule(tx, [plan.id for plan in plans[:2]])
        assert (outcome.review, outcome.done) == ([plan.id for plan in plans[:2]], [])
        assert state(tx, plans[0].id) == S.IN_REVIEW
        approved = content_plans.approve(tx, [plan.id for plan in plans[:2]])
        assert approved.done == [plan.id for plan in plans[:2]]
        assert state(tx, plans[0].id) == S.SCHEDULED, "approved, dated, nothing in the way"
        assert content_plans.schedule(tx, [plans[2].id]).done == [plans[2].id], (
            "two were approved: nobody needs to look any more"
        )
        assert content_plans.get(tx, plans[2].id).posts[0].approved_by is None
        with pytest.raises(Invalid, match="Write in a sentence"):
            content_plans.reject(tx, [plans[0].id], note=" ")
        content_plans.reject(tx, [plans[0].id], note="Too loud")
        assert (state(tx, plans[0].id), content_plans.get(tx, plans[0].id).posts[0].note) == (S.DRAFT, "Too loud")
        assert content_plans.get_rules(tx, bella.influencer.id).review, "one approval was taken back"


def test_what_cannot_be_scheduled_says_why_and_the_rest_goes_on(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        good, undated = bella.plan(tx, wall=local_time_ahead()), bella.plan(tx)
        empty = bella.plan(tx, wall=local_time_ahead(days=2), variants=(bella.variant(media=()),))
        late = bella.plan(tx, wall=local_time_ahead(days=-1))
        off = make_channel(tx, bella.influencer.id)
        channels.switch(tx, off.id, on=False)
        away = bella.plan(tx, wall=local_time_ahead(days=3), variants=(bella.variant(channel_id=off.id),))
        outcome = content_plans.schedule(tx, [good.id, undated.id, empty.id, late.id, away.id, "cp_gone"])
        assert outcome.done == [good.id]
        assert "no date" in outcome.refused[undated.id]
        assert "Add a picture" in outcome.refused[empty.id]
        assert "has passed" in outcome.refused[late.id]
        assert "paused" in outcome.refused[away.id]
        assert "exist" in outcome.refused["cp_gone"]
        assert "left to schedule" in content_plans.schedule(tx, [good.id]).refused[good.id]


def test_the_stop_switch_holds_everything_and_lets_go_what_is_still_ahead(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella, zara = make_planner(tx), make_planner(tx, "Zara")
        first, second, hers = (
            bella.plan(tx, wall=local_time_ahead()),
            bella.plan(tx, wall=local_time_ahead(days=2)),
            zara.plan(tx, wall=local_time_ahead()),
        )
        content_plans.schedule(tx, [first.id, second.id, hers.id])
        assert content_plans.pause_publishing(tx, bella.influencer.id) == 2
        assert (state(tx, first.id), state(tx, hers.id)) == (S.ON_HOLD, S.SCHEDULED)
        more = bella.plan(tx, wall=local_time_ahead(days=3))
        assert content_plans.schedule(tx, [more.id]).held == [more.id], "scheduled while stopped: it waits too"
        assert "stopped for Bella" in content_plans.release(tx, [first.id]).refused[first.id]
        assert content_plans.pause_publishing(tx) == 1
        assert content_plans.resume_publishing(tx, bella.influencer.id) == (0, 0), "the workspace's switch is still on"
        tx.execute(update(Post).where(Post.plan_id == first.id).values(due_at=now() - timedelta(minutes=1)))
        assert content_plans.resume_publishing(tx) == (3, 1)
        states = [state(tx, plan.id) for plan in (first, second, more, hers)]
        assert states == [S.MISSED, S.SCHEDULED, S.SCHEDULED, S.SCHEDULED]


def test_hold_and_release_by_hand(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, policy="all")
        plan = bella.plan(tx, wall=local_time_ahead())
        content_plans.approve(tx, [plan.id])
        assert content_plans.hold(tx, [plan.id]).held == [plan.id]
        held = content_plans.get(tx, plan.id)
        draft = held.draft().model_copy(update={"variants": (bella.variant(caption="New words"),)})
        content_plans.save(tx, plan.id, draft, version=held.version)
        content_plans.release(tx, [plan.id])
        assert state(tx, plan.id) == S.IN_REVIEW, "edited while it was held: looked at again"


def test_missed_posts_get_a_new_place_and_unknown_ones_a_word(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        missed, unknown, published = (bella.plan(tx, wall=local_time_ahead(hours=n)) for n in range(3))
        tx.execute(update(Post).where(Post.plan_id == missed.id).values(state=S.MISSED))
        tx.execute(update(Post).where(Post.plan_id.in_([unknown.id, published.id])).values(state=S.UNKNOWN, handle=b"x"))
        entry = content_plans.move(tx, missed.id, local_time_ahead(days=4))
        assert state(tx, missed.id) == S.SCHEDULED
        content_plans.undo(tx, entry.id)
        assert state(tx, missed.id) == S.MISSED
        resolved = content_plans.resolve_unknown(tx, unknown.posts[0].id, is_published=True, url="https://example.org/p/1")
        assert (resolved.state, resolved.by_hand) == (S.PUBLISHED, True)
        assert content_plans.resolve_unknown(tx, published.posts[0].id, is_published=False).state == S.APPROVED
        with pytest.raises(Conflict, match="no longer"):
            content_plans.resolve_unknown(tx, published.posts[0].id, is_published=True)


def test_posted_by_hand(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plan = bella.plan(tx, variants=(bella.variant(), bella.variant(channel_id=make_channel(tx, bella.influencer.id).id)))
        content_plans.mark_published(tx, plan.id, platform="instagram", remote_id="179")
        assert {post.platform: post.state for post in content_plans.get(tx, plan.id).posts} == {
            "instagram": S.PUBLISHED,
            "sandbox": S.DRAFT,
        }
        with pytest.raises(Conflict, match="as 179"):
            content_plans.mark_published(tx, plan.id, platform="instagram", remote_id="180")
