"""An influencer's brand kit in their reels: intro, outro, colours and logo, as they were when the render began."""

from __future__ import annotations

import io
from pathlib import Path

import av
import pytest
from PIL import Image

from backend import assets, influencers, jobs, reels
from backend.app import App
from backend.errors import Invalid
from backend.influencers import BrandKit
from backend.reels import ReelDraft, ReelStyle
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_influencer
from tests.support.inline_worker import run_job


def plain_picture(color: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (600, 600), color).save(out, "PNG")
    return out.getvalue()


def test_intro_outro_logo_and_colours_are_in_the_film(studio: App, workspace: Tenant, tmp_path: Path) -> None:
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        influencer = make_influencer(tx)
        red, blue, green = (
            make_asset(tx, storage=studio.storage, data=plain_picture(color), width=600, height=600)
            for color in ("#ff0000", "#0000ff", "#00c000")
        )
        files = {"logo_asset_id": green, "intro_asset_id": red, "outro_asset_id": blue}
        kit = BrandKit(**files, corner="top-right", color="#123456", font="Anton")
        assert influencers.set_brand_kit(tx, influencer.id, kit) == influencers.brand_kit(tx, influencer.id)
        card, plain = (
            reels.create(tx, ReelDraft(script="Hello there.", influencer_id=influencer.id, style=ReelStyle(brand=brand)))
            for brand in (True, False)
        )
        started = [reels.render(tx, reel.id, request_key=reel.id) for reel in (card, plain)]
    for job in started:
        run_job(studio, workspace, job.id)
    with studio.db.transaction(workspace.caller) as tx:
        with_kit, without = (jobs.get(tx, job.id).result or {} for job in started)
        file = assets.get(tx, with_kit["assetId"])
        subtitles = studio.storage.read(assets.get(tx, with_kit["files"]["subtitles.ass"]).key).decode()
    assert with_kit["seconds"] == pytest.approx(without["seconds"] + 3.5, abs=0.1)
    assert "563412" in subtitles, "ASS writes colours backwards"
    assert "Style: Default,Anton," in subtitles
    film = tmp_path / "film.mp4"
    assets.fetch(studio.storage, file, film)
    with av.open(str(film)) as container:
        frames = [frame.to_image() for frame in container.decode(video=0)]
    width, height = frames[0].size
    logo = (round(width * 0.88) - 12, round(height * 0.14) + 12)
    for frame, name in ((frames[2], "red"), (frames[-3], "blue")):
        middle = frame.getpixel((width // 2, height // 2))
        assert max(range(3), key=lambda channel: middle[channel]) == {"red": 0, "blue": 2}[name]
        assert frame.getpixel(logo)[1] > 120, f"the logo stands over the {name} one"


def test_files_that_are_none_are_refused(studio: App, workspace: Tenant) -> None:
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        influencer = make_influencer(tx)
        film = make_asset(tx, kind="video", content_type="video/mp4")
        influencers.set_brand_kit(tx, influencer.id, BrandKit(intro_asset_id=film))
        with pytest.raises(Invalid, match="A logo is a picture"):
            influencers.set_brand_kit(tx, influencer.id, BrandKit(logo_asset_id=film))
