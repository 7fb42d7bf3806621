"""Automations on their page: from a template to a saved one, steps by forms, runs, and what a viewer sees."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from backend import automations, influencers
from backend.automations import TEMPLATES, AutomationDraft
from backend.automations.definition import (
    CronTrigger,
    EventTrigger,
    HandTrigger,
    Notify,
    PublishPosts,
    TakePosts,
    WebhookTrigger,
)
from backend.automations.schemas import Flow
from backend.db.tables import AutomationRun
from backend.db.transactions import Database
from studio.automations import step_form, trigger_form
from studio.automations.words import STEP_CLASSES
from studio.automations.working_copy import WorkingCopy, start_values
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.factories.posts import make_planner
from tests.pages.conftest import Open, words

PAGE = "calendar/automations"
DRAWN: list[Callable[[], None]] = []
"""What `in_dialog` draws: its last one."""
DAILY = AutomationDraft(
    name="Daily [post](http://x)", trigger=CronTrigger(), steps=(TakePosts(), Notify(message="**{summary}**"))
)


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def create(db: Database, workspace: Tenant, draft: AutomationDraft = DAILY) -> str:
    with db.transaction(workspace.caller, needs="editor") as tx:
        return automations.create(tx, draft).id


@pytest.fixture(autouse=True)
def influencer_id(db: Database, workspace: Tenant) -> str:
    with db.transaction(workspace.caller, needs="editor") as tx:
        return make_influencer(tx, time_zone="Europe/Rome").id


def test_a_template_is_looked_at_changed_and_saved(open_page: Open, db: Database, workspace: Tenant) -> None:
    empty = open_page(PAGE)
    assert len([button for button in empty.button if button.label == "Use it"]) == len(TEMPLATES)
    at = open_page(PAGE, new="daily-content")
    assert "Not saved yet" in words(at)
    assert "Every day at 09:00" in shown(at)
    at = press(at, "Remove step 1")
    at = press(at, "Move step 2 up")
    assert "1. Write texts" in words(at)
    assert "needs a step before it" in words(at)
    assert next(button for button in at.button if button.label == "Save and switch on").disabled
    at = press(at, "Move step 1 down")
    press(at, "Save and switch on")
    with db.transaction(workspace.caller) as tx:
        [card] = automations.page(tx)
    assert [step.kind for step in card.draft.steps] == ["plan-posts", "write", "draw", "schedule", "notify"]


def in_dialog() -> None:
    """A form alone: AppTest does not keep dialogs open."""
    from tests.pages.test_automations import DRAWN

    DRAWN[-1]()


def test_a_step_that_is_refused_says_so_and_keeps_what_was_typed(open_page: Open, db: Database, workspace: Tenant) -> None:
    automation_id = create(db, workspace)
    assert "Change" in words(press(open_page(PAGE, id=automation_id), "Change step 2"))
    with db.transaction(workspace.caller) as tx:
        edited = WorkingCopy("test", 1, None, start_values(automations.get(tx, automation_id).draft))
    page = SimpleNamespace(transaction=partial(db.transaction, workspace.caller))
    DRAWN.append(lambda: step_form.step_fields(page, edited, "form", edited.steps[1], 1, "Change"))  # type: ignore[arg-type]
    at = AppTest.from_function(in_dialog).run()
    at = press(at.text_area[0].set_value("  ").run(), "Change")
    assert len(at.error) == 1
    assert (at.text_area[0].value, edited.steps[1]) == ("  ", DAILY.steps[1])
    at = press(at.text_area[0].set_value("Done: {summary}").run(), "Change")
    assert (edited.steps[1], list(at.error)) == (Notify(message="Done: {summary}"), [])
    for n, (kind, cls) in enumerate(STEP_CLASSES.items()):
        step = cls.model_construct()
        DRAWN.append(partial(step_form.step_fields, page, edited, f"new:{n}", step, None, "Add"))  # type: ignore[arg-type]
        assert not press(AppTest.from_function(in_dialog).run(), "Add").exception, kind
    assert {step.kind for step in edited.steps} == set(STEP_CLASSES) - {"webhook"}, "there is no endpoint to choose"


def test_what_somebody_else_has_saved_is_not_written_over(open_page: Open, db: Database, workspace: Tenant) -> None:
    automation_id = create(db, workspace)
    at = press(open_page(PAGE, id=automation_id), "Remove step 1")
    with db.transaction(workspace.caller, needs="editor") as tx:
        automations.save(tx, automation_id, DAILY.model_copy(update={"name": "Theirs"}), version=1)
    at = press(at, "Save")
    assert "Somebody else changed" in words(at)
    at = press(at, "Load the newer version")
    assert "Theirs" in words(at)
    assert "2. Send a notice" in words(at)


def test_a_time_is_said_in_words_with_the_next_three(
    open_page: Open, db: Database, workspace: Tenant, influencer_id: str
) -> None:
    at = press(open_page(PAGE, id=create(db, workspace)), "Change what starts it")
    assert shown(at).count("09:00 (Rome)") == 1 + 3, "the next one above, the next three in the dialog"
    with db.transaction(workspace.caller) as tx:
        influencer = influencers.get(tx, influencer_id)
    edited = WorkingCopy("test", 1, None, start_values(DAILY))
    DRAWN.append(partial(trigger_form.trigger_fields, edited, "form", influencer))
    at = AppTest.from_function(in_dialog).run()
    at = next(box for box in at.selectbox if box.label == "How often").set_value("custom").run()
    at = at.text_input[0].set_value("* * * * *").run()
    assert "more often than every 15 minutes" in shown(at)
    at = press(at.text_input[0].set_value("30 6 * * 1").run(), "Change")
    assert "Every Monday at 06:30" in shown(at)
    assert edited.trigger == CronTrigger(cron="30 6 * * 1")


def shown(at: AppTest) -> str:
    return words(at).replace("\\", "")


def test_runs_are_listed_opened_and_stopped(open_page: Open, db: Database, workspace: Tenant) -> None:
    automation_id = create(db, workspace)
    press(open_page(PAGE, id=automation_id), "Run now")
    at = open_page(PAGE, id=automation_id, view="history")
    assert "by hand" in words(at)
    with db.transaction(workspace.caller) as tx:
        [run] = automations.runs(tx, automation_id).cards
    at = open_page(PAGE, id=automation_id, run=run.id)
    assert words(at).count("Not started") == 2
    press(at, "Stop")
    with db.transaction(workspace.caller) as tx:
        assert automations.get_run(tx, run.id).state == "cancelled"


def test_a_run_is_shown_with_what_it_made(open_page: Open, db: Database, workspace: Tenant) -> None:
    automation_id = create(db, workspace)
    with db.transaction(workspace.caller, needs="editor") as tx:
        planner = make_planner(tx, "Nina")
        plan = planner.plan(tx)
        [run] = automations.run_now(tx, automation_id, influencer_id=planner.influencer.id, request_key="k")
        figures = Flow(posts=[plan.id, "cp_gone"]).model_dump()
        tx.execute(update(AutomationRun).where(AutomationRun.id == run.id).values(figures=figures))
    for query in ({}, {"id": automation_id, "view": "history"}, {"id": automation_id, "run": run.id}):
        at = open_page(PAGE, **query)
        assert [html.proto.body for html in at.get("html") if planner.asset_id in html.proto.body], query


def test_the_list_switches_off_and_takes_back_a_deletion(open_page: Open, db: Database, workspace: Tenant) -> None:
    automation_id = create(db, workspace)
    at = open_page(PAGE)
    at.toggle[0].set_value(False).run()
    with db.transaction(workspace.caller, needs="editor") as tx:
        assert automations.get(tx, automation_id).paused_at
        automations.resume(tx, automation_id)
        create_more = AutomationDraft(name="On approval", trigger=EventTrigger(event="post.approved"), steps=(Notify(),))
        automations.create(tx, create_more)
    assert "A post was approved" in words(open_page(PAGE))


def test_an_address_is_shown_once(open_page: Open, db: Database, workspace: Tenant) -> None:
    automation_id = create(db, workspace, AutomationDraft(name="Hook", trigger=WebhookTrigger(), steps=(Notify(),)))
    at = press(open_page(PAGE, id=automation_id), "Create address")
    [address] = [code.value for code in at.code]
    assert "/api/automation-hooks/" in address
    assert f"ends with …{address[-4:]}" in shown(open_page(PAGE, id=automation_id))


def test_a_viewer_sees_all_and_changes_nothing(open_page: Open, db: Database, workspace: Tenant) -> None:
    draft = AutomationDraft(name="Hook", trigger=HandTrigger(), steps=(TakePosts(), PublishPosts()))
    at = open_page(PAGE, person=workspace.viewer, id=create(db, workspace, draft))
    assert not at.exception
    assert "2. Publish" in words(at)
    assert {button.label for button in at.button} <= {"All automations", "Dry run", "About this page", "Sign out"}
    assert all(field.disabled for field in at.text_input)
    shown = press(at, "Dry run")
    assert "No post on the calendar fits" in words(shown)
    assert "Use it" not in words(open_page(PAGE, person=workspace.viewer, new="choose"))
