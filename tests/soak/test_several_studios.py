"""Three studios behind nginx with a read replica, killed in turns under people's open pages. The last line is JSON.

SOAK_ROUNDS (6): how often a studio is killed.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from prometheus_client.parser import text_string_to_metric_families

from backend.api.credentials import COOKIE
from backend.app import App
from backend.db.transactions import Database
from ops.local_stack import Stack
from tests.e2e.conftest import free_port
from tests.factories.account import Tenant, make_person
from tests.infra.nginx import nginx_before
from tests.soak.studio_processes import StudioProcesses
from tests.support.databases import DatabaseUrls
from tests.support.standby import Standby, standby_of

ROUNDS = int(os.environ.get("SOAK_ROUNDS", "6"))
STUDIOS, PEOPLE, PATIENCE_MS, TRIES = 3, 6, 120_000, 24


@pytest.fixture
def standby(stack: Stack) -> Iterator[Standby]:
    with standby_of(stack) as running:
        yield running


@pytest.fixture
def studios(
    environment: dict[str, str], database_urls: DatabaseUrls, standby: Standby, tmp_path: Path
) -> Iterator[StudioProcesses]:
    replica_url = standby.wait_for_database(database_urls.app)
    servers = StudioProcesses(
        {**environment, "DATABASE_REPLICA_URL": replica_url, "DATABASE_REPLICA_WAIT_MS": "2000"}, tmp_path
    )
    for _ in range(STUDIOS):
        servers.start(free_port())
    for port in servers.running:
        servers.wait_for(port)
    yield servers
    servers.stop()


def test_pages_go_on_at_another_studio_and_lists_come_from_the_replica(
    app: App,
    db: Database,
    workspace: Tenant,
    studios: StudioProcesses,
    standby: Standby,
    new_visitor: Callable[..., BrowserContext],
    tmp_path: Path,
) -> None:
    with nginx_before(sorted(studios.running), tmp_path) as url:
        tabs = [_signed_in(new_visitor, url, make_person(db, workspace.id, "editor").token) for _ in range(PEOPLE)]
        for tab in tabs:
            tab.goto(f"{url}/gallery")
            expect(tab.get_by_role("heading", name="Gallery", level=1)).to_be_visible(timeout=PATIENCE_MS)
        used = [port for port in studios.running if _replica_reads(port)["answered"]]
        returns = [_kill_under(studios, tabs, sorted(studios.running)[n % STUDIOS]) for n in range(ROUNDS)]
        reads = sum((_replica_reads(port) for port in studios.running), Counter[str]())
        standby.server.stop()
        for tab in tabs:
            tab.goto(f"{url}/boards")
            expect(tab.get_by_role("heading", name="Boards", level=1)).to_be_visible(timeout=PATIENCE_MS)
    figures = {
        "studios": STUDIOS,
        "used": len(used),
        "people": PEOPLE,
        "kills": ROUNDS,
        "back_after_s": [round(back.seconds, 1) for back in returns],
        "lost_clicks": sum(back.lost_clicks for back in returns),
        "replica": dict(reads),
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(figures))
    assert len(used) > 1, "all people were sent to one studio"
    assert reads["answered"] > 0


def _signed_in(new_visitor: Callable[..., BrowserContext], url: str, token: str) -> Page:
    visitor = new_visitor()
    visitor.add_cookies([{"name": COOKIE, "value": token, "domain": urlsplit(url).hostname, "path": "/"}])
    return visitor.new_page()


@dataclass
class Return:
    """Of all open pages after a studio was killed: seconds until the last one answered without having been loaded anew by hand,
    and clicks that were lost because the page was between two studios."""

    seconds: float
    lost_clicks: int


def _kill_under(studios: StudioProcesses, tabs: list[Page], port: int) -> Return:
    studios.kill(port)
    began, lost_clicks = time.monotonic(), 0
    for tab in tabs:
        name = "Videos" if tab.url.split("?")[0].endswith("/gallery") else "Gallery"
        # a click goes by the page's websocket, which nginx now opens to a studio that is there
        link = tab.locator(".st-key-section-tabs").get_by_role("link", name=name, exact=True)
        heading = tab.get_by_role("heading", name=name, level=1)
        for _ in range(TRIES):
            link.click(timeout=PATIENCE_MS)
            with suppress(AssertionError):
                expect(heading).to_be_visible(timeout=PATIENCE_MS / TRIES)
                break
            lost_clicks += 1
        expect(heading).to_be_visible()
    back = Return(time.monotonic() - began, lost_clicks)
    studios.start(port)
    studios.wait_for(port)
    return back


def _replica_reads(port: int) -> Counter[str]:
    families = text_string_to_metric_families(httpx.get(f"http://127.0.0.1:{port}/metrics").text)
    samples = [sample for family in families for sample in family.samples if sample.name == "studio_replica_reads_total"]
    return Counter({sample.labels["outcome"]: int(sample.value) for sample in samples})
