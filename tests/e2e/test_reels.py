"""A script becomes a storyboard, the storyboard a finished reel with voice, subtitles and music, and the reel a post."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import update

from backend import assets, content_plans, reels
from backend.app import App
from backend.db.tables import Picture
from backend.reels import ReelCard
from tests.e2e import looks
from tests.e2e.test_videos import plays, scene
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_influencer, make_pictures
from tests.support.processes import Workers
from tests.support.wait import until

pytestmark = pytest.mark.e2e
SCRIPT = "Water first.\n\nThen run."


def test_a_script_becomes_a_reel_and_the_reel_a_post(
    start_studio: Callable[..., str],
    workers: Workers,
    app: App,
    workspace: Tenant,
    new_visitor: Callable[..., BrowserContext],
    shoot: Callable[[Page, str], None],
) -> None:
    with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        influencer = make_influencer(tx)
        [picture_id] = make_pictures(tx, 1, influencer_id=influencer.id, prompt="Bella, hills at dawn")
        asset_id = make_asset(tx, storage=app.storage, data=scene(), width=768, height=1152)
        tx.execute(update(Picture).where(Picture.id == picture_id).values(asset_id=asset_id, shape="portrait"))
    url = start_studio()
    visitor = new_visitor()
    visitor.set_default_timeout(60_000)
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": url}])
    tab = visitor.new_page()

    tab.goto(f"{url}/reels?ws={workspace.id}&influencer={influencer.id}")
    tab.get_by_label("Script").fill(SCRIPT)
    tab.get_by_label("Script").blur()
    expect(tab.get_by_text("4 words, about")).to_be_visible()  # the page has taken it: no list closes under the next press
    tab.get_by_role("combobox", name="Format").click()
    tab.get_by_role("option", name="Instagram post").click()  # which the worker films small: frames cost time
    tab.get_by_role("button", name="Make scenes").click()
    scenes = tab.get_by_role("list", name="Scenes, in order").get_by_role("listitem").filter(has=tab.locator("[data-scene]"))
    expect(scenes).to_have_count(2)

    def words() -> list[str]:
        return [
            str(label).split(": ")[1]
            for label in scenes.locator("[data-scene]").evaluate_all("all => all.map(one => one.ariaLabel)")
        ]

    def shown(*expected: str) -> None:
        until(lambda: words() == list(expected), what=f"scenes {expected}")

    last = scenes.nth(1).locator("[data-scene]")
    last.click()
    expect(tab.get_by_role("heading", name="Scene 2")).to_be_visible()
    last.press("Alt+ArrowLeft")
    shown("Then run.", "Water first.")
    expect(tab.get_by_role("heading", name="Scene 1")).to_be_visible()
    tab.get_by_role("button", name="Duplicate").click()
    expect(scenes).to_have_count(3)
    scenes.nth(1).locator("[data-scene]").focus()
    scenes.nth(1).locator("[data-scene]").press("Delete")
    shown("Then run.", "Water first.")
    for _ in range(3):  # each while the page still runs for the one before it
        tab.get_by_role("button", name="Undo", exact=True).click()
    shown("Water first.", "Then run.")
    expect(tab.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")

    scenes.nth(0).hover()
    tab.mouse.down()
    scenes.nth(1).hover()
    scenes.nth(1).hover()  # the browser asks where it may be dropped at the second move
    tab.mouse.up()
    shown("Then run.", "Water first.")

    def saved() -> ReelCard:
        with app.db.transaction(workspace.caller) as tx:
            return reels.get(tx, reels.page(tx).cards[0].id)

    order = ["Then run.", "Water first."]
    until(lambda: [scene.words for scene in saved().scenes] == order, what="the order to be kept")
    tab.reload()
    shown("Then run.", "Water first.")

    for n in range(2):
        scenes.nth(n).locator("[data-scene]").click()
        expect(tab.get_by_role("heading", name=f"Scene {n + 1}")).to_be_visible()
        tab.get_by_test_id("stMain").get_by_role("button", name="Picture").click()
        tab.get_by_role("button", name="Use").first.click()
        expect(scenes.nth(n).locator("img")).to_be_visible()
        tab.keyboard.press("Escape")
    tab.get_by_role("button", name="Voice, music, subtitles").click()
    tab.get_by_role("combobox", name="Music").click()
    tab.get_by_role("option").nth(1).click()
    tab.get_by_role("dialog").or_(tab.locator("[data-testid=stPopoverBody]")).get_by_role("button", name="Save").first.click()
    until(lambda: saved().music_track_id, what="the music to be kept")
    tab.keyboard.press("Escape")
    tab.get_by_role("button", name="Render", exact=True).dblclick()
    worker = workers.start("cpu,net", handlers="tests.support.small_reel_handlers", JOB_LEASE_S="15")
    film = tab.locator("video").first
    expect(film).to_be_visible(timeout=240_000)
    worker.terminate()
    worker.wait()
    film.evaluate("video => { video.muted = true; video.play() }")
    plays(film)
    expect(tab.get_by_text("about 0:")).to_be_hidden()
    shoot(tab, "reel-light")
    looks.dark(tab)
    shoot(tab, "reel-dark")
    looks.phone(tab)
    shoot(tab, "reel-390")
    looks.light(tab)

    with app.db.transaction(workspace.caller) as tx:
        [card] = reels.page(tx).cards
        assert card.rendered_revision == card.revision
        assert sorted(card.files) == ["manifest.json", "subtitles.ass", "subtitles.srt", "voiceover.mp3"]
        assert card.music_track_id
        assert assets.get(tx, str(card.asset_id)).kind == "video"
    for name in ("SRT", "ASS", "Voice"):
        link = tab.get_by_role("link", name=name, exact=True)
        assert tab.request.get(url + str(link.get_attribute("href"))).ok
    tab.get_by_role("button", name="Create post").first.click()
    expect(tab).to_have_url(re.compile("/post"))
    with app.db.transaction(workspace.caller) as tx:
        [plan] = content_plans.page(tx).cards
        assert [list(post.media) for post in plan.posts] == [[card.asset_id]]
