"""The inbox by keys; what one person does there is seen by another, and told on other pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import update

from backend import content_plans, events, jobs
from backend.app import App
from backend.content_plans import PostState
from backend.db.tables import Job, Picture
from backend.db.transactions import SystemCaller
from tests.factories.account import Person, Tenant
from tests.factories.making import make_pictures
from tests.factories.posts import local_time_ahead, make_planner
from tests.support.handlers import Steps

pytestmark = pytest.mark.e2e
Visitor = Callable[..., BrowserContext]


def opened(visitor: BrowserContext, url: str, person: Person, workspace: Tenant, path: str) -> Page:
    visitor.add_cookies([{"name": "studio_sid", "value": person.token, "url": url}])
    tab = visitor.new_page()
    tab.goto(f"{url}/{path}?ws={workspace.id}")
    return tab


def test_two_people_work_through_it_by_keys(bare_studio_url: str, new_visitor: Visitor, app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        bella = make_planner(tx, policy="all")
        first, second = (bella.plan(tx, wall=local_time_ahead(days=n), topic=f"Post {n}").id for n in (1, 2))
        content_plans.submit_for_review(tx, [second])
        [held] = make_pictures(tx, 1, prompt="portrait of bella")
        tx.execute(update(Picture).where(Picture.id == held).values(gate="held", identity_score=0.5, identity_line=0.8))
    ada = opened(new_visitor(live=True), bare_studio_url, workspace.owner, workspace, "inbox")
    ben = opened(new_visitor(live=True), bare_studio_url, workspace.editor, workspace, "")
    title = ada.locator(".detail h2")
    expect(title).to_have_text("Post 1")
    expect(ben.get_by_role("button", name="Inbox, 3")).to_be_visible()
    for key, shown in (("j", "Post 2"), ("j", "portrait of bella"), ("k", "Post 2"), ("k", "Post 1")):
        ada.keyboard.press(key)
        expect(title).to_have_text(shown)

    ada.keyboard.press("a")
    expect(title).to_have_text("Post 2")
    expect(ada.get_by_text("Approved. It goes out")).to_be_visible()
    expect(ben.get_by_role("button", name="Inbox, 2")).to_be_visible()
    ada.keyboard.press("z")
    expect(ben.get_by_role("button", name="Inbox, 3")).to_be_visible()
    expect(ada.locator(".entry")).to_have_count(3)

    ada.locator(".entry").filter(has_text="Post 2").locator(".pick").click()
    ada.keyboard.press("r")
    ada.keyboard.type("Say what jazz it is, Kay.")
    expect(ada.locator(".entry")).to_have_count(3)
    ada.keyboard.press("Control+Enter")
    expect(ada.get_by_text("Sent back as a draft")).to_be_visible()
    ada.locator(".entry").filter(has_text="portrait").locator(".pick").click()
    ada.keyboard.press("r")
    expect(ben.get_by_role("button", name="Inbox, 2")).to_be_visible()

    ben.get_by_role("button", name="Approve all 2").click()
    expect(ada.get_by_text("All done. Nothing waits for you.")).to_be_visible()
    with app.db.transaction(workspace.caller) as tx:
        plans = [content_plans.get(tx, plan_id) for plan_id in (first, second)]
        assert [plan.state for plan in plans] == [PostState.SCHEDULED, PostState.SCHEDULED]
        assert tx.get_one(Picture, held).gate == "rejected"


def test_the_end_of_a_job_is_told_on_any_page(bare_studio_url: str, new_visitor: Visitor, app: App, workspace: Tenant) -> None:
    tab = opened(new_visitor(live=True), bare_studio_url, workspace.editor, workspace, "calendar")
    expect(tab.get_by_role("button", name="Activity", exact=True)).to_be_visible()
    with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        job = jobs.enqueue(tx, kind="identity-scoring", payload=Steps(), title="Score her pictures", request_key="score")
    expect(tab.get_by_role("button", name="Activity, 1")).to_be_visible()
    with app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(update(Job).where(Job.id == job.id).values(state="failed", error_message="No camera."))
        events.record(tx, "job.failed", "job", job.id)
    expect(tab.get_by_text("Score her pictures")).to_be_visible()
    tab.get_by_role("button", name="Show", exact=True).click()
    expect(tab.get_by_text("No camera.").first).to_be_visible()
    assert f"id={job.id}" in tab.url
