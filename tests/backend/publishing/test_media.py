"""Addresses that platforms fetch from: one file, for a day, without signing in, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend import assets
from backend.app import App
from backend.assets import signed_urls
from backend.bootstrap import bootstrap
from backend.errors import NotFound
from backend.publishing import media
from backend.publishing.schemas import URL_TTL_S
from backend.settings import Settings
from tests.backend.publishing.desk import PublishingRig
from tests.factories.account import Tenant
from tests.factories.making import jpeg, make_asset
from tests.support.browsing import browser


def test_an_address_opens_one_file_until_it_ends(app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    data = jpeg()
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        card = assets.get(tx, make_asset(tx, data=data, storage=app.storage))
    address = assets.signed_url(app.settings, tenant_id=workspace.id, card=card, seconds=URL_TTL_S)
    assert address.isascii()
    path = address.removeprefix(app.settings.web.base_url + "/api")
    with browser(app, None) as stranger:
        answer = stranger.get(path)
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, data, "image/jpeg")
        assert stranger.get(path, headers={"range": "bytes=0-9"}).content == data[:10]
        head = stranger.head(path)
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(data)))
        token = path.split("/")[2]
        for other in (token[:-4] + "AAAA", "A" * len(token), "x", "%00"):
            assert stranger.get(f"/handed/{other}/a.jpg").status_code == 404
        _a_day_passes(monkeypatch)
        assert stranger.get(path).status_code == 404
    with pytest.raises(NotFound):
        assets.open_token(app.settings, token)


@pytest.mark.parametrize(
    ("storage_at", "studio_at", "begins"),
    [
        ("", "https://studio.example", "https://studio.example/api/handed/"),
        ("http://10.0.0.5:9000", "https://studio.example", "https://studio.example/api/handed/"),
        ("https://files.example", "https://studio.example", "https://files.example/"),
        ("http://10.0.0.5:9000", "", "http://10.0.0.5:9000/"),
    ],
)
def test_the_public_https_address_there_is_is_taken(
    settings: Settings, workspace: Tenant, storage_at: str, studio_at: str, begins: str
) -> None:
    app = bootstrap(settings.replace(S3_PUBLIC_ENDPOINT=storage_at, PUBLIC_URL=studio_at))
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        card = assets.get(tx, make_asset(tx))
    url = media.file_url(app, workspace.id, card, platform="instagram")
    assert url.startswith(begins)
    assert url.isascii()
    app.close()


PUBLIC = [("", "https://studio.example"), ("https://files.example", "")]
PRIVATE = [("", "http://localhost:8501"), ("", "")]


def test_out_of_reach_is_said_of_what_is_fetched_alone(rig: PublishingRig) -> None:
    channel = {platform: rig.channel(platform) for platform in ("instagram", "tiktok")}
    real = {"INSTAGRAM_GRAPH_URL": "https://graph.example", "TIKTOK_API_URL": "https://open.example"}
    for platform, format, fetched in (("instagram", "reel", True), ("tiktok", "picture", True), ("tiktok", "video", False)):
        post = rig.post(rig.scheduled(platform, format, channel_id=channel[platform]))
        for storage_at, studio_at in PUBLIC + PRIVATE:
            chosen = rig.app.settings.replace(S3_PUBLIC_ENDPOINT=storage_at, PUBLIC_URL=studio_at, **real)
            with rig.app.db.transaction(rig.caller) as tx:
                problems = media.reachability_problems(tx, chosen, post)
            assert bool(problems) == (fetched and (storage_at, studio_at) in PRIVATE)
            assert all("PUBLIC_URL" in problem.message and problem.blocks for problem in problems)


def test_a_platform_on_this_machine_fetches_from_the_studio_as_it_is(rig: PublishingRig) -> None:
    """`make platforms` works with the lines it prints and nothing else."""
    post = rig.post(rig.scheduled("instagram", "picture", channel_id=rig.channel("instagram")))
    local_settings = {
        "INSTAGRAM_GRAPH_URL": "http://127.0.0.1:8611",
        "S3_PUBLIC_ENDPOINT": "",
        "PUBLIC_URL": "",
        "HOST": "0.0.0.0",
    }
    app = bootstrap(rig.app.settings.replace(**local_settings))
    with app.db.transaction(rig.caller) as tx:
        assert not media.reachability_problems(tx, app.settings, post)
        card = assets.get(tx, post.media[0])
    url = media.file_url(app, rig.caller.tenant_id, card, platform="instagram")
    assert url.startswith(f"http://127.0.0.1:{app.settings.web.port}/api/handed/")
    app.close()


def _a_day_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Any = signed_urls.now
    monkeypatch.setattr(signed_urls, "now", lambda: real() + timedelta(hours=27))
