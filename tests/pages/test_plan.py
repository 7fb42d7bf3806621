"""The calendar's page, a plan, the review queue: what they say and do, without a browser."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from backend import content_plans
from backend.app import App
from backend.content_plans import PostState
from backend.db.tables import Post
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


def test_a_plan_goes_its_way_from_draft_to_scheduled(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    at = open_page("calendar/calendar", id=plan_id)
    assert "Draft" in said(at)
    press(at, "Send to review")
    assert state(app, workspace, plan_id) == S.IN_REVIEW
    queue = open_page("inbox/review")
    assert "Good morning" in said(queue)
    press(queue, "Approve")
    assert state(app, workspace, plan_id) == S.SCHEDULED
    assert "Nothing waits here" in said(queue)


def test_an_edit_is_saved_and_reviewed_again(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    with app.db.transaction(workspace.caller) as tx:
        content_plans.approve(tx, [plan_id])
    at = open_page("calendar/calendar", id=plan_id)
    next(area for area in at.text_area if area.label == "Caption").set_value("Quite other words")
    press(at, "Save")
    with app.db.transaction(workspace.caller) as tx:
        card = content_plans.get(tx, plan_id)
    assert (card.state, card.posts[0].caption, card.wall) == (S.IN_REVIEW, "Quite other words", local_time_ahead())


def caption(at: AppTest) -> Any:
    return next(area for area in at.text_area if area.label == "Caption")


def test_what_was_typed_is_saved_with_the_act_and_said_so(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    at = open_page("calendar/calendar", id=plan_id)
    assert not [button.label for button in at.button if button.label.startswith("Save and")], "nothing was typed"
    caption(at).set_value("My new words").run()
    assert "Unsaved changes: Caption" in said(at)
    press(at, "Save and approve")
    with app.db.transaction(workspace.caller) as tx:
        card = content_plans.get(tx, plan_id)
    assert (card.state, card.posts[0].caption) == (S.SCHEDULED, "My new words")
    assert "Saved. Scheduled for" in said(at)
    assert not [button.label for button in at.button if button.label.startswith("Save and")]
    press(at, "Undo")
    assert state(app, workspace, plan_id) == S.DRAFT


def test_a_button_pressed_before_it_could_say_so_saves_as_well(
    open_page: Open, app: App, workspace: Tenant, bella: Planner
) -> None:
    plan_id = plan_of(app, workspace, bella)
    at = open_page("calendar/calendar", id=plan_id)
    caption(at).set_value("Typed, then clicked at once")
    press(at, "Yes, approve and publish")
    with app.db.transaction(workspace.caller) as tx:
        [post] = content_plans.get(tx, plan_id).posts
    assert (post.state, post.caption, post.approved_by) == (S.PUBLISHING, "Typed, then clicked at once", workspace.owner.id)


def test_what_cannot_be_done_is_saved_all_the_same(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella, variants=(bella.variant(media=()),))
    at = open_page("calendar/calendar", id=plan_id)
    caption(at).set_value("No picture yet").run()
    press(at, "Save and send to review")
    assert "Saved. Not done: Bella · Sandbox: Add a picture" in said(at).replace("Bella: Add", "Bella · Sandbox: Add")
    with app.db.transaction(workspace.caller) as tx:
        card = content_plans.get(tx, plan_id)
    assert (card.state, card.posts[0].caption) == (S.DRAFT, "No picture yet")


def test_unsaved_changes_are_there_when_the_plan_is_opened_again(
    open_page: Open, app: App, workspace: Tenant, bella: Planner
) -> None:
    plan_id = plan_of(app, workspace, bella)
    caption(open_page("calendar/calendar", id=plan_id)).set_value("Closed too early").run()
    assert caption(open_page("calendar/calendar", person=workspace.editor, id=plan_id)).value == "Good morning", (
        "they are one's own"
    )
    at = open_page("calendar/calendar", id=plan_id)
    assert caption(at).value == "Closed too early"
    assert "restored: Caption" in said(at)
    press(at, "Discard")
    assert caption(at).value == "Good morning"
    assert caption(open_page("calendar/calendar", id=plan_id)).value == "Good morning"


def test_two_people_the_second_sees_what_the_first_changed(
    open_page: Open, app: App, workspace: Tenant, bella: Planner
) -> None:
    plan_id = plan_of(app, workspace, bella)
    ada, ben = open_page("calendar/calendar", id=plan_id), open_page("calendar/calendar", id=plan_id, person=workspace.editor)
    caption(ben).set_value("Ben's words")
    press(ben, "Save")
    press(ada, "Approve")
    assert state(app, workspace, plan_id) == S.DRAFT, "Ada has not seen Ben's words"
    assert "Caption was “Good morning”, is now “Ben's words”." in said(ada)
    assert ada.get_by_key(f"Approve:{plan_id}").disabled, "first she chooses"
    press(ada, "Load the newer version")
    assert caption(ada).value == "Ben's words"
    press(ada, "Approve")
    assert state(app, workspace, plan_id) == S.SCHEDULED


def test_ones_own_changes_are_kept_on_top_of_the_others(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    ada = open_page("calendar/calendar", id=plan_id)
    next(element for element in ada.text_input if element.label == "Topic").set_value("Ada's topic").run()
    with app.db.transaction(workspace.caller) as tx:
        draft = bella.variant(caption="Ben's words")
        content_plans.save(
            tx, plan_id, content_plans.get(tx, plan_id).draft().model_copy(update={"variants": (draft,)}), version=1
        )
    ada.run()
    assert "Topic was “Trams”, is now “Ada's topic”." in said(ada)
    press(ada, "Keep my changes")
    assert caption(ada).value == "Ben's words"
    press(ada, "Save")
    with app.db.transaction(workspace.caller) as tx:
        card = content_plans.get(tx, plan_id)
    assert (card.topic, card.posts[0].caption) == ("Ada's topic", "Ben's words")


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
    assert "Reviewer: Too loud" in said(open_page("calendar/calendar", id=plan_id))


def test_unknown_posts_ask_for_a_look_at_the_account(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Post).where(Post.plan_id == plan_id).values(state=S.UNKNOWN, error="The answer was lost."))
    at = open_page("calendar/calendar", id=plan_id)
    assert "The answer was lost." in said(at)
    press(at, "Mark as published")
    assert state(app, workspace, plan_id) == S.PUBLISHED


def test_viewers_look_and_an_unknown_plan_gets_a_sentence(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_id = plan_of(app, workspace, bella)
    at = open_page("calendar/calendar", person=workspace.viewer, id=plan_id)
    assert not {"Save", "Approve", "Hold"} & {button.label for button in at.button}
    assert "does not exist here" in open_page("calendar/calendar", id="cp_gone").error[0].value


def test_a_post_that_rests_says_so_and_is_used_again_anyway(
    open_page: Open, app: App, workspace: Tenant, bella: Planner
) -> None:
    plan_id = plan_of(app, workspace, bella)
    with app.db.transaction(workspace.caller) as tx:
        content_plans.mark_published(tx, plan_id)
    at = open_page("calendar/calendar", id=plan_id)
    assert "Use again" not in {button.label for button in at.button}
    assert "posts rest for 60 days" in said(at)
    press(at, "Use it anyway")
    with app.db.transaction(workspace.caller) as tx:
        assert [plan.repurposed_from for plan in content_plans.page(tx).cards if plan.id != plan_id] == [plan_id]
