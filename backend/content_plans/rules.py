"""Rules of posts: states, reviews, clashes, empty days, cooldown, hashtags. Pure."""

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
from backend.language import tr_lazy

S = PostState
MISSED_AFTER = timedelta(hours=48)
"""A post this late is not published any more without a person."""
EDITABLE = frozenset({S.DRAFT, S.IN_REVIEW, S.APPROVED, S.SCHEDULED, S.ON_HOLD, S.FAILED, S.MISSED})
MOVABLE = EDITABLE
"""States whose date may change: not published and not being published."""
STATE_LABELS: dict[PostState, str] = {
    S.DRAFT: tr_lazy("Draft"),
    S.IN_REVIEW: tr_lazy("In review"),
    S.APPROVED: tr_lazy("Approved"),
    S.SCHEDULED: tr_lazy("Scheduled"),
    S.PUBLISHING: tr_lazy("Publishing"),
    S.PUBLISHED: tr_lazy("Published"),
    S.FAILED: tr_lazy("Failed"),
    S.MISSED: tr_lazy("Missed"),
    S.UNKNOWN: tr_lazy("Unknown"),
    S.ON_HOLD: tr_lazy("On hold"),
}
NEEDS_PICTURE = "needs_picture"
"""Key in a post's options: why it was left without a picture."""
Policy = Literal["all", "first", "auto"]
_RANK = {state: n for n, state in enumerate(PostState)}
_TAG = re.compile(r"[^\W_](?:\w)*", re.UNICODE)


def missing_picture_reason(options: Mapping[str, Any], media: Sequence[str]) -> str:
    """Why a post was left without a picture, as a sentence; "" when it was not, or has one by now."""
    return "" if media else str(options.get(NEEDS_PICTURE) or "")


def aggregate(states: Iterable[PostState]) -> PostState:
    """A plan's state: that of the post which needs people most, else of the one furthest behind (PostState's order). Draft
    without posts."""
    return min(states, key=_RANK.__getitem__, default=S.DRAFT)


def outranking_states(state: PostState) -> list[PostState]:
    """States that outrank this one in a plan."""
    return [other for other in PostState if _RANK[other] < _RANK[state]]


def needs_review(policy: str, *, first_n: int, approved: int) -> bool:
    """`approved`: posts of the influencer that a person has approved so far and that went on from there."""
    return policy == "all" or (policy == "first" and approved < first_n)


def state_after_edit(state: PostState, *, review: bool) -> PostState:
    """A post's state after an edit of what the audience sees. `review`: the rules want one. KeyError: not editable."""
    reopened = {S.APPROVED: S.IN_REVIEW, S.SCHEDULED: S.IN_REVIEW} if review else {}
    return {**{editable: editable for editable in EDITABLE}, S.FAILED: S.DRAFT, S.MISSED: S.DRAFT, **reopened}[state]


def parse_hashtags(text: str | Iterable[str]) -> tuple[str, ...]:
    """Words as hashtags without #, each once regardless of case, in order."""
    parts = text.replace(",", " ").replace("#", " #").split() if isinstance(text, str) else list(text)
    words: dict[str, str] = {}
    for part in parts:
        if word := _TAG.search(unicodedata.normalize("NFC", part)):
            words.setdefault(word[0].casefold(), word[0])
    return tuple(words.values())


def whole_caption(caption: str, tags: Sequence[str]) -> str:
    """The text as it is published: hashtags that are not in the caption already are put below it."""
    tags_in_text = {tag.casefold() for tag in re.findall(r"#(\w+)", caption)}
    missing = " ".join(f"#{tag}" for tag in tags if tag.casefold() not in tags_in_text)
    return "\n\n".join(part for part in (caption.strip(), missing) if part)


def fingerprint(caption: str) -> str:
    """Equal for captions that people would call the same: case, spaces, punctuation and emoji are ignored. "": no words."""
    bare = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", caption).casefold()).strip()
    return hashlib.sha256(bare.encode()).hexdigest()[:32] if bare else ""


@dataclass(frozen=True, slots=True)
class PlannedPost:
    """A post as `find_clashes` needs it."""

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


def find_clashes(posts: Iterable[PlannedPost], *, gap_minutes: int) -> list[Clash]:
    """Each pair once a kind; posts of one plan do not clash with each other. `gap_minutes` 0: nearness is no clash."""
    by_channel: dict[str, list[PlannedPost]] = defaultdict(list)
    for post in posts:
        by_channel[post.channel_id].append(post)
    clashes: list[Clash] = []
    for channel_id, channel_posts in by_channel.items():
        dated = sorted((post for post in channel_posts if post.due_at), key=lambda post: (post.due_at, post.post_id))
        for n, post in enumerate(dated):
            for other in dated[n + 1 :]:
                minutes = int((other.due_at - post.due_at).total_seconds() // 60)  # type: ignore[operator]
                if minutes >= gap_minutes:
                    break
                if other.plan_id != post.plan_id:
                    clashes.append(Clash("near", post.plan_id, other.plan_id, channel_id, minutes))
        first_by_text: dict[str, PlannedPost] = {}
        for post in sorted(channel_posts, key=lambda post: post.post_id):
            first = first_by_text.setdefault(post.fingerprint, post)
            if post.fingerprint and first.plan_id != post.plan_id:
                clashes.append(Clash("same", first.plan_id, post.plan_id, channel_id))
    return clashes


def empty_periods(days_used: Iterable[date], first: date, last: date, *, least: int = 2) -> list[tuple[date, date]]:
    """Runs of at least `least` days between `first` and `last` (both included) without a post."""
    used, periods = set(days_used), list[tuple[date, date]]()
    start: date | None = None
    for n in range((last - first).days + 2):
        day = first + timedelta(days=n)
        if day > last or day in used:
            if start and (day - start).days >= least:
                periods.append((start, day - timedelta(days=1)))
            start = None
        else:
            start = start or day
    return periods


def remaining_cooldown(last: datetime | None, now: datetime, *, days: int) -> timedelta:
    """How long until a published post may be used again; zero: it may. `days`: the cooldown."""
    if last is None:
        return timedelta(0)
    return max(timedelta(0), last + timedelta(days=days) - now)
