"""The palette by keys alone, in a browser: a post is found, a verb is done and undone, and single keys are turned off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from backend import accounts, content_plans
from backend.app import App
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_planner

pytestmark = pytest.mark.e2e


def test_a_post_is_found_and_publishing_paused_by_keys(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], app: App, workspace: Tenant
) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        planner = make_planner(tx)
        plan_id = planner.plan(tx, wall=local_time_ahead(), topic="Zeppelins").id
        content_plans.schedule(tx, [plan_id])
    visitor = new_visitor()
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": bare_studio_url}])
    tab = visitor.new_page()
    tab.goto(f"{bare_studio_url}/influencers?ws={workspace.id}")
    opener = tab.get_by_role("button", name="Search", exact=True)
    field = tab.get_by_role("combobox", name="Search, or say what to do")
    expect(opener).to_be_visible()
    opener.focus()
    tab.keyboard.press("Control+k")
    expect(field).to_be_focused()
    tab.keyboard.type("qqq")
    expect(tab.get_by_text("Nothing found for “qqq”.")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(opener).to_be_focused()

    tab.keyboard.press("Control+k")
    tab.keyboard.type("pause pub")
    expect(tab.get_by_role("option", name="Pause publishing")).to_have_attribute("aria-selected", "true")
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("Publishing is paused. 1 post waits.")).to_be_visible()
    with app.db.transaction(workspace.caller) as tx:
        assert content_plans.workspace_paused(tx)
    tab.get_by_role("button", name="Undo").press("Enter")
    expect(tab.get_by_text("Undone.")).to_be_visible()
    with app.db.transaction(workspace.caller) as tx:
        assert not content_plans.workspace_paused(tx)

    tab.keyboard.press("?")
    expect(tab.get_by_role("heading", name="Keys", exact=True)).to_be_visible()
    tab.keyboard.press("Escape")
    tab.keyboard.press("Control+k")
    tab.keyboard.type("zepp")
    expect(tab.get_by_role("option", name="Zeppelins")).to_have_attribute("aria-selected", "true")
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"**/post?*id={plan_id}*")

    with app.db.transaction(workspace.editor.caller) as tx:
        accounts.set_reading(tx, accounts.ReadingSettings(single_keys="off"))
    tab.goto(f"{bare_studio_url}/influencers?ws={workspace.id}")
    expect(opener).to_be_visible()
    tab.keyboard.press("?")
    tab.keyboard.press("Control+k")
    expect(field).to_be_focused()
