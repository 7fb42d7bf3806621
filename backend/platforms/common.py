"""What all adapters do alike: handles that belong to a post, files read in chunks, waiting that shows signs of life."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

from backend.engines.events import Alive
from backend.platforms import rules
from backend.platforms.errors import InvalidPost, OutcomeUnknown, PrepareAgain, Transient
from backend.platforms.http_base import ConnectError, ResponseLost
from backend.platforms.limits import PLATFORMS
from backend.platforms.port import (
    Account,
    Format,
    Handled,
    Media,
    NotPublished,
    Outcome,
    PostRequest,
    Problem,
    Source,
    Unknown,
)
from backend.settings import Settings

FILM_POLLS = 4
"""A film is asked about that much more seldom than a picture (how often is right: instagram.md, 2; tiktok.md, 4)."""


class AdapterBase:
    name: str

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.label = PLATFORMS[self.name].label
        self.formats: tuple[Format, ...] = rules.formats(self.name)
        self.comments = PLATFORMS[self.name].comments

    def source(self, post: PostRequest) -> Source:
        return "url" if PLATFORMS[self.name].formats[post.format].fetched else "file"

    def problems(self, post: PostRequest, account: Account | None = None) -> tuple[Problem, ...]:
        return rules.problems(self.name, post, account)

    def require_valid(self, post: PostRequest, account: Account | None = None) -> None:
        """Raises InvalidPost with the first thing that blocks."""
        blocking = next((one for one in self.problems(post, account) if one.blocks), None)
        if blocking:
            raise InvalidPost(blocking.message, detail=blocking.code)

    def usable(self, handle: Handled | None, post: PostRequest) -> Handled:
        """A copy of the handle if it is of this very post, else an empty one."""
        return dict(handle) if handle and handle.get("of") == post.fingerprint else {}

    def require_same(self, handle: Handled, post: PostRequest) -> None:
        if handle.get("of") != post.fingerprint:
            raise PrepareAgain("The post was changed after it was prepared. It is prepared again.")

    def not_yet(self, age_s: float, message: str) -> Outcome:
        """No, as far as the platform knows: believed once it had time to finish what it may still be doing."""
        left = self.settings.platform_settle_s - age_s
        if left > 0:
            poll = self.settings.platform_poll_s * 2
            return Unknown(f"{message} It may still be working on it.", ask_again_s=max(0.1, min(left, poll)))
        return NotPublished(message)

    def poll_s(self, *, film: bool) -> float:
        return self.settings.platform_poll_s * (FILM_POLLS if film else 1)


@contextmanager
def translate_transport_errors(label: str, *, irreversible: bool = False) -> Generator[None, None, None]:
    """Says what it means that a request or its answer did not arrive."""
    try:
        yield
    except ConnectError as error:
        raise Transient(f"{label} cannot be reached right now. It is tried again.", detail=str(error)) from error
    except ResponseLost as error:
        if irreversible:
            raise lost(label, str(error)) from error
        raise Transient(f"{label} did not answer in time. It is tried again.", detail=str(error)) from error


def lost(label: str, detail: str) -> OutcomeUnknown:
    return OutcomeUnknown(f"{label} did not say whether it published the post. It is being asked.", detail=detail)


def waiting(seconds: float) -> Generator[Alive, None, None]:
    """A sign of life at least once a second."""
    until = time.monotonic() + seconds
    yield Alive()
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.9))
        yield Alive()


def address(label: str, media: Media) -> str:
    """Where the platform fetches it. Raises InvalidPost when the platform cannot use that (US-ASCII: instagram.md, 2)."""
    parts = urlsplit(media.url)
    if parts.scheme not in ("http", "https") or not parts.netloc or not media.url.isascii():
        raise InvalidPost(
            f"{label} fetches files over the internet, and this one has no public address. Set S3_PUBLIC_ENDPOINT (or "
            "PUBLIC_URL) to an https address that the internet can reach."
        )
    return media.url


def read(media: Media, first: int, length: int) -> bytes:
    """`length` bytes from `first`. Raises InvalidPost when the file is not what was promised."""
    try:
        assert media.path is not None
        with media.path.open("rb") as file:
            file.seek(first)
            data = file.read(length)
            size = file.seek(0, 2)
    except (OSError, AssertionError) as error:
        raise InvalidPost("The file of this post cannot be read. Add it again.", detail=str(error)) from error
    if size != media.size or len(data) != length:
        raise InvalidPost("The file of this post has changed. Add it again.", detail=f"{size} bytes, {media.size} promised")
    return data
