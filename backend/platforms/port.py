"""The platform port: a post becomes visible in three phases, of which only the last cannot be taken back.

    events = platform.prepare(post, access, handle)     invisible; may be repeated and resumed
    platform.check(handle, access)                      reads only
    platform.finalize(post, handle, access)             the one irreversible call; made once

Who publishes keeps `Handle.value` the moment it is said (each one replaces the one before; it holds upload addresses, so it
is as secret as a token), commits “submitting” before `finalize`, and after a crash or OutcomeUnknown calls only `reconcile`.
No platform knows an idempotency key: this is why (docs/contracts/publishing.md, 1).

| platform, format | prepare | finalize | after a lost answer |
|---|---|---|---|
| Instagram | containers | media_publish | the container says PUBLISHED or not |
| TikTok video | init, all chunks but the last | the last chunk | status by publish_id |
| TikTok pictures | nothing remote: init is irreversible | content/init | nothing to ask by: cannot be known |
| YouTube | session, all bytes but the last chunk | the last chunk | the session says which bytes it has |
| sandbox | draft with its media | publish | the draft says published or not |
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from backend.engines.events import Alive, Handle, Log, Progress
from backend.platforms.errors import PlatformError

Format = Literal["picture", "carousel", "reel", "story", "video", "short"]
Source = Literal["url", "file"]


@dataclass(frozen=True, slots=True)
class Media:
    """One picture or film. `size` bytes, sides px, `duration_s` of films. What is not known ("" or None) is not checked.

    `url`: where the platform fetches it (public https, US-ASCII, alive for 26 h); `path`: the bytes here. `source()` of the
    platform says which it needs. `sha256` names the bytes, whatever their address. `codec` and `audio`: h264, hevc, aac …
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
    """What single platforms can be told; others ignore it.

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
    """One variant as it is to appear. `caption` has its hashtags in it (YouTube: the description).

    `title`: YouTube's, and of TikTok's pictures. `privacy`: the platform's own word out of `Account.privacy`; "" = not chosen.
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
        """The same for the same post, wherever its bytes lie. A handle of another fingerprint is never used."""
        media = [(one.kind, one.mime, one.sha256 or f"{one.size}:{one.width}x{one.height}", one.alt_text) for one in self.media]
        bare = replace(self, media=(), first_comment="")
        return hashlib.sha256(json.dumps([repr(bare), media]).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Access:
    """A token and whose account it opens. Never logged."""

    token: str = field(repr=False)
    account_id: str


@dataclass(frozen=True, slots=True)
class Quota:
    """Posts in a rolling window of `window_s` seconds, as the platform said just now. `total` None: it does not say."""

    used: int
    total: int | None
    window_s: int = 86_400

    @property
    def left(self) -> int | None:
        return None if self.total is None else max(0, self.total - self.used)


@dataclass(frozen=True, slots=True)
class Account:
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
    """How what was prepared stands. `ask_again_s`: when to look next. `error`: why it failed; its class says what helps.

    waiting: not ready yet · ready: finalize may be called · published: the irreversible call has happened (never finalize
    again; `reconcile` says what became of it) · failed: the handle is worthless, `error` says whether a new one can help
    (MakeAnew: at once, Wait: later) · gone: expired or forgotten there, prepare anew.
    """

    state: Literal["waiting", "ready", "published", "failed", "gone"]
    message: str = ""
    ask_again_s: float = 5.0
    error: PlatformError | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """It is visible. `url` "": not known (yet); `reconcile(handle)` may find it later, and its absence is no failure.

    `exact` False: published, but the platform does not say under which id; `remote_id` is "" then.
    """

    remote_id: str
    url: str = ""
    handle: dict[str, Any] = field(default_factory=dict)
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Accepted:
    """The irreversible call arrived and the platform works on it: keep `handle`, ask `reconcile` until it says more.

    `url`: where it will be, if that is known already.
    """

    handle: dict[str, Any]
    message: str
    ask_again_s: float = 10.0
    url: str = ""


@dataclass(frozen=True, slots=True)
class NotPublished:
    """It surely is not visible and will not become so by itself.

    `error` None: `finalize` may be called again with the same handle. Else the handle is worthless and the class says what
    helps: MakeAnew at once, Wait later, others a person.
    """

    message: str
    error: PlatformError | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """`ask_again_s` None: nobody but a person who looks at the account can ever know; else ask again then."""

    message: str
    ask_again_s: float | None = None


Outcome = Published | Accepted | NotPublished | Unknown


@dataclass(frozen=True, slots=True)
class Fix:
    """What we can mend: jpeg | crop (`ratio` = width/height) | resize (`width`, at most) | enlarge (`width`, at least) |
    transcode | trim (`seconds`) | shorten (`to` = units of the limit) | remove_hashtags (`to`)."""

    kind: Literal["jpeg", "crop", "resize", "enlarge", "transcode", "trim", "shorten", "remove_hashtags"]
    label: str
    ratio: float | None = None
    width: int | None = None
    seconds: float | None = None
    to: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a post cannot be published as it is (`blocks`), or what will surprise there. `media`: number of the file, 0-based."""

    code: str
    message: str
    field: Literal["caption", "title", "first_comment", "media", "privacy", "format", "options"]
    media: int | None = None
    fix: Fix | None = None
    blocks: bool = True


Event = Alive | Handle | Progress | Log
Handled = dict[str, Any]


class Platform(Protocol):
    """One platform. Thread-safe, keeps nothing: everything it must remember is in the handle. All raise PlatformError."""

    name: str
    label: str
    formats: tuple[Format, ...]
    comments: bool
    """Whether a first comment can be written."""

    def close(self) -> None: ...

    def source(self, post: PostRequest) -> Source:
        """What `Media` must have: `url` where the platform fetches, `path` where it takes bytes."""
        ...

    def problems(self, post: PostRequest, account: Account | None = None) -> tuple[Problem, ...]:
        """Pure. With `account`, also what this account may not do today."""
        ...

    def account(self, access: Access) -> Account: ...

    def prepare(self, post: PostRequest, access: Access, handle: Handled | None = None) -> Generator[Event, None, None]:
        """Nothing of it can be seen. With the handle of an earlier try it goes on from there.

        At least one Handle; an event at least once a second while it waits. Log lines say what was sent (the AI flag).
        Raises OutcomeUnknown never.
        """
        ...

    def check(self, handle: Handled, access: Access) -> PrepareStatus: ...

    def finalize(self, post: PostRequest, handle: Handled, access: Access) -> Published | Accepted:
        """Raises OutcomeUnknown when the answer was lost; any other PlatformError: surely nothing became visible."""
        ...

    def reconcile(self, handle: Handled, access: Access, *, age_s: float) -> Outcome:
        """What became of `finalize`. Reads only. `age_s`: seconds since it was called; a platform that may still be busy with
        it is not believed when it says no (CannotTell with `ask_again_s`)."""
        ...

    def comment(self, published: Published, text: str, access: Access) -> str:
        """The comment's id. Raises OutcomeUnknown: then only `find_comment`."""
        ...

    def find_comment(self, published: Published, text: str, access: Access) -> str:
        """The id of our own comment with this text, "" if there is none."""
        ...
