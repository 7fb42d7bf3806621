"""On a phone, by taps alone: from the bar at the bottom to an approved post; a photo is taken in; without a network the studio
says so and comes back by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from backend import content_plans
from backend.app import App
from backend.content_plans import PostState
from tests.e2e import looks
from tests.factories.account import Person, Tenant
from tests.factories.making import jpeg
from tests.factories.posts import local_time_ahead, make_planner

pytestmark = pytest.mark.e2e
Visitor = Callable[..., BrowserContext]


def phone(new_visitor: Visitor, url: str, person: Person, workspace: Tenant, path: str = "", **options: object) -> Page:
    visitor = new_visitor(width=390, height=844, has_touch=True, is_mobile=True, **options)
    visitor.add_cookies([{"name": "studio_sid", "value": person.token, "url": url}])
    tab = visitor.new_page()
    tab.goto(f"{url}/{path}?ws={workspace.id}")
    return tab


def test_a_post_is_approved_and_a_photo_taken_in_by_taps(
    bare_studio_url: str, new_visitor: Visitor, app: App, workspace: Tenant, tmp_path: Path
) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        bella = make_planner(tx, policy="all")
        plan_id = bella.plan(tx, wall=local_time_ahead(days=1), topic="Dawn on line 15").id
        content_plans.submit_for_review(tx, [plan_id])
    tab = phone(new_visitor, bare_studio_url, workspace.owner, workspace)
    bar = tab.get_by_role("navigation", name="Main places")
    expect(bar.get_by_role("link", name="Home")).to_have_attribute("aria-current", "page")
    bar.get_by_role("link", name="Inbox 1").tap()
    expect(bar.get_by_role("link", name="Inbox 1")).to_have_attribute("aria-current", "page")
    tab.get_by_role("button", name="Approve", exact=True).tap()
    expect(tab.get_by_text("Approved. It goes out")).to_be_visible()
    with app.db.transaction(workspace.caller) as tx:
        assert content_plans.get(tx, plan_id).state == PostState.SCHEDULED

    bar.get_by_role("button", name="New").tap()
    # At its symbol: where the thumb was, it would be the second half of a double tap
    tab.get_by_role("link", name="Influencer", exact=True).tap(position={"x": 24, "y": 20})
    tab.get_by_label("Name", exact=True).fill("Zara")
    tab.get_by_role("button", name="Continue", exact=True).tap()
    photo = tmp_path / "IMG_0001.jpg"
    photo.write_bytes(jpeg(side=256))
    expect(tab.get_by_role("button", name="Take a photo")).to_be_visible()
    with tab.expect_file_chooser() as choosing:
        tab.get_by_role("button", name="Choose photos").tap()
    assert choosing.value.is_multiple()
    choosing.value.set_files(photo)
    expect(tab.get_by_text("Check new pictures for Zara")).to_be_visible()  # it has arrived: the uploader makes room for this
    assert looks.too_wide(tab) <= 1

    bar.get_by_role("button", name="More").tap()
    tab.get_by_test_id("stSidebar").get_by_role("link", name="Library").tap()
    expect(tab.get_by_role("heading", name="Gallery", level=1)).to_be_visible()
    expect(bar.get_by_role("button", name="More")).to_have_attribute("aria-current", "true")


def test_without_a_network_it_says_so_and_comes_back_by_itself(
    bare_studio_url: str, new_visitor: Visitor, workspace: Tenant
) -> None:
    tab = phone(new_visitor, bare_studio_url, workspace.viewer, workspace, service_workers="allow")
    bar = tab.get_by_role("navigation", name="Main places")
    expect(bar.get_by_role("link", name="Library")).to_be_visible()
    expect(bar.get_by_role("button", name="New")).to_have_count(0)  # viewers make nothing
    assert tab.evaluate("navigator.serviceWorker.ready.then(({ active }) => active.state !== 'redundant')")
    protocol = tab.context.new_cdp_session(tab)
    assert protocol.send("Page.getAppManifest")["errors"] == []
    assert protocol.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    tab.reload()
    expect(bar).to_be_visible()
    kept = tab.evaluate(
        """async () => {
          const names = await caches.keys()
          const kept = await Promise.all(names.map(async name => (await caches.open(name)).keys()))
          return kept.flat().map(({ url }) => new URL(url).pathname)
        }"""
    )
    assert "/assets/offline.html" in kept
    assert [path for path in kept if not path.startswith("/static/")] == ["/assets/offline.html"]
    tab.context.set_offline(True)
    tab.goto(f"{bare_studio_url}/inbox")
    expect(tab.get_by_role("heading", name="The studio cannot be reached")).to_be_visible()
    tab.context.set_offline(False)
    expect(bar).to_be_visible()
    tab.evaluate("navigator.serviceWorker.getRegistration().then(registration => registration.unregister())")
