"""Calendar feeds: read by a parser of calendar programs, until they are revoked; and their addresses are in no log."""

from __future__ import annotations

import logging
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar

from backend import accounts, content_plans
from backend.app import App
from backend.kit import logs
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_planner
from tests.support.browsing import browser


def read(app: App, address: str) -> Any:
    with browser(app, None) as stranger:
        stranger.headers.pop("origin")
        return stranger.get(urlsplit(address).path.removeprefix("/api"))


def test_a_calendar_program_reads_it_until_it_is_revoked(
    app: App, workspace: Tenant, other_workspace: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        bella, zara = make_planner(tx, zone="Europe/Rome"), make_planner(tx, "Zara")
        wall = local_time_ahead(days=3)
        plan = bella.plan(tx, wall=wall, topic="Trams, coffee; and a very long title " + "à" * 60)
        content_plans.schedule(tx, [plan.id])
        content_plans.set_campaign(tx, [plan.id], content_plans.create_campaign(tx, "Summer").id)
        zara.plan(tx, wall=wall, topic="A draft")
    with app.db.transaction(other_workspace.caller, needs="editor") as tx:
        make_planner(tx, "Stranger").plan(tx, wall=wall, topic="Theirs")
    logs.configure("DEBUG")
    caplog.set_level(logging.DEBUG)
    with browser(app, workspace.viewer) as viewer, browser(app, workspace.editor) as editor:
        viewer.headers["x-workspace"] = editor.headers["x-workspace"] = workspace.id
        made = viewer.post("/calendar-feeds", json={"name": "My phone"})
        assert made.status_code == 201, made.text
        address = made.json()["address"]
        answer = read(app, address)
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        events = {str(event["summary"]).partition(":")[0]: event for event in Calendar.from_ical(answer.text).events}
        assert set(events) == {"Bella", "Zara"}
        scheduled = events["Bella"]
        assert str(scheduled["summary"]) == f"Bella: {content_plans_title(app, workspace, plan.id)}"
        assert scheduled.start == content_plans.to_instant(wall, "Europe/Rome").at
        assert scheduled.start.astimezone(UTC).tzinfo == UTC
        assert (str(scheduled["status"]), str(events["Zara"]["status"])) == ("CONFIRMED", "TENTATIVE")
        assert scheduled["categories"].cats == ["Summer"]
        own = editor.post("/calendar-feeds", json={"influencerId": zara.influencer.id, "withDrafts": False}).json()
        assert Calendar.from_ical(read(app, own["address"]).text).events == []

        assert [card["name"] for card in viewer.get("/calendar-feeds").json()["data"]] == ["My phone"]
        assert viewer.get("/calendar-feeds").json()["data"][0]["lastReadAt"]
        feed_id = made.json()["id"]
        assert editor.delete(f"/calendar-feeds/{feed_id}").status_code == 404, "somebody else's"
        with browser(app, other_workspace.owner) as stranger:
            stranger.headers["x-workspace"] = other_workspace.id
            assert stranger.delete(f"/calendar-feeds/{feed_id}").status_code == 404
        assert viewer.delete(f"/calendar-feeds/{feed_id}").status_code == 204
        assert read(app, address).status_code == 404
        assert read(app, own["address"]).status_code == 200
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        accounts.remove_member(tx, workspace.editor.id)
    assert read(app, own["address"]).status_code == 404, "whoever made it has left"
    secrets = [urlsplit(url).path.split("/")[3] for url in (address, own["address"])]
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]  # the client's own
    assert not any(secret in line for secret in secrets for line in lines)
    assert any("/ical/{token}" in line for line in lines), "requests are logged by their route"


def test_a_key_cannot_make_an_address_that_outlives_it(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "*:admin")
    with program(app, secret) as client:
        assert client.post("/calendar-feeds", json={}).status_code == 403


def content_plans_title(app: App, workspace: Tenant, plan_id: str) -> str:
    with app.db.transaction(workspace.caller) as tx:
        return content_plans.get(tx, plan_id).title
