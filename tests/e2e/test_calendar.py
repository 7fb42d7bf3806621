"""The calendar by mouse, keys and on a phone: drag with undo, drop from the list, a menu without a mouse, days filled, the
board, the feed, and publishing paused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from backend import content_plans
from backend.content_plans import PostState
from backend.db.transactions import Database
from backend.kit.clock import now
from tests.e2e import looks
from tests.factories.account import Person, Tenant
from tests.factories.posts import make_planner
from tests.support.wait import until

pytestmark = pytest.mark.e2e


def tab_of(visitor: BrowserContext, url: str, person: Person, workspace: Tenant) -> Page:
    visitor.add_cookies([{"name": "studio_sid", "value": person.token, "url": url}])
    tab = visitor.new_page()
    tab.goto(f"{url}/calendar?ws={workspace.id}")
    tab.locator(".root[data-ready=yes]").wait_for(timeout=60_000)
    return tab


def drag(tab: Page, what: Locator, to: Locator) -> None:
    what.scroll_into_view_if_needed()
    start, end = what.bounding_box(), to.bounding_box()
    assert start
    assert end
    tab.mouse.move(start["x"] + 30, start["y"] + 12)
    tab.mouse.down()
    tab.mouse.move(start["x"] + 40, start["y"] + 20, steps=4)
    tab.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=12)
    tab.mouse.up()


def test_drag_undo_drop_and_keys(
    bare_studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    db: Database,
    workspace: Tenant,
    shoot: Callable[[Page, str], None],
) -> None:
    month = (now().replace(day=1) + timedelta(days=40)).replace(day=1, hour=18, minute=0, second=0, microsecond=0, tzinfo=None)
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plan = bella.plan(tx, wall=month + timedelta(days=9), topic="Trams at dawn")
        content_plans.schedule(tx, [plan.id])
        for n, topic in enumerate(("Coffee", "Harbour", "Books")):
            bella.plan(tx, wall=month + timedelta(days=9 + n, minutes=20), topic=topic)
        idea = bella.plan(tx, topic="Someday")

    def wall(plan_id: str) -> datetime | None:
        with db.transaction(workspace.caller) as tx:
            return content_plans.get(tx, plan_id).wall

    tab = tab_of(new_visitor(), bare_studio_url, workspace.editor, workspace)
    day = lambda n: tab.locator(f'.fc-daygrid-day[data-date="{month + timedelta(days=n):%Y-%m-%d}"]')  # noqa: E731
    tab.get_by_role("button", name="Later").click()
    event = tab.locator(f'.fc-event[data-spot="{plan.id}"]')
    expect(event).to_contain_text("Scheduled")
    shoot(tab, "calendar")
    drag(tab, event, day(16))
    expect(tab.get_by_text("“Trams at dawn” moved to")).to_be_visible()
    assert wall(plan.id) == month + timedelta(days=16)
    tab.get_by_role("button", name="Undo", exact=True).click()
    until(lambda: wall(plan.id) == month + timedelta(days=9), what="the undo")

    expect(tab.get_by_text("Undone.")).to_be_visible()
    drag(tab, tab.locator(f'.idea[data-spot="{idea.id}"]'), day(20))
    until(lambda: wall(idea.id) == month + timedelta(days=20), what="the drop")
    expect(tab.get_by_text("Not scheduled")).to_be_hidden()  # everything has a date: the room is the calendar's

    event.focus()
    tab.keyboard.press("m")
    tab.get_by_role("menuitem", name="A week later").click()
    until(lambda: wall(plan.id) == month + timedelta(days=16), what="a week later by keys")
    expect(day(16).locator(f'.fc-event[data-spot="{plan.id}"]')).to_be_visible()  # drawn anew: before, the focus would be lost
    event.focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("dialog", name="Post").get_by_label("Topic", exact=True)).to_have_value("Trams at dawn")
    shoot(tab, "calendar-plan")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    looks.settled(tab)
    day(24).scroll_into_view_if_needed()

    first, last = day(22).bounding_box(), day(24).bounding_box()
    assert first
    assert last
    tab.mouse.move(first["x"] + 20, first["y"] + first["height"] - 8)
    tab.mouse.down()
    tab.mouse.move(last["x"] + 20, last["y"] + last["height"] - 8, steps=8)
    tab.mouse.up()
    dialog = tab.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Create 3 posts")).to_be_enabled()
    shoot(tab, "calendar-fill-days")
    dialog.get_by_role("button", name="3 empty drafts").click()
    expect(day(23).get_by_text("Untitled")).to_be_visible()


def test_board_feed_and_pause(
    bare_studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    db: Database,
    workspace: Tenant,
    shoot: Callable[[Page, str], None],
) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, policy="all")
        plan = bella.plan(tx, wall=(now() + timedelta(days=2)).replace(tzinfo=None), topic="Trams at dawn")

    def state() -> PostState:
        with db.transaction(workspace.caller) as tx:
            return content_plans.get(tx, plan.id).state

    def count() -> int:
        with db.transaction(workspace.caller) as tx:
            return content_plans.page(tx).total

    tab = tab_of(new_visitor(), bare_studio_url, workspace.editor, workspace)
    tab.get_by_role("combobox", name="View", exact=True).select_option("board")
    card, column = tab.locator(".card"), tab.locator(".column")
    card.drag_to(column.filter(has_text="Scheduled"))
    expect(tab.get_by_text("The posting rules ask for an approval first.")).to_be_visible()
    assert state() == PostState.IN_REVIEW
    expect(column.filter(has_text="In review").locator(".card")).to_be_visible()
    card.focus()
    tab.keyboard.press("m")
    tab.get_by_role("menuitem", name="Approve and schedule").click()
    expect(tab.get_by_text("approved and scheduled for")).to_be_visible()
    expect(column.filter(has_text="Scheduled").locator(".card")).to_be_visible()
    shoot(tab, "calendar-board")
    tab.get_by_role("button", name="Undo", exact=True).click()
    expect(column.filter(has_text="In review").locator(".card")).to_be_visible()
    with db.transaction(workspace.caller) as tx:
        content_plans.approve(tx, [plan.id])
    expect(column.filter(has_text="Scheduled").locator(".card")).to_be_visible()  # it follows what others do

    tab.get_by_role("button", name="New post").click()
    expect(tab.get_by_role("dialog", name="Post")).to_be_visible()
    assert count() == 2
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog", name="Post")).to_be_hidden()
    until(lambda: count() == 1, what="the post that nothing was typed into to go")

    tab.get_by_role("combobox", name="View", exact=True).select_option("feed")
    expect(tab.locator(".tile")).to_contain_text("Scheduled")
    shoot(tab, "calendar-feed")
    tab.get_by_role("button", name="Calendar settings").click()
    tab.get_by_role("menuitem", name="Pause publishing").click()
    tab.get_by_role("dialog").get_by_role("button", name="Pause").first.click()
    expect(tab.get_by_role("dialog").get_by_role("button", name="Resume")).to_be_visible()
    assert state() == PostState.ON_HOLD


def test_in_the_dark_and_on_a_phone(
    bare_studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    db: Database,
    workspace: Tenant,
    shoot: Callable[[Page, str], None],
) -> None:
    with db.transaction(workspace.caller) as tx:
        bella, zara = make_planner(tx, policy="all"), make_planner(tx, "Zara")
        for n in range(6):
            influencer = (bella, zara)[n % 2]
            plan = influencer.plan(tx, wall=(now() + timedelta(hours=1 + n)).replace(tzinfo=None), topic=f"Plan {n}")
            content_plans.schedule(tx, [plan.id])
    dark = tab_of(new_visitor(dark=True), bare_studio_url, workspace.editor, workspace)
    expect(dark.locator(".fc-event").first).to_be_visible()
    shoot(dark, "calendar-dark")
    dark.get_by_role("combobox", name="View", exact=True).select_option("week")
    shoot(dark, "calendar-week-dark")
    dark.goto(f"{bare_studio_url}/inbox?ws={workspace.id}")
    expect(dark.get_by_role("button", name="Approve").first).to_be_visible()
    shoot(dark, "inbox-dark")
    phone = tab_of(new_visitor(width=390, height=844, has_touch=True), bare_studio_url, workspace.editor, workspace)
    expect(phone.locator(".fc-list-event").first).to_be_visible()
    shoot(phone, "calendar-phone")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.locator(".fc-list-event .more").first.tap()
    phone.get_by_role("menuitem", name="A day later").tap()
    expect(phone.get_by_text("moved to")).to_be_visible()
