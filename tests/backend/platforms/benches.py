"""Each adapter with a server behind it, and posts whose files exist."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backend.engines.ports.events import Handle
from backend.platforms.errors import PlatformError
from backend.platforms.port import AccountAccess, Media, Outcome, PlatformAdapter, PostRequest, PublishAccepted, Published
from backend.platforms.registry import create_adapter
from backend.settings import Settings
from tests.backend.platforms.posts import film, picture, post_of
from tests.servers.platforms.files import JPEG, MP4, FileHost
from tests.servers.platforms.web import PlatformServer

MB = 1024 * 1024
SIZES = {"instagram": 3000, "tiktok": 12 * MB, "youtube": 1_000_000, "sandbox": 3000}
"""TikTok's in two chunks, YouTube's in four."""


@dataclass
class Bench:
    """Switches around the irreversible call: `after` it is done the answer is lost, or says 5xx; `before`: nothing is done."""

    platform: PlatformAdapter
    server: Any
    access: AccountAccess
    host: FileHost
    folder: Path
    format: str
    after: tuple[str, str]
    before: str
    account: str

    def post(self, **other: object) -> PostRequest:
        post = post_of(self.platform.name, self.format, **other)
        return replace(post, media=tuple(self._real(n, media) for n, media in enumerate(post.media)))

    def _real(self, n: int, media: Media) -> Media:
        size = SIZES[self.platform.name]
        data = (MP4 + bytes(max(0, size - len(MP4)))) if media.kind == "video" else JPEG + bytes([n])
        name = f"{n}.{'mp4' if media.kind == 'video' else 'jpg'}"
        path = self.folder / name
        path.write_bytes(data)
        url = self.host.put(name, data)
        return replace(media, path=path, url=url, size=len(data))

    def prepared(self, post: PostRequest) -> dict[str, Any]:
        """The last handle of a whole preparation."""
        return handles(self.platform.prepare(post, self.access))[-1]

    def settled(self, outcome: Outcome, handle: dict[str, Any]) -> Outcome:
        """What it becomes when the platform has had the time it wants."""
        for _ in range(20):
            if not isinstance(outcome, PublishAccepted):
                return outcome
            handle = outcome.handle
            self.server.clock.forward(60)
            outcome = self.platform.reconcile(handle, self.access, age_s=3600)
        raise AssertionError(f"never settled: {outcome}")

    def published(self, outcome: Outcome, handle: dict[str, Any]) -> Published:
        outcome_known = self.settled(outcome, handle)
        assert isinstance(outcome_known, Published), outcome_known
        return outcome_known


def handles(events: Any) -> list[dict[str, Any]]:
    return [event.value for event in events if isinstance(event, Handle)]


def cut_short(events: Any) -> tuple[dict[str, Any], PlatformError | None]:
    """The last handle that was said, and the error that ended it, if one did."""
    last_handle: dict[str, Any] = {}
    try:
        for event in events:
            last_handle = event.value if isinstance(event, Handle) else last_handle
    except PlatformError as error:
        return last_handle, error
    return last_handle, None


def settings(server: PlatformServer, **other: Any) -> Settings:
    named = server.settings()  # type: ignore[attr-defined]
    quick = {"PLATFORM_TIMEOUT_S": 30.0, "PLATFORM_POLL_S": 0.01, "PLATFORM_SETTLE_S": 0.0, "PLATFORM_CHUNK_SIZE": 256 * 1024}
    return Settings.read(env_file=None, **{**quick, **named, **other})


SWITCHES = {
    "instagram": (("lose_publish", "publish_500"), "publish_down"),
    "tiktok-video": (("lose_last", "last_500"), "chunk_500"),
    "tiktok-picture": (("lose_init", "init_500"), ""),
    "youtube": (("lose_last", "last_500"), "chunk_503"),
    "sandbox": (("lose_publish", "publish_500"), "publish_down"),
}


def bench(server: PlatformServer, host: FileHost, folder: Path, name: str, format: str, account: str) -> Bench:
    token, id = server.account(account)
    kind = name if name != "tiktok" else f"tiktok-{'video' if format == 'video' else 'picture'}"
    adapter = create_adapter(name, settings(server))
    return Bench(adapter, server, AccountAccess(token, id), host, folder, format, *SWITCHES[kind], account)


__all__ = ["Bench", "bench", "cut_short", "film", "handles", "picture", "settings"]
