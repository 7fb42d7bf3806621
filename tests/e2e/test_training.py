"""Runs compared in a real browser: one chart for mouse and keyboard, and an address that shows the same again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from backend import training
from backend.db.tables import TrainingPoint
from backend.db.transactions import Database
from backend.training import ParamsDraft, RunDraft
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace
from tests.fakes.engines import MODEL

pytestmark = pytest.mark.e2e


def test_two_runs_in_one_chart(
    db: Database,
    workspace: Tenant,
    bare_studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    shoot: Callable[[Page, str], None],
) -> None:
    rows = fill_workspace(db, workspace)
    with db.transaction(workspace.caller, needs="editor") as tx:
        draft = RunDraft(dataset_id=rows.dataset_id, name="bella-v2", params=ParamsDraft(steps=100, batch=2))
        second = training.start(tx, draft=draft, models=[MODEL], request_key="k")
        tx.add_all(TrainingPoint(run_id=second.id, step=n, loss=10 / n, lr=1e-3) for n in range(1, 101))
    visitor = new_visitor()
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.owner.token, "url": bare_studio_url}])
    tab = visitor.new_page()
    tab.goto(f"{bare_studio_url}/training?ws={workspace.id}&compare={rows.run_id},{second.id}")
    chart = tab.get_by_role("img", name=re.compile("^Loss over steps"))
    expect(chart).to_have_accessible_name(re.compile("At the end, bella-v1, .* bella-v2, "))
    chart.focus()
    for key in ("Home", "ArrowRight"):
        tab.keyboard.press(key)
    expect(chart).to_have_accessible_name(re.compile(r"Step 2, .* bella-v2, .* \(raw 5\.00\)"))
    tab.get_by_label("Log scale").check()
    legend = tab.get_by_role("button", name="bella-v1", exact=True)
    legend.click()
    expect(legend).to_have_attribute("aria-pressed", "false")
    expect(chart).not_to_have_accessible_name(re.compile("bella-v1"))
    expect(tab.get_by_role("region", name="Parameters", exact=True)).to_contain_text("Batch size")
    shoot(tab, "training-compare")
    tab.reload()
    expect(tab.get_by_label("Log scale")).to_be_checked()
    expect(tab.get_by_role("button", name="bella-v2", exact=True)).to_be_visible()
