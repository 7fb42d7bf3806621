"""The calendar's page and the review queue: what they say and do, without a browser."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backend import content_plans
from backend.app import App
from backend.content_plans import PostState
from tests.factories.account import Tenant
from tests.factories.posts import Planner, local_time_ahead, make_planner
from tests.pages.conftest import Open, words

S = PostState


@pytest.fixture
def bella(app: App, workspace: Tenant) -> Planner:
    with app.db.transaction(workspace.caller) as tx:
        return make_planner(tx, policy="all", zone="Europe/Berlin")


def plan_of(app: App, workspace: Tenant, bella: Planner, **values: Any) -> str:
    with app.db.transaction(workspace.caller) as tx:
        return bella.plan(tx, **{"wall": local_time_ahead(), **values}).id


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    at.run()
    assert not at.exception
    return at


def state(app: App, workspace: Tenant, plan_id: str) -> PostState:
    with app.db.transaction(workspace.caller) as tx:
        return content_plans.get(tx, plan_id).state


def said(at: AppTest) -> str:
    return words(at).replace("\\", "")


def test_an_empty_calendar_says_how_to_begin(open_page: Open, bella: Planner) -> None:
    at = open_page("calendar/calendar", influencer=bella.influencer.id)
    assert "Nothing planned on" in said(at)
    assert "Fill the week" in {button.label for button in at.button}


def test_approving_all_leaves_out_what_was_changed_meanwhile(
    open_page: Open, app: App, workspace: Tenant, bella: Planner
) -> None:
    first, second = (plan_of(app, workspace, bella, wall=local_time_ahead(days=n), topic=f"Plan {n}") for n in (1, 2))
    at = open_page("inbox/review")
    assert "Drafts (2)" in str(at.get_by_key("review:kind").options), "it opens where something waits"
    with app.db.transaction(workspace.caller) as tx:
        content_plans.move(tx, second, local_time_ahead(days=9))
    press(at, "Approve all 2")
    assert (state(app, workspace, first), state(app, workspace, second)) == (S.SCHEDULED, S.DRAFT)
    assert "1 not: “Plan 2” was changed by somebody else after you opened it. Time was" in said(at)
    press(at, "Undo")
    assert state(app, workspace, first) == S.DRAFT


def test_sent_back_with_a_note(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    with app.db.transaction(workspace.caller) as tx:
        content_plans.submit_for_review(tx, [plan_id])
    at = open_page("inbox/review")
    next(area for area in at.text_area if area.label == "What should change?").set_value("Too loud")
    at.get_by_key(f"no:{plan_id}").click()
    at.run()
    assert state(app, workspace, plan_id) == S.DRAFT
    with app.db.transaction(workspace.caller) as tx:
        assert content_plans.get(tx, plan_id).posts[0].note == "Too loud"
