"""The practice platform: what it keeps over a restart, what its pages show, what its switches do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.sandbox_platform.app import application
from ops.sandbox_platform.store import SandboxStore
from tests.servers.platforms.files import JPEG, MP4

STATIC = {"format": "picture", "caption": "At the lake <b> #sun", "ai_made": True, "files": [{"alt": 'Bella "B"'}]}


class Site:
    """The program without its port: requests go straight in."""

    def __init__(self, folder: Path) -> None:
        self.store = SandboxStore(folder)
        self.account, self.token, self.refresh = self.store.connect("bella")

    def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        import asyncio

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(application(self.store, public_url="https://sandbox.example/"))
            own = {"origin": "https://sandbox.example"}
            async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=own) as client:
                return await client.request(method, path, **what)

        return asyncio.run(go())

    def call(self, method: str, path: str, **what: Any) -> httpx.Response:
        return self.ask(method, f"/api{path}", headers={"authorization": f"Bearer {self.token}"}, **what)

    def publish(self, said: dict[str, Any] | None = None, data: bytes = JPEG) -> httpx.Response:
        draft = self.call("POST", "/drafts", json=said or STATIC).json()["id"]
        self.call("PUT", f"/drafts/{draft}/media/0", content=data)
        return self.call("POST", f"/drafts/{draft}/publish")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    new_site = Site(tmp_path / "sandbox")
    yield new_site
    new_site.store.close()


def test_what_was_published_is_there_after_a_restart(tmp_path: Path, site: Site) -> None:
    published = site.publish().json()
    assert published["url"] == f"https://sandbox.example/p/{published['post_id']}"
    site.call("POST", f"/posts/{published['post_id']}/comments", json={"text": "First!"})
    draft = site.call("POST", "/drafts", json=STATIC).json()["id"]
    journal = tmp_path / "sandbox" / "journal.jsonl"
    with journal.open("ab") as cut:
        cut.write(b'{"what": "post", "id": "half')  # killed in the middle of a line
    again = SandboxStore(tmp_path / "sandbox")
    assert [(post.caption, post.ai, post.comments[0][1]) for post in again.posts] == [("At the lake <b> #sun", True, "First!")]
    assert again.account_of_token(site.token)
    assert again.drafts[draft].post == ""
    assert again.media(again.posts[0].made_of, 0).read_bytes() == JPEG
    again.connect("marco")
    assert all(json.loads(line) for line in journal.read_bytes().splitlines())
    assert site.token.encode() not in journal.read_bytes()
    again.close()


def test_the_feed_shows_what_followers_see_and_runs_nothing_of_it(site: Site) -> None:
    assert "Nothing has been published here yet" in site.ask("GET", "/").text
    id = site.publish().json()["post_id"]
    page = site.ask("GET", "/")
    assert "At the lake &lt;b&gt; <span class=tag>#sun</span>" in page.text
    assert "AI info" in page.text
    assert 'alt="Bella &quot;B&quot;"' in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert f'id="{id}"' in site.ask("GET", "/@bella").text
    assert f'id="{id}"' in site.ask("GET", f"/p/{id}").text
    file = site.ask("GET", f"/media/{id}/0")
    assert (file.content, file.headers["content-type"]) == (JPEG, "image/jpeg")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert [site.ask("GET", path).status_code for path in ("/@nobody", "/p/none", f"/media/{id}/1")] == [404, 404, 404]


def test_stories_are_rings_for_a_day(site: Site) -> None:
    site.publish({"format": "story", "caption": "unseen", "files": [{}]}, MP4)
    assert "Story of bella" in site.ask("GET", "/").text
    assert "unseen" not in site.ask("GET", f"/p/{site.store.posts[0].id}").text
    site.store.posts[0].at -= 86_401
    assert "Story of bella" not in site.ask("GET", "/").text


def test_a_draft_is_whole_before_it_is_published_and_once(site: Site) -> None:
    draft = site.call("POST", "/drafts", json=STATIC).json()["id"]
    assert site.call("POST", f"/drafts/{draft}/publish").status_code == 425
    assert site.call("PUT", f"/drafts/{draft}/media/1", content=JPEG).status_code == 400
    assert site.call("PUT", f"/drafts/{draft}/media/0", content=JPEG).json()["state"] == "ready"
    assert site.call("POST", f"/drafts/{draft}/publish").status_code == 200
    assert site.call("POST", f"/drafts/{draft}/publish").status_code == 409
    assert site.call("GET", f"/drafts/{draft}").json()["state"] == "published"
    assert len(site.store.posts) == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"format": "poem", "files": [{}]}, 400),
        ({"format": "picture", "files": []}, 400),
        ({"format": "picture", "files": [{}], "caption": "x" * 2201}, 400),
        ({"format": "picture", "files": [{}], "caption": "x" * 200_000}, 413),
    ],
)
def test_what_is_no_draft_is_refused(site: Site, fields: dict[str, Any], status: int) -> None:
    answer = site.call("POST", "/drafts", json=fields)
    assert answer.status_code == status
    assert answer.json()["error"]["message"].endswith(".")


def test_a_file_that_is_no_picture_fails_the_draft(site: Site) -> None:
    draft = site.call("POST", "/drafts", json=STATIC).json()["id"]
    answer = site.call("PUT", f"/drafts/{draft}/media/0", content=b"<script>alert(1)</script>").json()
    assert (answer["state"], answer["reason"]) == ("failed", "file 1 is no picture or video it can read")
    assert site.call("POST", f"/drafts/{draft}/publish").status_code == 400


def test_others_drafts_are_unknown(site: Site) -> None:
    draft = site.call("POST", "/drafts", json=STATIC).json()["id"]
    _, site.token, _ = site.store.connect("marco")
    assert site.call("GET", f"/drafts/{draft}").status_code == 404
    site.token = "wrong"
    assert site.call("GET", "/me").status_code == 401


def test_switches_are_set_on_their_page_and_only_there(site: Site) -> None:
    form = {
        "act": "set",
        "processing_s": "5",
        "quota_total": "0",
        "lose_publish": "2",
        "publish_500": "-1",
        "forget_draft": "x",
    }
    for origin in ("http://evil.example", "null", "", "http://sandbox"):  # the last: a name somebody may have pointed here
        assert site.ask("POST", "/switches", data=form, headers={"origin": origin}).status_code == 403, origin
    assert site.ask("GET", "/switches").headers["referrer-policy"] == "same-origin", "without it forms say “Origin: null”"
    assert site.store.faults.quota_total == 50
    assert site.ask("POST", "/switches", data=form).status_code == 303
    assert site.store.faults.times == {"lose_publish": 2}
    assert 'name=quota_total\nmin=0 max=10000 value="0"' in site.ask("GET", "/switches").text
    assert site.publish().status_code == 425
    site.store.faults.processing_s = 0
    assert site.publish().status_code == 429
    site.ask("POST", "/switches", data={"act": "reset"})
    assert site.publish().status_code == 200
    site.ask("POST", "/switches", data={"act": "expire"})
    assert site.call("GET", "/me").status_code == 401
    site.ask("POST", "/switches", data={"act": "clear"})
    assert site.store.posts == []
