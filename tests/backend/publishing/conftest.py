"""The platform servers, an App whose settings lead to them, and a desk that plans, ticks and runs jobs in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import ffmpeg
import pytest
from pydantic import SecretStr

from backend.bootstrap import App, bootstrap
from backend.settings import Settings
from backend.tools.ffmpeg import program
from tests.backend.publishing.desk import Desk
from tests.factories.account import Tenant
from tests.servers.instagram import InstagramServer
from tests.servers.sandbox import SandboxServer
from tests.servers.tiktok import TikTokServer
from tests.servers.youtube import YouTubeServer


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        made = [InstagramServer(), TikTokServer(), YouTubeServer(), SandboxServer(tmp_path_factory.mktemp("sandbox"))]
        yield {server.name: stack.enter_context(server) for server in made}


@pytest.fixture
def servers(running: dict[str, Any]) -> dict[str, Any]:
    """Healthy, with an empty feed."""
    for server in running.values():
        server.posts.clear()
        server.asked.clear()
        server.clock.ahead = 0.0
        server.faults = type(server.faults)()
    running["youtube"].inserts.clear()
    running["instagram"].published_at.clear()
    return running


@pytest.fixture
def worker_app(servers: dict[str, Any], settings: Settings, storage_urls: dict[str, str]) -> Iterator[App]:
    """With the workers' login, and platforms that are quick."""
    where: dict[str, Any] = {name.lower(): value for server in servers.values() for name, value in server.settings().items()}
    hidden = {name for name in where if isinstance(getattr(settings, name), SecretStr)}
    update = {name: SecretStr(value) if name in hidden else value for name, value in where.items()}
    update |= {"platform_poll_s": 0.02, "platform_settle_s": 0.0, "platform_timeout_s": 20.0, "platform_chunk_size": 256 * 1024}
    update |= {"s3_public_endpoint": settings.s3_endpoint}
    made = bootstrap(settings.model_copy(update=update), role="worker")
    yield made
    made.close()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Upright, 3 s, H.264 and AAC, in more than two pieces of 256 KB."""
    out = tmp_path_factory.mktemp("film") / "lake.mp4"
    picture = ffmpeg.input("testsrc2=size=540x960:rate=30:duration=3", f="lavfi")
    tone = ffmpeg.input("sine=frequency=440:duration=3", f="lavfi")
    said = {"pix_fmt": "yuv420p", "vcodec": "libx264", "acodec": "aac", "video_bitrate": "2500k", "preset": "ultrafast"}
    ffmpeg.output(picture, tone, str(out), movflags="faststart", **said).run(cmd=program(Settings()), quiet=True)
    return out.read_bytes()


@pytest.fixture
def desk(worker_app: App, workspace: Tenant, servers: dict[str, Any], film: bytes) -> Desk:
    return Desk(worker_app, workspace, servers, film)
