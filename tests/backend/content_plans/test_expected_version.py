"""An act on what somebody changed since it was shown is refused, with the difference, in the same transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend import content_plans, publishing
from backend.app import App
from backend.content_plans import ChangedSince, ExpectedPlans, PlanCard, PostState
from backend.db.transactions import Database
from backend.errors import StudioError
from backend.kit.ids import new_id
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.factories.posts import Planner, local_time_ahead, make_channel, make_planner
from tests.support.wait import until

S = PostState


def reworded(tx: Session, bella: Planner, plan: PlanCard, **values: Any) -> PlanCard:
    """As somebody else saves it."""
    draft = plan.draft().model_copy(update={"variants": (bella.variant(**values),)})
    return content_plans.save(tx, plan.id, draft, version=content_plans.get(tx, plan.id).version)


def many(verb: Callable[..., Any]) -> Callable[[Session, PlanCard, ExpectedPlans], None]:
    """An act on several plans, whose refusal is in its outcome, as one that raises it."""

    def run(tx: Session, plan: PlanCard, expected: ExpectedPlans) -> None:
        outcome = verb(tx, [plan.id], expected=expected)
        outcome = outcome[1] if isinstance(outcome, tuple) else outcome
        if plan.id in outcome.refused:
            raise ChangedSince(outcome.refused[plan.id])

    return run


VERBS: dict[str, Callable[[Session, PlanCard, ExpectedPlans], Any]] = {
    "schedule": many(content_plans.schedule),
    "submit": many(content_plans.submit_for_review),
    "approve": many(content_plans.approve),
    "hold": many(content_plans.hold),
    "reject": many(lambda tx, ids, expected: content_plans.reject(tx, ids, note="No", expected=expected)),
    "release": many(content_plans.release),
    "unschedule": many(content_plans.unschedule),
    "delete several": many(content_plans.delete_many),
    "shift": many(lambda tx, ids, expected: content_plans.shift(tx, ids, days=1, expected=expected)),
    "delete": lambda tx, plan, expected: content_plans.delete(tx, plan.id, expected=expected),
    "move": lambda tx, plan, expected: content_plans.move(tx, plan.id, local_time_ahead(days=9), expected=expected),
    "duplicate": lambda tx, plan, expected: content_plans.duplicate(tx, plan.id, request_key=new_id("key"), expected=expected),
    "use again": lambda tx, plan, expected: content_plans.repurpose(tx, plan.id, request_key=new_id("key"), expected=expected),
    "posted": lambda tx, plan, expected: content_plans.mark_published(tx, plan.id, expected=expected),
    "publish": lambda tx, plan, expected: publishing.send_now(tx, plan.id, request_key=new_id("key"), expected=expected),
    "try again": lambda tx, plan, expected: publishing.send_now(
        tx, post_id=plan.posts[0].id, request_key=new_id("key"), expected=expected
    ),
    "mend": lambda tx, plan, expected: content_plans.fix(tx, plan.posts[0].id, expected=expected),
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_act_is_refused_with_the_difference(app: App, workspace: Tenant, verb: str) -> None:
    with app.db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plan = bella.plan(tx, wall=local_time_ahead())
        reworded(tx, bella, plan, caption="Good night")
        before = content_plans.get(tx, plan.id)
        with pytest.raises(ChangedSince, match=r"Caption was “Good morning”, is now “Good night”\."):
            VERBS[verb](tx, plan, {plan.id: plan})
        with pytest.raises(ChangedSince, match=r"version 1 then, 2 now"):
            VERBS[verb](tx, plan, {plan.id: plan.version})
        assert content_plans.get(tx, plan.id) == before, "nothing was done"


@pytest.mark.parametrize("verb", ["schedule", "approve", "hold", "shift", "delete", "move", "duplicate", "posted", "publish"])
def test_what_is_as_it_was_shown_is_done(app: App, workspace: Tenant, verb: str) -> None:
    with app.db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plan = reworded(tx, bella, bella.plan(tx, wall=local_time_ahead()), caption="Good night")
        VERBS[verb](tx, plan, {plan.id: plan})


def test_of_several_only_the_changed_one_is_refused(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, policy="all")
        plans = [bella.plan(tx, wall=local_time_ahead(days=n + 1), topic=f"Plan {n}") for n in range(3)]
        content_plans.move(tx, plans[1].id, local_time_ahead(days=20))
        outcome = content_plans.approve(tx, [plan.id for plan in plans], expected={plan.id: plan for plan in plans})
        assert outcome.done == [plans[0].id, plans[2].id]
        assert "“Plan 1” was changed by somebody else" in outcome.refused[plans[1].id]
        assert "Time was" in outcome.refused[plans[1].id]
        assert content_plans.get(tx, plans[1].id).state == S.DRAFT


def test_pictures_that_came_meanwhile_count_as_a_change(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plan = bella.plan(tx, variants=(bella.variant(media=()),))
        content_plans.attach_files(tx, plan.id, [make_asset(tx)])
        [refused] = content_plans.approve(tx, [plan.id], expected={plan.id: plan}).refused.values()
        assert "Pictures and videos was “0 files”, is now “1 file”." in refused


def test_differences_name_the_channel_where_there_are_several(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        other = make_channel(tx, bella.influencer.id)
        first = bella.plan(
            tx, wall=local_time_ahead(), variants=(bella.variant(), bella.variant(channel_id=other.id, hashtags="#a #b"))
        )
        third = make_channel(tx, bella.influencer.id, "youtube", "bella.films")
        changed = bella.variant(channel_id=other.id, hashtags="#a", alt_texts={bella.asset_id: "A tram"}, format="story")
        draft = first.draft().model_copy(update={"variants": (changed, bella.variant(channel_id=third.id)), "notes": "Hm"})
        now = content_plans.save(tx, first.id, draft, version=first.version)
    sentences = [str(difference) for difference in content_plans.differences(first, now)]
    assert sentences == [
        "Bella was “a post there”, is now “no post there”.",
        "bella.travels: Hashtags was “#a #b”, is now “#a”.",
        "bella.travels: Format was empty, is now “story”.",
        "bella.travels: Alt texts was empty, is now “A tram”.",
        "bella.films was “no post there”, is now “a post there”.",
        "Notes was empty, is now “Hm”.",
    ]
    assert content_plans.differences(first, first) == ()


def test_a_save_that_runs_meanwhile_is_waited_for(db: Database, workspace: Tenant) -> None:
    """The approval looks at the row only when the other's transaction has ended."""
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, policy="all")
        plan = bella.plan(tx, wall=local_time_ahead())
    began, refused = threading.Event(), []

    def approve() -> None:
        began.set()
        with db.transaction(workspace.caller) as tx:
            refused.append(content_plans.approve(tx, [plan.id], expected={plan.id: plan}).refused)

    with db.transaction(workspace.caller) as tx:
        reworded(tx, bella, plan, caption="Good night")
        other = threading.Thread(target=approve)
        other.start()
        assert began.wait(20)
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        until(lambda: tx.scalar(waiting) or not other.is_alive(), 60, what="the approval at the lock")
    other.join(20)
    assert "is now “Good night”" in refused[0][plan.id]
    with db.transaction(workspace.caller) as tx:
        assert content_plans.get(tx, plan.id).state == S.DRAFT


def test_approved_and_sent_by_one_act(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, policy="all")
        plan = bella.plan(tx, wall=local_time_ahead())
        assert content_plans.needs_approval(tx, plan)
        assert "approve" in content_plans.publish_now_refusal(tx, plan)
        assert content_plans.publish_now_refusal(tx, plan, approve=True) == ""
        with pytest.raises(StudioError, match="approve"):
            publishing.send_now(tx, plan.id, request_key=new_id("key"))
        publishing.send_now(tx, plan.id, request_key=new_id("key"), approve=True)
        [post] = content_plans.get(tx, plan.id).posts
        assert (post.state, post.approved_by) == (S.PUBLISHING, workspace.owner.id)
        held = bella.plan(tx, wall=local_time_ahead())
        content_plans.hold(tx, [held.id])
        assert "on hold" in content_plans.publish_now_refusal(tx, content_plans.get(tx, held.id), approve=True)
