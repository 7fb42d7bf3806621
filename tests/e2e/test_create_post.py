"""From a picture to its post, and from a text: few clicks, nothing typed twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from backend import content_plans, generation, writing
from backend.content_plans import PlanCard, PostState
from backend.db.transactions import Database
from backend.writing import TextParts, WriteOrder
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace
from tests.support.wait import until

pytestmark = pytest.mark.e2e


def test_a_picture_and_a_text_become_scheduled_posts_in_three_clicks(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], db: Database, workspace: Tenant
) -> None:
    rows = fill_workspace(db, workspace)
    with db.transaction(workspace.caller) as tx:
        order = WriteOrder(influencer_id=rows.influencer_id, topic="trams")
        text = writing.create(tx, order, TextParts(caption="The tram was empty.", alt_text="A tram"))
        writing.set_picture(tx, text.id, rows.picture_ids[1])
        assets_of = {card.id: card.asset_id for card in generation.pictures(tx, rows.picture_ids)}
    visitor = new_visitor()
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": bare_studio_url}])
    tab, clicks = visitor.new_page(), list[str]()

    def click(button: Locator) -> None:
        clicks.append(button.inner_text())
        button.click()

    def plans() -> list[PlanCard]:
        with db.transaction(workspace.caller) as tx:
            return content_plans.page(tx).cards

    tab.goto(f"{bare_studio_url}/gallery?ws={workspace.id}")
    tile = tab.get_by_role("listitem").first
    tile.hover()
    click(tile.get_by_role("button", name="Create post"))
    click(tab.get_by_role("button", name="Approve and schedule", exact=True))
    until(lambda: [plan.state for plan in plans()] == [PostState.SCHEDULED], what="the picture's post")
    assert len(clicks) <= 3, clicks
    assert plans()[0].posts[0].media == (assets_of[rows.picture_ids[-1]],)

    clicks.clear()
    tab.goto(f"{bare_studio_url}/texts?ws={workspace.id}")
    click(tab.get_by_role("button", name="Create post"))
    click(tab.get_by_role("button", name="Approve and schedule", exact=True))
    expect(tab.get_by_text("Scheduled for")).to_be_visible()
    assert len(clicks) <= 3, clicks
    first, second = plans()
    assert (second.state, second.posts[0].caption, second.text_id) == (PostState.SCHEDULED, "The tram was empty.", text.id)
    assert second.posts[0].media == (assets_of[rows.picture_ids[1]],)
    assert second.due_at != first.due_at, "each has a time of its own"

    with db.transaction(workspace.caller) as tx:
        writing.create(tx, order, TextParts(caption="Nobody at the stop."))
    clicks.clear()
    tab.goto(f"{bare_studio_url}/texts?ws={workspace.id}")
    expect(tab.get_by_text("Nobody at the stop.")).to_be_visible()
    click(tab.get_by_role("button", name="Create post").first)
    click(tab.get_by_role("button", name="Use this picture").first)
    click(tab.get_by_role("button", name="Approve and schedule", exact=True))
    expect(tab.get_by_text("Scheduled for")).to_be_visible()
    assert len(clicks) <= 3, clicks
    third = next(plan for plan in plans() if plan.posts[0].caption == "Nobody at the stop.")
    assert third.posts[0].media == (assets_of[rows.picture_ids[-1]],)
