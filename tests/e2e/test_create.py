"""Create by keys: what is typed stays, Ctrl+Enter starts it, and what comes of it is in view."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from backend import content_plans, generation, influencers
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_a_prompt_outlives_leaving_and_its_pictures_come_into_view(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], db: Database, workspace: Tenant, width: int, height: int
) -> None:
    rows = fill_workspace(db, workspace)
    with db.transaction(workspace.caller, needs="editor") as tx:
        influencers.set_default_lora(tx, rows.influencer_id, None)
    visitor = new_visitor(width=width, height=height)
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": bare_studio_url}])
    tab = visitor.new_page()
    tab.goto(f"{bare_studio_url}/create?ws={workspace.id}")
    prompt = tab.get_by_label("Prompt", exact=True)
    prompt.fill("at the pier")
    # By a link, pressed as by a hand: the prompt is typed half a second before, and the run that takes it is broken off.
    tab.get_by_role("link", name="Prompt library").click(delay=60)
    expect(tab.get_by_role("heading", name="Prompt library", level=1)).to_be_visible()
    for links, name in ((".st-key-menu", "Create"), (".st-key-section-tabs", "Prompt library")):
        expect(tab.locator(f"{links} a[aria-current=page]")).to_have_text(re.compile(f"{name}$"))
    tab.go_back()
    expect(prompt).to_have_value("at the pier")
    tab.reload()
    expect(prompt).to_have_value("at the pier")

    prompt.press("End")
    tab.keyboard.type(" at dawn")
    tab.keyboard.press("Control+Enter")
    expect(tab.locator(".wait").first).to_be_in_viewport(ratio=0.5)
    with db.transaction(workspace.caller) as tx:
        assert generation.latest(tx)[0].recipe.asked == "at the pier at dawn"


def test_what_a_tile_offers_is_done_where_it_stands(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], db: Database, workspace: Tenant
) -> None:
    rows = fill_workspace(db, workspace)
    visitor = new_visitor(width=1440)
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": bare_studio_url}])
    tab = visitor.new_page()
    tab.goto(f"{bare_studio_url}/create?ws={workspace.id}&id={rows.generation_id}")
    tiles = tab.get_by_role("listitem", name="bella, portrait, at the beach, smiling")
    count = len(rows.picture_ids)
    expect(tiles).to_have_count(count)
    tiles.nth(0).focus()
    tab.keyboard.press("f")
    expect(tiles.nth(0)).to_have_class(re.compile("faved"))
    tab.keyboard.press("Delete")
    expect(tiles).to_have_count(count - 1)
    tab.get_by_role("button", name="Undo", exact=True).click()
    expect(tiles).to_have_count(count)

    with db.transaction(workspace.caller) as tx:
        pictures = {picture.id: picture for picture in generation.pictures_of(tx, rows.generation_id)}
    assert [picture.favourite for picture in pictures.values()].count(True) == 1
    tiles.nth(1).hover()
    tiles.nth(1).get_by_role("button", name="More").click()
    tab.get_by_role("menuitem", name="Reuse seed").press("Enter")
    expect(tab.get_by_text("is in the form")).to_be_visible()
    tab.get_by_text("LoRAs, model and more").click()
    seed = tab.get_by_role("spinbutton", name="Seed")
    expect(seed).not_to_have_value("-1")
    assert int(seed.input_value()) in {picture.seed for picture in pictures.values()}

    tiles.nth(1).focus()
    tab.keyboard.press("p")
    tab.wait_for_url("**/post?**")
    with db.transaction(workspace.caller) as tx:
        [plan] = content_plans.page(tx).cards
    assert plan.posts[0].media[0] in {picture.asset_id for picture in pictures.values()}
