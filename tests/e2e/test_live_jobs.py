"""Jobs as they happen: one stream for all tabs of a browser, and no polling while it is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect
from sqlalchemy import update

from backend import jobs
from backend.db.tables import Job
from backend.db.transactions import SystemCaller
from tests.factories.account import Tenant
from tests.support.handlers import Steps

pytestmark = pytest.mark.e2e


def test_tabs_share_one_stream_and_stop_asking(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], app: Any, workspace: Tenant
) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        for address in ("/api/events?", "/api/jobs/live"):
            if address in request.url:
                asked.append(address)

    visitor = new_visitor(live=True)
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": bare_studio_url}])
    visitor.on("request", note)
    tabs = [visitor.new_page(), visitor.new_page()]
    for tab in tabs:
        tab.goto(f"{bare_studio_url}/jobs?ws={workspace.id}")
        expect(tab.get_by_role("heading", name="Nothing is running", level=2)).to_be_visible()
        stream_is_held(tab)
    for title in ("Tidy up", "Tidy up again"):
        with app.db.transaction(workspace.caller, needs="editor") as tx:
            job_id = jobs.enqueue(tx, kind="upkeep", payload=Steps(), title=title, request_key=title).id
        for tab in tabs:
            expect(tab.get_by_text(title, exact=True).first).to_be_visible()
    with app.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(update(Job).where(Job.id == job_id).values(title="Tidied"))
    for tab in tabs:
        expect(tab.get_by_text("Tidied", exact=True).first).to_be_visible()
    assert asked.count("/api/events?") == 1
    assert asked.count("/api/jobs/live") <= 8, asked

    tabs[0].close()
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        jobs.cancel(tx, job_id)
    expect(tabs[1].get_by_text("Tidied", exact=True)).to_have_count(0)
    expect(tabs[1].get_by_text("Finished (1)")).to_be_visible()
    assert asked.count("/api/events?") == 2, "the other tab holds the stream now"


def stream_is_held(tab: Page) -> None:
    """Waits until this tab or another one holds the stream."""
    tab.wait_for_function(
        "() => navigator.locks.query().then(state => state.held.some(lock => lock.name.startsWith('studio-events')))"
    )
