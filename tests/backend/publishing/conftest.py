"""The platform servers, an App whose settings lead to them, and a rig that plans, ticks and runs jobs in this process."""

from __future__ import annotations

from collections.abc import Iterator

import ffmpeg
import pytest

from backend.app import App
from backend.bootstrap import bootstrap
from backend.media.ffmpeg import binary_path
from backend.settings import Settings
from tests.backend.publishing.desk import PublishingRig
from tests.factories.account import Tenant
from tests.support.platforms import Servers, reset_servers, running, settings_for

__all__ = ["running"]


@pytest.fixture
def servers(running: Servers) -> Servers:
    return reset_servers(running)


@pytest.fixture
def worker_app(servers: Servers, settings: Settings, storage_urls: dict[str, str]) -> Iterator[App]:
    """With the workers' login, and platforms that are quick."""
    update = settings_for(servers)
    update |= {"PLATFORM_POLL_S": 0.02, "PLATFORM_SETTLE_S": 0.0, "PLATFORM_TIMEOUT_S": 20.0, "PLATFORM_CHUNK_SIZE": 256 * 1024}
    update |= {"S3_PUBLIC_ENDPOINT": settings.storage.endpoint}
    app = bootstrap(settings.replace(**update), role="worker")
    yield app
    app.close()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Upright, 3 s, H.264 and AAC, in more than two pieces of 256 KB."""
    path = tmp_path_factory.mktemp("film") / "lake.mp4"
    picture = ffmpeg.input("testsrc2=size=540x960:rate=30:duration=3", f="lavfi")
    tone = ffmpeg.input("sine=frequency=440:duration=3", f="lavfi")
    options = {"pix_fmt": "yuv420p", "vcodec": "libx264", "acodec": "aac", "video_bitrate": "2500k", "preset": "ultrafast"}
    ffmpeg.output(picture, tone, str(path), movflags="faststart", **options).run(cmd=binary_path(Settings.read()), quiet=True)
    return path.read_bytes()


@pytest.fixture
def rig(worker_app: App, workspace: Tenant, servers: Servers, film: bytes) -> PublishingRig:
    return PublishingRig(worker_app, workspace, servers, film)
