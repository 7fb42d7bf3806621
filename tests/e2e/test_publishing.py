"""A post is published now and seen as followers see it; an answer that is lost on the way makes neither two posts nor none."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import func, update

from backend import content_plans
from backend.app import App
from backend.content_plans import PostState
from backend.db.tables import Post
from backend.settings import ROOT
from tests.e2e.looks import dark, light, phone, settled, too_wide
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.factories.posts import local_time_ahead, make_planner
from tests.servers.sandbox import SandboxServer
from tests.support.processes import Workers

pytestmark = pytest.mark.e2e


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path / "sandbox") as server:
        yield server


@pytest.fixture
def publishing_url(start_studio: Callable[..., str], workers: Workers, sandbox: SandboxServer) -> str:
    """A studio with the worker that publishes, and the practice platform."""
    workers.start("cpu,net", handlers="", wait=False, **sandbox.settings(), PLATFORM_POLL_S="0.2")
    return start_studio(**sandbox.settings())


def face(name: str) -> bytes:
    """A sample character, as large as posts are."""
    out = io.BytesIO()
    with Image.open(ROOT / "studio" / "faces" / f"{name}.webp") as image:
        image.convert("RGB").resize((1080, 1080), Image.Resampling.LANCZOS).save(out, "JPEG", quality=88)
    return out.getvalue()


def planned(app: App, workspace: Tenant) -> tuple[str, list[str]]:
    """The influencer, and two plans."""
    words = ("Dawn on line 15, and the city still asleep. #tram #lisbon", "One ticket, no plan, window seat. #slowtravel")
    with app.db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, "Bella")
        ids = []
        for n, (caption, influencer_name) in enumerate(zip(words, ("bella", "zara"), strict=True)):
            asset = make_asset(tx, data=face(influencer_name), storage=app.storage, width=1080, height=1080)
            variant = bella.variant(caption=caption, media=(asset,), first_comment="Which line next?")
            ids.append(bella.plan(tx, wall=local_time_ahead(days=1 + n), variants=(variant,), topic=f"Trams, part {n + 1}").id)
        return bella.influencer.id, ids


def a_month(app: App, workspace: Tenant) -> str:
    """Another influencer with plans around them, three waiting for a yes."""
    topics = (
        "Coffee at six",
        "Rooftops",
        "Old books",
        "The long way home",
        "Night market",
        "Sunday bread",
        "Rain",
        "The harbour",
    )
    with app.db.transaction(workspace.caller) as tx:
        marco = make_planner(tx, "Marco", policy="all")
        asset = make_asset(tx, data=face("marco"), storage=app.storage, width=1080, height=1080)
        for n, topic in enumerate(topics):
            variant = marco.variant(caption=f"{topic}. Nobody told me to, and I went anyway.", media=(asset,))
            plan = marco.plan(tx, wall=local_time_ahead(days=1.3 + 2.2 * n), variants=(variant,), topic=topic)
            (content_plans.submit_for_review if n % 3 == 0 else content_plans.approve)(tx, [plan.id])
        return marco.influencer.id


def reviewed(tab: Page, app: App, workspace: Tenant) -> None:
    """What was typed survives Escape and is what is approved; what somebody else has changed meanwhile is not approved."""
    plan = tab.get_by_role("dialog")
    row = tab.locator(".entry")
    row.filter(has_text="Coffee at six").locator(".pick").click()
    tab.get_by_role("button", name="Edit", exact=True).click()
    plan.get_by_label("Caption", exact=True).fill("Coffee at seven: the machine slept in.")
    tab.keyboard.press("Escape")
    expect(plan).to_have_count(0)
    tab.keyboard.press("e")  # while what was typed is still on its way
    expect(plan.get_by_label("Caption", exact=True)).to_have_value("Coffee at seven: the machine slept in.")
    expect(plan.get_by_text("Unsaved changes")).to_be_visible()
    plan.get_by_role("button", name="Approve and schedule").click()
    expect(plan.get_by_text("Scheduled for")).to_be_visible()
    expect(plan.locator(".state")).to_have_text("Scheduled")
    tab.keyboard.press("Escape")
    expect(plan).to_have_count(0)
    expect(row).to_have_count(2)
    with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        plans_by_title = {plan.title: plan for plan in content_plans.page(tx).cards}
        coffee, rain = plans_by_title["Coffee at six"], plans_by_title["Rain"]
        assert (coffee.state, coffee.posts[0].caption) == (PostState.SCHEDULED, "Coffee at seven: the machine slept in.")
        new = [variant.model_copy(update={"caption": "Rain, and no umbrella."}) for variant in rain.draft().variants]
        content_plans.save(tx, rain.id, rain.draft().model_copy(update={"variants": tuple(new)}), version=rain.version)
    tab.get_by_role("button", name="Approve all 2").click()
    expect(tab.get_by_text("Somebody else has changed this post since you opened it")).to_contain_text("1 post approved")
    expect(row).to_have_count(1)


def publish_now(tab: Page, url: str, workspace: Tenant, plan_id: str, caption: str) -> None:
    """With a new caption that nobody has saved."""
    tab.goto(f"{url}/post?ws={workspace.id}&id={plan_id}")
    tab.get_by_label("Caption", exact=True).fill(caption)
    tab.get_by_role("button", name="Publish now", exact=True).click()
    expect(tab.get_by_text("Publish now to 1 channel?")).to_be_visible()


def comes_due(app: App, workspace: Tenant, plan_id: str) -> None:
    """In some seconds, as if it had been planned for that minute."""
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Post).where(Post.plan_id == plan_id).values(due_at=func.clock_timestamp() + timedelta(seconds=8)))


def test_published_once_and_seen_by_followers(
    publishing_url: str,
    sandbox: SandboxServer,
    app: App,
    workspace: Tenant,
    new_visitor: Callable[..., BrowserContext],
    shoot: Callable[[Page, str], None],
) -> None:
    bella, (first, second) = planned(app, workspace)
    marco = a_month(app, workspace)
    visitor = new_visitor(height=1100)
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.owner.token, "url": publishing_url}])
    tab = visitor.new_page()
    tab.goto(f"{publishing_url}/inbox?ws={workspace.id}&influencer={marco}")
    expect(tab.get_by_text("Coffee at six", exact=True).first).to_be_visible()
    expect(tab.locator(".detail .large")).to_be_visible()
    settled(tab)
    shoot(tab, "inbox")
    reviewed(tab, app, workspace)
    publish_now(tab, publishing_url, workspace, first, "Dawn on line 16: they changed the line.")
    settled(tab)
    shoot(tab, "publish-now")
    tab.get_by_role("dialog").get_by_role("button", name="Publish now").click()
    expect(tab.get_by_text("by the studio").first).to_be_visible()
    expect(tab.get_by_text("First comment written.").first).to_be_visible()
    settled(tab)  # what the run before drew is gone
    tab.get_by_text("1 attempt to publish it").click()
    expect(tab.get_by_text("Sent: 1 picture")).to_contain_text("marked as AI-made")
    for look, name in ((light, "published"), (dark, "published-dark"), (phone, "published-phone")):
        look(tab)
        if look is phone:
            tab.get_by_role("button", name="Preview", exact=True).click()
        expect(tab.locator(".preview img").first).to_be_visible()
        shoot(tab, name)
        assert too_wide(tab) <= 0, name
    light(tab)

    with visitor.expect_page() as opened:
        tab.get_by_role("link", name="Open the post").click()
    feed = opened.value
    expect(feed.get_by_text("Dawn on line 16: they changed the line.")).to_be_visible()
    expect(feed.get_by_text("AI info")).to_be_visible()
    expect(feed.get_by_text("Which line next?")).to_be_visible()

    feed.goto(f"{sandbox.url}/switches")
    feed.get_by_label("Publish the next post, then drop the connection").fill("1")
    feed.get_by_role("button", name="Save").click()
    expect(feed.get_by_text("Done.")).to_be_visible()
    tab.goto(f"{publishing_url}/post?ws={workspace.id}&id={second}")
    other = new_visitor()
    other.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": publishing_url}])
    follower_page = other.new_page()
    follower_page.goto(f"{publishing_url}/post?ws={workspace.id}&id={second}")
    expect(follower_page.get_by_role("button", name="Schedule", exact=True)).to_be_visible()
    tab.get_by_label("Caption", exact=True).fill("One ticket, no plan, aisle seat.")
    tab.get_by_role("button", name="Schedule", exact=True).click()
    expect(tab.get_by_text("Scheduled for")).to_be_visible()
    follower_page.get_by_role("button", name="Schedule", exact=True).click()
    expect(follower_page.get_by_text("Not done: this post was changed elsewhere")).to_be_visible()
    expect(follower_page.get_by_label("Caption", exact=True)).to_have_value("One ticket, no plan, aisle seat.")
    comes_due(app, workspace, second)
    tab.reload()
    expect(tab.get_by_text("by the studio").first).to_be_visible()  # nobody touches the page while it goes out
    with app.db.transaction(workspace.caller) as tx:
        ids = {content_plans.get(tx, plan_id).posts[0].remote_id for plan_id in (first, second)}
    assert sorted(post.id for post in sandbox.store.posts) == sorted(ids)  # each exactly once
    assert all(post.ai for post in sandbox.store.posts)
    captions = {post.caption.partition(".")[0] for post in sandbox.store.posts}
    assert captions == {"Dawn on line 16: they changed the line", "One ticket, no plan, aisle seat"}, "as it was on the screen"
    feed.goto(f"{sandbox.url}/")
    shoot(feed, "feed")
    tab.goto(f"{publishing_url}/channels?ws={workspace.id}&influencer={bella}")
    expect(tab.get_by_text("2 in the last 24 hours")).to_be_visible()
    tab.get_by_role("button", name="Test connection").click()
    expect(tab.get_by_text("48 of 50 left")).to_be_visible()
    expect(tab.get_by_role("link", name="See the practice feed")).to_have_attribute("href", sandbox.url)
    settled(tab)
    shoot(tab, "channels-practice")
    tab.goto(f"{publishing_url}/calendar?ws={workspace.id}")
    expect(tab.locator(".fc-event").first).to_be_visible()
    settled(tab)
    expect(tab.locator(".fc-event img").first).to_be_visible()
    shoot(tab, "calendar-month")
