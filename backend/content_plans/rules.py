"""What posts must keep to: whose review they need, what clashes, what is missing. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from backend.db.tables import PostState

S = PostState
MISSED_AFTER = timedelta(hours=48)
"""A post this late is not published any more without a person."""
EDITABLE = frozenset({S.DRAFT, S.IN_REVIEW, S.APPROVED, S.SCHEDULED, S.ON_HOLD, S.FAILED, S.MISSED})
MOVABLE = EDITABLE
"""States whose date may change: nothing of it is out, and nobody is sending it."""
WORDS: dict[PostState, str] = {
    S.DRAFT: "Draft", S.IN_REVIEW: "In review", S.APPROVED: "Approved", S.SCHEDULED: "Scheduled", S.PUBLISHING: "Publishing",
    S.PUBLISHED: "Published", S.FAILED: "Failed", S.MISSED: "Missed", S.UNKNOWN: "Unknown", S.ON_HOLD: "On hold",
}  # fmt: skip
NEEDS_PICTURE = "needs_picture"
"""The option of a post that says why it was left without one."""
Policy = Literal["all", "first", "auto"]
_RANK = {state: n for n, state in enumerate(PostState)}
_TAG = re.compile(r"[^\W_](?:\w)*", re.UNICODE)


def needs_picture(options: Mapping[str, Any], media: Sequence[str]) -> str:
    """Why a post was left without the picture that was drawn for it, as a sentence; "": it was not, or has one by now."""
    return "" if media else str(options.get(NEEDS_PICTURE) or "")


def aggregate(states: Iterable[PostState]) -> PostState:
    """A plan's own state: what needs people first, then the least far. Without posts it is a draft."""
    return min(states, key=_RANK.__getitem__, default=S.DRAFT)


def before(state: PostState) -> list[PostState]:
    """States that outrank this one in a plan."""
    return [one for one in PostState if _RANK[one] < _RANK[state]]


def needs_review(policy: str, *, first_n: int, approved: int) -> bool:
    """`approved`: posts of the influencer that a person has approved so far and that went on from there."""
    return policy == "all" or (policy == "first" and approved < first_n)


def after_edit(state: PostState, *, review: bool) -> PostState:
    """Where a change of what will be seen leaves a post. Raises KeyError for what cannot be edited."""
    again = {S.APPROVED: S.IN_REVIEW, S.SCHEDULED: S.IN_REVIEW} if review else {}
    return {**{one: one for one in EDITABLE}, S.FAILED: S.DRAFT, S.MISSED: S.DRAFT, **again}[state]


def hashtags(text: str | Iterable[str]) -> tuple[str, ...]:
    """Words as hashtags, without #, each once (whatever its case), in the order given."""
    parts = text.replace(",", " ").replace("#", " #").split() if isinstance(text, str) else list(text)
    found: dict[str, str] = {}
    for part in parts:
        if word := _TAG.search(unicodedata.normalize("NFC", part)):
            found.setdefault(word[0].casefold(), word[0])
    return tuple(found.values())


def whole_caption(caption: str, tags: Sequence[str]) -> str:
    """As it is published: hashtags that are not in the text already stand under it."""
    there = {one.casefold() for one in re.findall(r"#(\w+)", caption)}
    missing = " ".join(f"#{tag}" for tag in tags if tag.casefold() not in there)
    return "\n\n".join(part for part in (caption.strip(), missing) if part)


def fingerprint(caption: str) -> str:
    """Equal for captions people would call the same: case, spaces, punctuation and pictographs do not count. "": no words."""
    bare = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", caption).casefold()).strip()
    return hashlib.sha256(bare.encode()).hexdigest()[:32] if bare else ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A post as the checks see it."""

    post_id: str
    plan_id: str
    channel_id: str
    due_at: datetime | None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Clash:
    """`near`: another post of the same channel within the gap; `same`: the same words on the same channel."""

    kind: Literal["near", "same"]
    plan_id: str
    other_plan_id: str
    channel_id: str
    minutes: int = 0


def clashes(posts: Iterable[Planned], *, gap_minutes: int) -> list[Clash]:
    """Each pair once per kind; posts of one plan do not clash with each other. `gap_minutes` 0: nearness is no clash."""
    by_channel: dict[str, list[Planned]] = defaultdict(list)
    for one in posts:
        by_channel[one.channel_id].append(one)
    found: list[Clash] = []
    for channel_id, ours in by_channel.items():
        dated = sorted((one for one in ours if one.due_at), key=lambda one: (one.due_at, one.post_id))
        for n, one in enumerate(dated):
            for other in dated[n + 1 :]:
                minutes = int((other.due_at - one.due_at).total_seconds() // 60)  # type: ignore[operator]
                if minutes >= gap_minutes:
                    break
                if other.plan_id != one.plan_id:
                    found.append(Clash("near", one.plan_id, other.plan_id, channel_id, minutes))
        said: dict[str, Planned] = {}
        for one in sorted(ours, key=lambda one: one.post_id):
            first = said.setdefault(one.fingerprint, one)
            if one.fingerprint and first.plan_id != one.plan_id:
                found.append(Clash("same", first.plan_id, one.plan_id, channel_id))
    return found


def gaps(days_used: Iterable[date], first: date, last: date, *, least: int = 2) -> list[tuple[date, date]]:
    """Runs of at least `least` days between `first` and `last` (both included) without a post."""
    used, found = set(days_used), list[tuple[date, date]]()
    start: date | None = None
    for n in range((last - first).days + 2):
        day = first + timedelta(days=n)
        if day > last or day in used:
            if start and (day - start).days >= least:
                found.append((start, day - timedelta(days=1)))
            start = None
        else:
            start = start or day
    return found


def cooled(last: datetime | None, now: datetime, *, days: int) -> timedelta:
    """How long a published post must still rest before it may be used again; zero: it may."""
    if last is None:
        return timedelta(0)
    return max(timedelta(0), last + timedelta(days=days) - now)
