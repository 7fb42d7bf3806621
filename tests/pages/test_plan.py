"""The calendar's page, a plan, the review queue: what they say and do, without a browser."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from backend import posts
from backend.bootstrap import App
from backend.posts import PostState
from backend.tables import Post
from tests.factories.account import Tenant
from tests.factories.posts import Planner, ahead, make_planner
from tests.pages.conftest import Open, words

S = PostState


@pytest.fixture
def bella(app: App, workspace: Tenant) -> Planner:
    with app.db.transaction(workspace.caller) as tx:
        return make_planner(tx, policy="all", zone="Europe/Berlin")


def plan_of(app: App, workspace: Tenant, bella: Planner, **values: Any) -> str:
    with app.db.transaction(workspace.caller) as tx:
        return bella.plan(tx, **{"wall": ahead(), **values}).id


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    at.run()
    assert not at.exception
    return at


def state(app: App, workspace: Tenant, plan_id: str) -> PostState:
    with app.db.transaction(workspace.caller) as tx:
        return posts.get(tx, plan_id).state


def said(at: AppTest) -> str:
    return words(at).replace("\\", "")


def test_an_empty_calendar_says_how_to_begin(open_page: Open, bella: Planner) -> None:
    at = open_page("plan/calendar", influencer=bella.influencer.id)
    assert "Nothing planned on" in said(at)
    assert {"New plan", "Save rules"} <= {button.label for button in at.button}


def test_a_plan_goes_its_way_from_draft_to_scheduled(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    at = open_page("plan/calendar", id=plan_id)
    assert "Draft" in said(at)
    press(at, "Send to review")
    assert state(app, workspace, plan_id) == S.IN_REVIEW
    queue = open_page("plan/review")
    assert "Good morning" in said(queue)
    press(queue, "Approve")
    assert state(app, workspace, plan_id) == S.SCHEDULED
    assert "Nothing waits here" in said(queue)


def test_an_edit_is_saved_and_reviewed_again(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    with app.db.transaction(workspace.caller) as tx:
        posts.approve(tx, [plan_id])
    at = open_page("plan/calendar", id=plan_id)
    next(area for area in at.text_area if area.label == "Caption").set_value("Quite other words")
    press(at, "Save")
    with app.db.transaction(workspace.caller) as tx:
        card = posts.get(tx, plan_id)
    assert (card.state, card.posts[0].caption, card.wall) == (S.IN_REVIEW, "Quite other words", ahead())


def test_sent_back_with_a_note(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    with app.db.transaction(workspace.caller) as tx:
        posts.submit(tx, [plan_id])
    at = open_page("plan/review")
    next(area for area in at.text_area if area.label == "What should change?").set_value("Too loud")
    at.get_by_key(f"no:{plan_id}").click()
    at.run()
    assert state(app, workspace, plan_id) == S.DRAFT
    assert "Reviewer: Too loud" in said(open_page("plan/calendar", id=plan_id))


def test_unknown_posts_ask_for_a_look_at_the_account(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Post).where(Post.plan_id == plan_id).values(state=S.UNKNOWN, error="The answer was lost."))
    at = open_page("plan/calendar", id=plan_id)
    assert "The answer was lost." in said(at)
    press(at, "Mark as published")
    assert state(app, workspace, plan_id) == S.PUBLISHED


def test_viewers_look_and_an_unknown_plan_gets_a_sentence(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    at = open_page("plan/calendar", who=workspace.viewer, id=plan_id)
    assert not {"Save", "Approve", "Hold"} & {button.label for button in at.button}
    assert "does not exist here" in open_page("plan/calendar", id="cp_gone").error[0].value


def test_stop_and_start_again(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    with app.db.transaction(workspace.caller) as tx:
        posts.approve(tx, [plan_id])
    at = open_page("plan/calendar")
    at.get_by_key("stop:workspace").click()
    at.run()
    assert state(app, workspace, plan_id) == S.ON_HOLD
    assert "Publishing is stopped" in said(at)
    at.get_by_key("stop:workspace").click()
    at.run()
    assert state(app, workspace, plan_id) == S.SCHEDULED


def test_a_post_that_rests_is_used_again_only_when_asked_twice(
    open_page: Open, app: App, workspace: Tenant, bella: Planner
) -> None:
    plan_id = plan_of(app, workspace, bella)
    with app.db.transaction(workspace.caller) as tx:
        posts.posted(tx, plan_id)
    at = open_page("plan/calendar", id=plan_id)
    press(at, "Use again")
    assert "posts rest for 60 days" in said(at)
    press(at, "Use it anyway")
    assert "Use it anyway" not in {button.label for button in at.button}
    with app.db.transaction(workspace.caller) as tx:
        assert [one.repurposed_from for one in posts.page(tx).cards if one.id != plan_id] == [plan_id]
