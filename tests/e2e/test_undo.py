"""The toast with an undo, in a browser: it stays over another page, waits under the mouse, and works once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from backend import automations
from backend.automations import AutomationDraft
from backend.automations.definition import HandTrigger, Notify
from backend.db.transactions import Database
from tests.factories.account import Tenant

pytestmark = pytest.mark.e2e


def test_what_was_switched_off_is_on_again_from_another_page(
    light_studio_url: str, db: Database, workspace: Tenant, new_visitor: Callable[..., BrowserContext]
) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        draft = AutomationDraft(name="Mornings", trigger=HandTrigger(), steps=(Notify(),))
        automation_id = automations.create(tx, draft).id
    visitor = new_visitor()
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.owner.token, "url": light_studio_url}])
    tab = visitor.new_page()
    tab.goto(f"{light_studio_url}/automations?ws={workspace.id}")
    tab.locator("[data-testid=stCheckbox] label").first.click()
    toast = tab.locator(".undo-toasts .toast")
    expect(toast).to_contain_text("Automation “Mornings” switched off.")
    toast.hover()  # its time stands still from here on
    tab.get_by_role("link", name="Calendar").first.press("Enter")  # the mouse stays where it is
    expect(tab.get_by_role("heading", name="Calendar", level=1)).to_be_visible()
    toast.hover()
    toast.get_by_role("button", name="Undo").dblclick()
    expect(toast).to_contain_text("Undone.")
    with db.transaction(workspace.caller) as tx:
        assert automations.get(tx, automation_id).paused_at is None
    tab.goto(f"{light_studio_url}/history?ws={workspace.id}")
    expect(tab.get_by_text("Automation “Mornings” switched on.")).to_be_visible()
    expect(tab.get_by_role("button", name="Undo")).to_have_count(1)
