"""Shared parts of the adapters: matching handles to posts, reading files in chunks, waiting with Alive events."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

from backend.engines.ports.events import Alive
from backend.language import joined, tr_lazy
from backend.platforms import rules
from backend.platforms.errors import InvalidPost, OutcomeUnknown, PrepareAgain, Transient
from backend.platforms.http_base import ConnectError, ResponseLost
from backend.platforms.port import (
    Format,
    HandleState,
    Media,
    NotPublished,
    Outcome,
    PlatformAccount,
    PostProblem,
    PostRequest,
    Source,
    Unknown,
)
from backend.platforms.registry import PLATFORMS
from backend.settings import Settings

VIDEO_POLL_FACTOR = 4
"""Factor between the poll intervals of videos and pictures (recommended intervals: instagram.md, 2; tiktok.md, 4)."""


class AdapterBase:
    name: str

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.platform = PLATFORMS[self.name]
        self.label = self.platform.label
        self.formats: tuple[Format, ...] = tuple(self.platform.formats)
        self.comments = self.platform.comments

    def source(self, post: PostRequest) -> Source:
        return "url" if self.platform.formats[post.format].fetched else "file"

    def problems(self, post: PostRequest, account: PlatformAccount | None = None) -> tuple[PostProblem, ...]:
        return rules.problems(self.name, post, account)

    def require_valid(self, post: PostRequest, account: PlatformAccount | None = None) -> None:
        """Raises InvalidPost with the first blocking problem."""
        blocking = next((problem for problem in self.problems(post, account) if problem.blocks), None)
        if blocking:
            raise InvalidPost(blocking.message, detail=blocking.code)

    def matching_handle(self, handle: HandleState | None, post: PostRequest) -> HandleState:
        """A copy of the handle if it belongs to this post (same fingerprint), else {}."""
        return dict(handle) if handle and handle.get("of") == post.fingerprint else {}

    def require_same(self, handle: HandleState, post: PostRequest) -> None:
        if handle.get("of") != post.fingerprint:
            raise PrepareAgain(tr_lazy("The post was changed after it was prepared. It is prepared again."))

    def not_published_yet(self, age_s: float, message: str) -> Outcome:
        """The outcome when the platform says that it is not published. Unknown until `publishing.settle_s` have passed since
        `finalize`, because the platform may still be working on it."""
        remaining_s = self.settings.publishing.settle_s - age_s
        if remaining_s > 0:
            poll = self.settings.publishing.poll_s * 2
            return Unknown(
                joined(message, tr_lazy("It may still be working on it.")), ask_again_s=max(0.1, min(remaining_s, poll))
            )
        return NotPublished(message)

    def poll_s(self, *, video: bool) -> float:
        return self.settings.publishing.poll_s * (VIDEO_POLL_FACTOR if video else 1)


@contextmanager
def translate_transport_errors(label: str, *, irreversible: bool = False) -> Generator[None, None, None]:
    """Turns errors of the connection into PlatformErrors. `irreversible`: around the publishing call, where a lost answer is
    OutcomeUnknown; elsewhere it is Transient."""
    try:
        yield
    except ConnectError as error:
        raise Transient(
            tr_lazy("{label} cannot be reached right now. It is tried again.", label=label), detail=str(error)
        ) from error
    except ResponseLost as error:
        if irreversible:
            raise answer_lost(label, str(error)) from error
        raise Transient(
            tr_lazy("{label} did not answer in time. It is tried again.", label=label), detail=str(error)
        ) from error


def answer_lost(label: str, detail: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        tr_lazy("{label} did not say whether it published the post. It is being asked.", label=label), detail=detail
    )


def wait_alive(seconds: float) -> Generator[Alive, None, None]:
    """Sleeps and yields Alive at least once a second, so that a cancellation is noticed."""
    until = time.monotonic() + seconds
    yield Alive()
    while (remaining_s := until - time.monotonic()) > 0:
        time.sleep(min(remaining_s, 0.9))
        yield Alive()


def fetch_url(label: str, media: Media) -> str:
    """The URL from which the platform fetches the file. Raises InvalidPost when unusable (US-ASCII only: instagram.md, 2)."""
    parts = urlsplit(media.url)
    if parts.scheme not in ("http", "https") or not parts.netloc or not media.url.isascii():
        raise InvalidPost(
            tr_lazy(
                "{label} fetches files over the internet, and this one has no public address. Set "
                "S3_PUBLIC_ENDPOINT (or PUBLIC_URL) to an https address that the internet can reach.",
                label=label,
            )
        )
    return media.url


def read_bytes(media: Media, first: int, length: int) -> bytes:
    """`length` bytes from offset `first`. Raises InvalidPost when the file is missing or its size has changed."""
    try:
        assert media.path is not None
        with media.path.open("rb") as file:
            file.seek(first)
            data = file.read(length)
            size = file.seek(0, 2)
    except (OSError, AssertionError) as error:
        raise InvalidPost(tr_lazy("The file of this post cannot be read. Add it again."), detail=str(error)) from error
    if size != media.size or len(data) != length:
        raise InvalidPost(
            tr_lazy("The file of this post has changed. Add it again."), detail=f"{size} bytes, {media.size} promised"
        )
    return data
