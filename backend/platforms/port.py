"""The platform port: a post becomes visible in three phases, of which only the last is irreversible.

    events = platform.prepare(post, access, handle)     invisible; may be repeated and resumed
    platform.check(handle, access)                      reads only
    platform.finalize(post, handle, access)             the one irreversible call; made once

The caller stores `Handle.value` as soon as it is yielded (each one replaces the one before; it holds upload URLs, so it is as
secret as a token), commits “submitting” before `finalize`, and after a crash or OutcomeUnknown calls only `reconcile`. This is
necessary because no platform accepts an idempotency key (docs/contracts/publishing.md, 1).

| platform, format | prepare | finalize | after a lost answer |
|---|---|---|---|
| Instagram | containers | media_publish | the container's status tells |
| TikTok video | init, all chunks but the last | the last chunk | status by publish_id |
| TikTok pictures | nothing remote: init is irreversible | content/init | cannot be known: there is no id to ask with |
| YouTube | session, all bytes but the last chunk | the last chunk | the session tells which bytes it has |
| sandbox | draft with its media | publish | the draft's state tells |
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from backend.engines.ports.events import Alive, Handle, Log, Progress
from backend.language import tr_lazy
from backend.platforms.errors import PlatformError

Format = Literal["picture", "carousel", "reel", "story", "video", "short"]
Source = Literal["url", "file"]
LOOK_AT_ACCOUNT, LOOK_AT_CHANNEL = tr_lazy("Check the account."), tr_lazy("Check the channel.")
FORMAT_NAMES: dict[Format, str] = {
    "picture": tr_lazy("picture"),
    "carousel": tr_lazy("carousel"),
    "reel": tr_lazy("reel"),
    "story": tr_lazy("story"),
    "video": tr_lazy("video"),
    "short": tr_lazy("Short"),
}


@dataclass(frozen=True, slots=True)
class Media:
    """One picture or video. `size` in bytes, sides in px, `duration_s` of videos. Unknown values ("" or None) are not checked.

    `url`: where the platform fetches it (public https, US-ASCII, valid for 26 h); `path`: the local file. The adapter's
    `source()` says which of them is needed. `sha256` identifies the bytes whatever their URL. `codec` and `audio`: h264, hevc,
    aac …
    """

    kind: Literal["picture", "video"]
    mime: str
    width: int
    height: int
    size: int
    sha256: str = ""
    path: Path | None = None
    url: str = ""
    duration_s: float | None = None
    fps: float | None = None
    codec: str = ""
    audio: str = ""
    alt_text: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """Options of single platforms; others ignore them.

    Instagram: `share_to_feed` (reels), `cover_ms`, `collaborators` (at most 3), `location_id`.
    TikTok: `allow_*` (off unless a person turns them on), `paid_partnership` and `own_brand` (commercial disclosure),
    `cover_ms`, `auto_music` (pictures). YouTube: `tags`, `made_for_kids`, `category` (id), `language` (BCP 47).
    """

    share_to_feed: bool = True
    cover_ms: int | None = None
    collaborators: tuple[str, ...] = ()
    location_id: str = ""
    allow_comments: bool = False
    allow_duet: bool = False
    allow_stitch: bool = False
    paid_partnership: bool = False
    own_brand: bool = False
    auto_music: bool = False
    tags: tuple[str, ...] = ()
    made_for_kids: bool = False
    category: str = "22"
    language: str = ""


@dataclass(frozen=True, slots=True)
class PostRequest:
    """One post as it is to appear. `caption` includes the hashtags (YouTube: the description).

    `title`: for YouTube and TikTok's pictures. `privacy`: a value of `PlatformAccount.privacy`; "" = not chosen.
    """

    format: Format
    media: tuple[Media, ...]
    caption: str = ""
    title: str = ""
    first_comment: str = ""
    ai_made: bool = True
    privacy: str = ""
    options: Options = field(default=Options())

    @property
    def fingerprint(self) -> str:
        """Equal for equal posts, whatever the URLs of their files. A handle with another fingerprint is never used."""
        media = [
            (file.kind, file.mime, file.sha256 or f"{file.size}:{file.width}x{file.height}", file.alt_text)
            for file in self.media
        ]
        without_media = replace(self, media=(), first_comment="")
        return hashlib.sha256(json.dumps([repr(without_media), media]).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """An access token and the id of its account. Never logged."""

    token: str = field(repr=False)
    account_id: str


@dataclass(frozen=True, slots=True)
class Quota:
    """Posts in a rolling window of `window_s` seconds, as just read. `total` None: the platform does not tell."""

    used: int
    total: int | None
    window_s: int = 86_400

    @property
    def left(self) -> int | None:
        return None if self.total is None else max(0, self.total - self.used)


@dataclass(frozen=True, slots=True)
class PlatformAccount:
    """Read before each post (TikTok: creator_info, mandatory). `privacy`: values that may be chosen now, () = no choice."""

    id: str
    name: str
    nickname: str = ""
    avatar_url: str = ""
    privacy: tuple[str, ...] = ()
    max_video_s: float | None = None
    comments_off: bool = False
    duet_off: bool = False
    stitch_off: bool = False
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class PrepareStatus:
    """The state of what was prepared. `ask_again_s`: when to check next. `error`: why it failed; its class says what helps.

    waiting: not ready yet · ready: finalize may be called · published: the irreversible call has happened (never finalize
    again; `reconcile` tells the outcome) · failed: the handle is worthless, `error` says whether a new one can help
    (PrepareAgain: at once, RateLimitedByPlatform: later) · gone: expired or unknown there, prepare again.
    """

    state: Literal["waiting", "ready", "published", "failed", "gone"]
    message: str = ""
    ask_again_s: float = 5.0
    error: PlatformError | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """The post is visible. `url` "": not known yet; `reconcile(handle)` may find it later, and a missing one is no failure.

    `exact` False: published, but the platform does not tell the id; `remote_id` is "" then.
    """

    remote_id: str
    url: str = ""
    handle: dict[str, Any] = field(default_factory=dict)
    exact: bool = True


@dataclass(frozen=True, slots=True)
class PublishAccepted:
    """The irreversible call arrived and the platform is processing it: store `handle` and call `reconcile` after `ask_again_s`.

    `url`: where the post will be, if known already.
    """

    handle: dict[str, Any]
    message: str
    ask_again_s: float = 10.0
    url: str = ""


@dataclass(frozen=True, slots=True)
class NotPublished:
    """The post is surely not visible and will not become so by itself.

    `error` None: `finalize` may be called again with the same handle. Else the handle is worthless and the class says what
    helps: PrepareAgain at once, RateLimitedByPlatform later, others need a person.
    """

    message: str
    error: PlatformError | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """`ask_again_s`: when to ask again; None: only a person who looks at the account can tell."""

    message: str
    ask_again_s: float | None = None


Outcome = Published | PublishAccepted | NotPublished | Unknown


@dataclass(frozen=True, slots=True)
class Fix:
    """An automatic fix: jpeg | crop (`ratio` = width/height) | resize (`width`, at most) | enlarge (`width`, at least) |
    transcode | trim (`seconds`) | shorten (`to`: limit in its unit) | remove_hashtags (`to`: how many stay)."""

    kind: Literal["jpeg", "crop", "resize", "enlarge", "transcode", "trim", "shorten", "remove_hashtags"]
    label: str
    ratio: float | None = None
    width: int | None = None
    seconds: float | None = None
    to: int | None = None


@dataclass(frozen=True, slots=True)
class PostProblem:
    """Why a post cannot be published as it is (`blocks`), or a warning. `media`: index of the file, from 0."""

    code: str
    message: str
    field: Literal["caption", "title", "first_comment", "media", "privacy", "format", "options"]
    media: int | None = None
    fix: Fix | None = None
    blocks: bool = True


Event = Alive | Handle | Progress | Log
HandleState = dict[str, Any]


class PlatformAdapter(Protocol):
    """Speaks to one platform. Thread-safe and stateless: everything it must remember is in the handle.

    All calls raise PlatformError.
    """

    name: str
    label: str
    formats: tuple[Format, ...]
    comments: bool
    """Whether a first comment can be written."""

    def close(self) -> None: ...

    def source(self, post: PostRequest) -> Source:
        """Which field of `Media` is needed: `url` when the platform fetches the files, `path` when they are uploaded."""
        ...

    def problems(self, post: PostRequest, account: PlatformAccount | None = None) -> tuple[PostProblem, ...]:
        """Pure. With `account`, also the limits of this account now."""
        ...

    def account(self, access: AccountAccess) -> PlatformAccount: ...

    def prepare(
        self, post: PostRequest, access: AccountAccess, handle: HandleState | None = None
    ) -> Generator[Event, None, None]:
        """Uploads everything without making it visible; resumes with the handle of an earlier try.

        Yields at least one Handle, and an event at least once a second while it waits. Log lines say what was sent (the AI
        flag). Never raises OutcomeUnknown.
        """
        ...

    def check(self, handle: HandleState, access: AccountAccess) -> PrepareStatus: ...

    def finalize(self, post: PostRequest, handle: HandleState, access: AccountAccess) -> Published | PublishAccepted:
        """Raises OutcomeUnknown when the answer was lost; any other PlatformError: surely nothing became visible."""
        ...

    def reconcile(self, handle: HandleState, access: AccountAccess, *, age_s: float) -> Outcome:
        """The outcome of `finalize`. Reads only. `age_s`: seconds since it was called. While the platform may still be working,
        “not published” is not believed (Unknown with `ask_again_s`)."""
        ...

    def comment(self, published: Published, text: str, access: AccountAccess) -> str:
        """Writes the first comment; returns its id. After OutcomeUnknown call only `find_comment`."""
        ...

    def find_comment(self, published: Published, text: str, access: AccountAccess) -> str:
        """The id of our own comment with this text, "" if there is none."""
        ...
