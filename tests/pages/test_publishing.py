"""What pages say of a post whose time has come, and what people can do about it, without a browser or a worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from backend import content_plans, jobs
from backend.app import App
from backend.channels.tokens import update_channel as put_channel
from backend.content_plans import PlanCard, PostState
from backend.db.tables import Post, PostAttempt
from backend.kit.clock import now
from backend.kit.ids import new_id
from tests.factories.account import Tenant
from tests.factories.posts import Planner, local_time_ahead, make_planner
from tests.pages.conftest import Open
from tests.pages.test_plan import press, said, state

S = PostState


@pytest.fixture
def bella(app: App, workspace: Tenant) -> Planner:
    with app.db.transaction(workspace.caller) as tx:
        return make_planner(tx)


def plan_in(app: App, workspace: Tenant, bella: Planner, target: PostState, **values: Any) -> PlanCard:
    with app.db.transaction(workspace.caller) as tx:
        card = bella.plan(tx, wall=local_time_ahead())
        tx.execute(update(Post).where(Post.plan_id == card.id).values(state=target, **values))
        return content_plans.get(tx, card.id)


def tried(app: App, workspace: Tenant, post_id: str, **values: Any) -> None:
    with app.db.transaction(workspace.caller) as tx:
        n = len(content_plans.list_attempts(tx, post_id)) + 1
        tx.add(PostAttempt(id=new_id("try"), tenant_id=workspace.id, post_id=post_id, n=n, ended_at=now(), **values))


def labels(at: AppTest) -> set[str]:
    return {button.label for button in at.button}


def test_publish_now_says_where_and_is_watched(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    with app.db.transaction(workspace.caller) as tx:
        plan = bella.plan(tx, wall=local_time_ahead())
    at = open_page("calendar/calendar", id=plan.id)
    assert "Bella · Sandbox" in said(at)
    press(at, "Yes, publish now")
    with app.db.transaction(workspace.caller) as tx:
        post = content_plans.get(tx, plan.id).posts[0]
        assert post.job_id
        assert (post.state, jobs.get(tx, post.job_id).kind) == (S.PUBLISHING, "autopost")
    assert "Followers see nothing before its last step" in said(at)
    assert not {"Yes, publish now", "I posted it myself", "Delete plan"} & labels(at)
    at = open_page("settings/jobs")
    with app.db.transaction(workspace.caller) as tx:
        jobs.cancel(tx, post.job_id)
    assert state(app, workspace, plan.id) == S.ON_HOLD
    at = open_page("settings/jobs", id=post.job_id)
    assert "Open the plan" in labels(at)


def test_publish_now_is_refused_with_the_reason(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    with app.db.transaction(workspace.caller) as tx:
        plan = bella.plan(tx, wall=local_time_ahead())
        content_plans.pause_publishing(tx)
    at = open_page("calendar/calendar", id=plan.id)
    assert "Publishing is stopped" in said(at)
    assert at.get_by_key(f"now:{plan.id}").disabled, "the reason is beside it"


def test_what_waits_says_until_when(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    later, why = now() + timedelta(hours=2), "Instagram's daily limit is reached."
    plan = plan_in(app, workspace, bella, S.SCHEDULED, not_before=later, error=why)
    at = open_page("calendar/calendar", id=plan.id)
    assert f"Bella waits until {later:%H:%M}" in said(at) or "waits until tomorrow" in said(at)
    assert why in said(at)


def test_a_published_post_and_its_log(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan = plan_in(
        app, workspace, bella, S.PUBLISHED, url="https://example.org/p/1", published_at=now(), first_comment="Which line?"
    )
    values = {
        "ai_made": True,
        "format": "picture",
        "files": [{"kind": "picture", "width": 1080, "height": 1350, "size": 312_000}],
        "said": ["Sandbox: ai_made=true"],
        "comment": {"state": "failed", "said": "Comments are off there."},
    }
    tried(app, workspace, plan.posts[0].id, outcome="released", said="The sandbox has a fault right now.", phase="preparing")
    tried(app, workspace, plan.posts[0].id, outcome="published", phase="submitting", sent=values)
    at = open_page("calendar/calendar", id=plan.id)
    page = said(at)
    assert "Published just now by the studio" in page
    assert [element.proto.url for element in at.get("link_button")] == ["https://example.org/p/1"]
    assert "First comment not written. Comments are off there." in page
    assert [element.label for element in at.expander if "publish it" in element.label] == ["2 tries to publish it"]
    assert "Sent: 1 picture (1080 × 1350, 305 KB) · picture · marked as AI-made" in page
    assert "The sandbox has a fault right now. Got as far as preparing." in page


def test_nobody_knows_and_a_person_says(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan = plan_in(app, workspace, bella, S.UNKNOWN, error="The answer was lost.", due_at=now())
    post = plan.posts[0]
    at = open_page("calendar/calendar", id=plan.id)
    assert "that begins “Good morning”" in said(at)
    assert "followers see it twice" in said(at)
    at.text_input(f"url:{post.id}").set_value("not an address")
    press(at, "Mark as published")
    assert "as the browser shows it" in said(at)
    assert state(app, workspace, plan.id) == S.UNKNOWN
    at.text_input(f"url:{post.id}").set_value("https://example.org/p/2")
    press(at, "Mark as published")
    with app.db.transaction(workspace.caller) as tx:
        stored = content_plans.get_post(tx, post.id)
    assert (stored.state, stored.url, stored.by_hand) == (S.PUBLISHED, "https://example.org/p/2", True)
    assert "by hand, as" in said(at)


def test_not_there_is_sent_again_at_once(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan = plan_in(app, workspace, bella, S.UNKNOWN, error="Lost.", handle=b"old", submitted_at=now(), phase="submitting")
    press(open_page("calendar/calendar", id=plan.id), "It is not there: post again now")
    with app.db.transaction(workspace.caller) as tx:
        row = tx.get_one(Post, plan.posts[0].id)
        assert (row.state, row.handle, row.phase, row.submitted_at) == (S.PUBLISHING, None, "preparing", None)


def test_a_failed_post_is_tried_again(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan = plan_in(app, workspace, bella, S.FAILED, error="The picture is too small.", tries=6)
    assert not {"Try again", "Yes, publish now"} & labels(open_page("calendar/calendar", person=workspace.viewer, id=plan.id))
    at = open_page("calendar/calendar", id=plan.id)
    assert "Nothing of it is out" in said(at)
    press(at, "Try again")
    assert state(app, workspace, plan.id) == S.PUBLISHING


def test_what_needs_a_person_is_on_review_and_the_overview(
    open_page: Open, app: App, workspace: Tenant, bella: Planner
) -> None:
    plan_in(app, workspace, bella, S.FAILED, error="The picture is too small.")
    with app.db.transaction(workspace.caller) as tx:
        content_plans.schedule(tx, [bella.plan(tx, wall=local_time_ahead(days=2)).id])
        put_channel(tx, bella.channel.id, state="reconnect", trouble="The connection has ended.")
    first = open_page("home/home")
    assert "1 post: could not be published." in said(first).replace("**", "")
    assert "The connection has ended. 1 post waits for it." in said(first)
    at = open_page("inbox/review", show="failed")
    assert "The picture is too small." in said(at)
    with app.db.transaction(workspace.caller) as tx:
        content_plans.pause_publishing(tx, bella.influencer.id)
    assert "held: publishing is stopped for Bella." in said(open_page("inbox/review", show="on_hold"))


def test_a_channel_says_how_it_posts(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_in(app, workspace, bella, S.PUBLISHED, published_at=now())
    with app.db.transaction(workspace.caller) as tx:
        content_plans.schedule(tx, [bella.plan(tx, wall=local_time_ahead(days=3)).id])
    at = open_page("settings/channels")
    assert "Last post just now, 1 in the last 24 hours. Next:" in said(at)


def test_the_form_follows_what_went_out(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    with app.db.transaction(workspace.caller) as tx:
        plan = bella.plan(tx, wall=local_time_ahead())
    at = press(open_page("calendar/calendar", id=plan.id), "Yes, publish now")
    assert "while you were editing" not in said(at)
    assert [element.disabled for element in at.text_area if element.label == "Caption"] == [True]
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Post).where(Post.plan_id == plan.id).values(state=S.FAILED, error="The picture is too small."))
    at.run()
    assert [element.disabled for element in at.text_area if element.label == "Caption"] == [False]
