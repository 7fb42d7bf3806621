"""Comparing checkpoints in a real browser: from cell to cell, blind votes by keyboard, and the last one taken back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from backend import comparisons
from backend.db.transactions import Database
from tests.e2e import looks
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace
from tests.factories.trials import make_trial

pytestmark = pytest.mark.e2e


def test_look_vote_undo_and_see_the_result(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], db: Database, workspace: Tenant
) -> None:
    trial_id = make_trial(db, workspace, fill_workspace(db, workspace).run_id)
    visitor = new_visitor()
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": bare_studio_url}])
    tab = visitor.new_page()
    tab.goto(f"{bare_studio_url}/trials?ws={workspace.id}&id={trial_id}")

    tab.get_by_role("button", name="Step 50 at 0.6: bella, at the beach").click()
    large = tab.get_by_role("dialog")
    expect(large.get_by_text("Step 50 at 0.6")).to_be_visible()
    tab.keyboard.press("ArrowRight")
    expect(large.get_by_text("Step 100 at 0.6")).to_be_visible()
    tab.keyboard.press("ArrowUp")
    expect(large.get_by_text("in a gym, wearing red")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(large).to_have_count(0)

    tab.get_by_role("radio", name="Vote").click()
    tab.get_by_text("0 votes. About").wait_for()
    looks.settled(tab)  # a run that goes on would draw the first pair again
    expect(tab.get_by_role("button", name="Undo last vote")).to_be_disabled()
    tab.keyboard.press("ArrowLeft")
    tab.get_by_text("1 vote. About").wait_for()
    tab.keyboard.press("ArrowUp")
    tab.get_by_text("2 votes. About").wait_for()
    tab.keyboard.press("Backspace")
    tab.get_by_text("1 vote. About").wait_for()
    with db.transaction(workspace.caller) as tx:
        assert sorted(rank.wins for rank in comparisons.results(tx, trial_id).ranks if rank.n) == [0, 1]
    tab.get_by_role("button", name="See the result").click()
    expect(tab.get_by_text("After 1 blind vote")).to_be_visible()
    expect(tab.get_by_text(re.compile("Suggested: step 100 at"))).to_be_visible()  # one vote moves its strength
