"""Texts for posts over HTTP: the job as the seeds order it, drafts read and changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backend.app import App
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace
from tests.support.browsing import browser


@pytest.fixture
def editor(app: App, workspace: Tenant) -> Iterator[Any]:
    with browser(app, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        yield client


def test_the_seeds_order_starts_one_job(app: App, workspace: Tenant, editor: Any) -> None:
    bella = fill_workspace(app.db, workspace).influencer_id
    payload = {
        "influencerId": bella,
        "contentType": "instagram-post",
        "topic": "morning workout routine",
        "style": "motivational",
    }
    order = {"type": "content-generation", "payload": payload}
    first = editor.post("/jobs", json=order, headers={"Idempotency-Key": "monday"})
    again = editor.post("/jobs", json=order, headers={"Idempotency-Key": "monday"})
    assert first.status_code == 201
    assert first.json()["jobId"] == again.json()["jobId"]
    assert first.json()["kind"] == "content-generation"
    bad = editor.post("/jobs", json={"type": "content-generation", "payload": {**payload, "contentType": "poem"}})
    assert bad.status_code == 400
    assert "instagram-reel" in bad.json()["message"]
    assert (
        editor.post("/jobs", json={"type": "content-ideas", "payload": {"influencerId": bella, "days": 3}}).status_code == 201
    )


def test_drafts_are_made_read_and_changed(app: App, workspace: Tenant, editor: Any) -> None:
    bella = fill_workspace(app.db, workspace).influencer_id
    own = {"influencerId": bella, "contentType": "reel", "topic": "yoga", "caption": "Yoga at dawn.", "hashtags": ["#Yoga"]}
    created = editor.post("/drafts", json=own)
    assert created.status_code == 201
    draft = created.json()
    assert draft["contentType"] == "instagram-reel"
    assert [note["rule"] for note in draft["notes"]] == ["hashtags"]
    assert editor.get(created.headers["location"].removeprefix("/api")).json() == draft
    changed = editor.patch(f"/drafts/{draft['id']}", json={"altText": "A mat on a roof.", "state": "used", "version": 1}).json()
    assert (changed["altText"], changed["caption"], changed["state"]) == ("A mat on a roof.", "Yoga at dawn.", "used")
    assert editor.patch(f"/drafts/{draft['id']}", json={"hook": "x", "version": 1}).status_code == 409
    editor.post("/drafts", json={**own, "caption": "Another one."})
    listed = editor.get("/drafts?take=1")
    assert (listed.json()["total"], listed.headers["x-total-count"]) == (2, "2")
    older = editor.get(f"/drafts?take=1&cursor={listed.json()['nextCursor']}").json()
    assert [listed["id"] for listed in older["data"]] == [draft["id"]]
    assert editor.get("/drafts?state=used").json()["total"] == 1
    assert editor.get(f"/drafts?influencer={bella}&ideas=true").json()["total"] == 0
