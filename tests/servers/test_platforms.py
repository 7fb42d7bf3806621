"""The servers by hand: their feed, their switches, the command that starts them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx

from tests.servers.instagram import InstagramServer
from tests.servers.platforms.web import Post

ROOT = Path(__file__).parents[2]


def test_a_feed_and_switches_can_be_clicked() -> None:
    with InstagramServer() as server:
        token, id = server.account("bella")
        server.posts.append(Post("1", id, "c1", "Hi <b>", ai=True, media=[("image/jpeg", b"jpeg")], comments=[("2", "First!")]))
        page = httpx.get(server.url).text
        assert "Hi &lt;b&gt;" in page
        assert "AI info" in page
        assert "First!" in page
        assert httpx.get(f"{server.url}/feed/1/0").content == b"jpeg"
        assert "name='times.lose_publish'" in httpx.get(f"{server.url}/switches").text
        form = {"times.lose_publish": "2", "processing_s": "1.5", "quota_total": "many", "forward": "30", "expire": "1"}
        assert httpx.post(f"{server.url}/switches", data=form).status_code == 303
        assert (server.faults.times["lose_publish"], server.faults.processing_s, server.faults.quota_total) == (2, 1.5, 50)
        assert server.clock.ahead == 30
        assert server.account_of_token(token) is None


def test_make_platforms_prints_what_to_set() -> None:
    argv = [sys.executable, "-m", "tests.servers.platforms", "--port", "0"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as proc:
        assert proc.stdout
        lines = []
        for line in proc.stdout:
            lines.append(line.strip())
            if line.startswith("Ctrl-C"):
                break
        proc.terminate()
    named = {line.partition("=")[0]: line.partition("=")[2] for line in lines if "=http" in line}
    assert {"INSTAGRAM_GRAPH_URL", "TIKTOK_API_URL", "YOUTUBE_API_URL", "YOUTUBE_TOKEN_URL"} <= named.keys()
