"""Filling a week on the calendar's page: the question, what it comes to, the drafts afterwards, the review of many."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from backend import bulk_planning, channels, content_plans, jobs
from backend.app import App
from backend.bulk_planning import SeriesOrder, pipeline
from backend.bulk_planning.schemas import SeriesPayload
from backend.content_plans import PostState
from backend.db.tables import Job
from backend.engines.local.offline_writer.writer import OfflineWriter
from backend.kit.clock import now
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.factories.posts import Planner, make_planner
from tests.fakes.engines import FakeImageEngine
from tests.fakes.identity import FakeIdentity
from tests.pages.conftest import Open, words
from tests.support.context import make_context

S = PostState


@pytest.fixture
def bella(app: App, workspace: Tenant) -> Planner:
    app.__dict__["engines"] = SimpleNamespace(image=FakeImageEngine(), identity=FakeIdentity(), text=OfflineWriter())
    with app.db.transaction(workspace.caller) as tx:
        return make_planner(tx, policy="all", zone="Europe/Berlin")


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    at.run()
    assert not at.exception
    return at


def within(at: AppTest, opener: str, label: str = "") -> AppTest:
    """A run inside an open dialog: AppTest knows no fragments, so the button that opens it is pressed with it."""
    for button_label in (opener, label):
        if button_label:
            next(button for button in at.button if button.label == button_label).click()
    at.run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    return words(at).replace("\\", "")


def written(app: App, workspace: Tenant, bella: Planner, n: int = 3) -> str:
    """A series that has ended. Returns its job."""
    first = now().date() + timedelta(days=2)
    order = SeriesOrder(
        influencer_id=bella.influencer.id, first=first, days=n, clocks=("18:00",), channel_ids=(bella.channel.id,), pictures=0
    )
    with app.db.transaction(workspace.caller) as tx:
        job = bulk_planning.start_series(tx, order=order, request_key="series")
    context = make_context(app, workspace, bulk_planning.SERIES_KIND, SeriesPayload(order=order), job_id=job.id)
    result = pipeline.run_series(context, SeriesPayload(order=order))
    with app.db.transaction(workspace.caller) as tx:
        row = tx.get_one(Job, job.id)
        row.state, row.result = "completed", result
    return job.id


def test_an_empty_calendar_leads_to_a_planned_week(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    at = open_page("calendar/calendar")
    assert "Nothing is planned yet" in said(at)
    press(at, "Fill the week")
    page_text = said(at)
    assert "**7 drafts**, written and illustrated" in page_text
    assert "the offline writer writes the texts, free" in page_text
    assert "7 pictures in about" in page_text
    assert "to load the model" in page_text
    assert "Bella has no LoRA yet" in page_text
    next(element for element in at.toggle if element.label == "Make the pictures too").set_value(False)
    assert "pictures in about" not in said(within(at, "Fill the week"))
    within(at, "Fill the week", "Create 7 posts")
    with app.db.transaction(workspace.caller) as tx:
        (job,) = jobs.page(tx, kinds=(bulk_planning.SERIES_KIND,)).cards
    assert job.title == "Plan of 7 posts for Bella"
    assert "Nothing is planned yet" not in said(at)


def test_without_a_channel_a_practice_channel_is_offered(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    with app.db.transaction(workspace.caller) as tx:
        zara = make_influencer(tx, "Zara")
    at = open_page("calendar/calendar", influencer=zara.id)
    press(at, "Fill the week")
    assert "Zara has no channel yet" in said(at)
    within(at, "Fill the week", "Create 7 posts on a practice channel")
    with app.db.transaction(workspace.caller) as tx:
        assert [channel.platform for channel in channels.of(tx, zara.id)] == ["sandbox"]
        assert [job.title for job in jobs.page(tx, kinds=(bulk_planning.SERIES_KIND,)).cards] == ["Plan of 7 posts for Zara"]


def test_drafts_are_scheduled_or_deleted_together(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    job_id = written(app, workspace, bella)
    at = open_page("calendar/calendar")
    assert "**3 drafts for Bella**" in said(at)
    assert "Written by the offline writer" in said(at)
    press(at, "Delete")
    within(at, "Delete", "Delete them")
    with app.db.transaction(workspace.caller) as tx:
        assert not content_plans.plans_in_series(tx, f"{job_id}:")
    assert "3 posts deleted." in said(at)
    press(at, "Undo")
    with app.db.transaction(workspace.caller) as tx:
        assert len(content_plans.plans_in_series(tx, f"{job_id}:")) == 3
    assert "**3 drafts for Bella**" in said(at)
    viewer = open_page("calendar/calendar", person=workspace.viewer)
    assert not {"Send for review", "Delete"} & {button.label for button in viewer.button}
