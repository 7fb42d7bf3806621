"""Values that go out of `backend.inbox`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

EntryKind = Literal["fix", "approve", "face_check", "notice", "rejected", "notice_log"]
ENTRY_KINDS: tuple[EntryKind, ...] = ("fix", "approve", "face_check", "notice", "rejected", "notice_log")
"""In the order in which they are shown. `notice`: unread ones whose cause is no other entry; `notice_log`: all, also those that
were read. Rejected pictures and the log wait for nobody: they are not counted, and listed when asked for."""
WAITING_KINDS: tuple[EntryKind, ...] = ENTRY_KINDS[:4]
EntryNoun = Literal["plan", "picture", "job", "channel", "pause", "budget", "notice"]


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """How many entries there are of each kind."""

    fix: int
    approve: int
    face_check: int
    rejected: int
    notices: int = 0
    """Unread ones of the acting person."""
    extra: int = 0
    """Those of them whose cause is no other entry."""

    @property
    def total(self) -> int:
        """What the badge shows."""
        return self.fix + self.approve + self.face_check + self.extra


@dataclass(frozen=True, slots=True)
class EntryPost:
    """A post of a plan. `text`: as it goes out, with its hashtags; `error`: why it failed, was missed or is unknown; `note`:
    the reviewer's; `profile_url`: of an account to look at, "" unless the outcome is unknown."""

    id: str
    channel_name: str
    platform: str
    state: str
    text: str
    error: str
    note: str
    profile_url: str


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """Something that waits. `noun`, `noun_id`: what it is about; `state`: of that: in_review, draft, failed, missed, unknown,
    approved (not scheduled), held, rejected, reconnect, off, paused, near, spent, unread, read.

    `message`: what is wrong, as a sentence, "" where nothing is. `wall`, `zone`: local time of a plan; `at`: that as an
    instant, or when it happened. `is_late`: its time has passed. `asset_ids`: pictures and videos, in order.
    `score`, `threshold`: the weakest face match, 0 to 1, None: not measured; `accepted`: by a person. `version`: of a plan.
    `label`: of a notice, its kind.
    """

    kind: EntryKind
    noun: EntryNoun
    noun_id: str
    state: str
    title: str
    message: str = ""
    influencer_id: str = ""
    influencer_name: str = ""
    wall: datetime | None = None
    zone: str = ""
    at: datetime | None = None
    is_late: bool = False
    asset_ids: tuple[str, ...] = ()
    score: float | None = None
    threshold: float | None = None
    accepted: bool = False
    version: int = 0
    label: str = ""
    posts: tuple[EntryPost, ...] = ()

    @property
    def id(self) -> str:
        """Of the entry, as long as its cause lasts."""
        return f"{self.noun}:{self.noun_id}"

    @property
    def is_face_below(self) -> bool:
        """A picture is below its threshold, and nobody accepted it."""
        return not self.accepted and self.score is not None and self.threshold is not None and self.score < self.threshold
