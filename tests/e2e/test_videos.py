"""A picture is animated, its video plays on its poster and in the player, is deleted and brought back."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import update

from backend.app import App
from backend.db.tables import Picture
from backend.media.images.ai_mark import SOURCE_TYPE
from tests.e2e import looks
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_influencer, make_pictures
from tests.support.processes import Workers

pytestmark = pytest.mark.e2e


def scene() -> bytes:
    """Something whose movement can be seen: a sky, hills, a sun."""
    picture = Image.linear_gradient("L").resize((768, 1152))
    picture = Image.merge(
        "RGB",
        (picture.point(lambda v: 90 + v // 2), picture.point(lambda v: 120 + v // 4), picture.point(lambda v: 235 - v // 3)),
    )
    pen = ImageDraw.Draw(picture)
    pen.ellipse((470, 160, 640, 330), fill=(255, 226, 140))
    pen.polygon([(0, 820), (210, 560), (420, 830), (600, 640), (768, 800), (768, 1152), (0, 1152)], fill=(64, 92, 84))
    for n in range(12):
        pen.rectangle((20 + n * 64, 900 + n % 3 * 40, 44 + n * 64, 1152), fill=(40 + n * 9, 60, 66))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95)
    return out.getvalue()


def plays(video: Locator) -> None:
    """Its frames reach the screen, and time passes."""
    video.evaluate(
        """video => new Promise((seen, lost) => {
            video.onerror = () => lost(new Error(video.error.message))
            setTimeout(() => lost(new Error(`no frames: at ${video.currentTime} s, state ${video.readyState}`)), 90000)
            const look = () => video.currentTime > 0.2 && video.readyState >= 2 && video.videoWidth > 0
                ? seen() : video.requestVideoFrameCallback(look)
            video.requestVideoFrameCallback(look)
        })"""
    )


def test_a_picture_is_animated_and_watched(
    start_studio: Callable[..., str],
    workers: Workers,
    app: App,
    workspace: Tenant,
    new_visitor: Callable[..., BrowserContext],
    shoot: Callable[[Page, str], None],
) -> None:
    with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        influencer = make_influencer(tx)
        [*others, picture_id] = make_pictures(tx, 3, influencer_id=influencer.id, prompt="Bella, hills at dawn, wide view")
        for candidate_id in (*others, picture_id):
            asset_id = make_asset(tx, storage=app.storage, data=scene(), width=768, height=1152)
            tx.execute(update(Picture).where(Picture.id == candidate_id).values(asset_id=asset_id, shape="portrait"))
    url = start_studio()

    def come(path: str, **look: Any) -> Page:
        visitor = new_visitor(**look)
        visitor.set_default_timeout(90_000)
        visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": url}])
        tab = visitor.new_page()
        tab.goto(f"{url}/{path}ws={workspace.id}")
        return tab

    tab = come(f"gallery?id={picture_id}&")
    tab.get_by_role("button", name="Animate", exact=True).click()
    dialog = tab.get_by_role("dialog")
    tab.get_by_text("Pan right", exact=True).click()
    tab.get_by_text("9:16 (reels, shorts)", exact=True).click()
    expect(tab.get_by_text("720 × 1280 px")).to_be_visible()
    box = tab.get_by_test_id("stHtml").get_by_role("img", name="Bella, hills at dawn, wide view").bounding_box()
    assert box
    assert box["width"] / box["height"] == pytest.approx(9 / 16, rel=0.01), "the preview has the shape of the video"
    shoot(tab, "animate-light")
    tab.get_by_role("button", name="Make the video").click()
    expect(tab.get_by_text("next in line")).to_be_visible()
    # ffmpeg on a busy machine leaves no room for the tests' two seconds
    worker = workers.start("cpu,net", handlers="", JOB_LEASE_S="15")
    expect(tab.get_by_role("progressbar")).to_be_visible(timeout=90_000)
    play = tab.get_by_role("button", name="Play Bella · Pan right, 5 s")
    poster = tab.get_by_role("listitem").filter(has=play)
    expect(poster.locator("img.here")).to_be_visible(timeout=180_000)
    worker.terminate()
    worker.wait()
    expect(tab.get_by_role("progressbar")).to_be_hidden()
    poster.hover()
    expect(poster).to_have_class(re.compile("playing"))
    plays(poster.locator("video"))
    shoot(tab, "videos-light")
    tab.goto(f"{url}/videos?ws={workspace.id}")
    poster.click()
    film = dialog.locator("video")
    plays(film)
    shoot(tab, "video-light")

    partly = tab.request.get(url + str(film.get_attribute("src")), headers={"range": "bytes=0-99"})
    assert (partly.status, len(partly.body())) == (206, 100), "what seeks in a long film asks for parts"
    download = tab.request.get(url + str(dialog.get_by_role("link", name="Download").get_attribute("href")))
    assert "attachment" in download.headers["content-disposition"]
    assert download.body()[4:8] == b"ftyp"
    assert SOURCE_TYPE.encode() in download.body()

    for name, look in (("dark", looks.dark), ("390", looks.phone)):
        tab.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        look(tab)
        expect(poster.locator("img.here")).to_be_visible()
        shoot(tab, f"videos-{name}")
        poster.click()
        plays(film)
        shoot(tab, f"video-{name}")
    looks.light(tab)
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    tab.emulate_media(reduced_motion="reduce")
    poster.click()
    expect(film).to_have_js_property("autoplay", False)
    expect(film).to_have_js_property("paused", True)
    tab.emulate_media(reduced_motion="no-preference")

    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(tab.get_by_text("1 video deleted.")).to_be_visible()
    expect(poster).to_be_hidden()
    shoot(tab, "videos-deleted")
    tab.get_by_role("button", name="Undo", exact=True).click()
    expect(poster).to_be_visible()

    tab.goto(f"{url}/gallery?ws={workspace.id}")
    tab.get_by_role("listitem").nth(0).focus()
    tab.keyboard.press("Control+a")
    tab.get_by_role("button", name="Animate", exact=True).click()
    expect(tab.get_by_role("button", name="Make 3 videos")).to_be_visible()
    tab.get_by_role("button", name="2", exact=True).click()
    expect(tab.get_by_role("button", name="Make 2 videos")).to_be_visible()
    shoot(tab, "animate-several")
