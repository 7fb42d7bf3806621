"""Posts: what is planned, its variants for channels, what was tried to publish them, and the rules they follow."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, tenant_fk, tenant_key, words


class PostState(StrEnum):
    """In the order that decides what a plan with several posts is: the first one that any of them is in."""

    PUBLISHING = "publishing"
    UNKNOWN = "unknown"
    FAILED = "failed"
    MISSED = "missed"
    ON_HOLD = "on_hold"
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"


_S = PostState
POST_MOVES: dict[PostState, frozenset[PostState]] = {
    _S.DRAFT: frozenset({_S.IN_REVIEW, _S.APPROVED, _S.ON_HOLD, _S.PUBLISHED}),
    _S.IN_REVIEW: frozenset({_S.DRAFT, _S.APPROVED, _S.ON_HOLD, _S.PUBLISHED}),
    _S.APPROVED: frozenset({_S.DRAFT, _S.IN_REVIEW, _S.SCHEDULED, _S.ON_HOLD, _S.PUBLISHED}),
    _S.SCHEDULED: frozenset({_S.IN_REVIEW, _S.APPROVED, _S.PUBLISHING, _S.MISSED, _S.ON_HOLD, _S.PUBLISHED}),
    _S.PUBLISHING: frozenset({_S.PUBLISHED, _S.FAILED, _S.UNKNOWN, _S.SCHEDULED, _S.MISSED, _S.ON_HOLD}),
    _S.PUBLISHED: frozenset(),
    _S.FAILED: frozenset({_S.DRAFT, _S.IN_REVIEW, _S.APPROVED, _S.ON_HOLD, _S.PUBLISHED}),
    _S.MISSED: frozenset({_S.DRAFT, _S.IN_REVIEW, _S.APPROVED, _S.ON_HOLD, _S.PUBLISHED}),
    _S.UNKNOWN: frozenset({_S.PUBLISHED, _S.APPROVED, _S.FAILED}),
    _S.ON_HOLD: frozenset({_S.DRAFT, _S.IN_REVIEW, _S.APPROVED, _S.SCHEDULED, _S.MISSED, _S.PUBLISHED}),
}
"""Allowed moves. To PUBLISHED from anywhere: somebody posted it themselves, or found it on the account. PUBLISHING goes back
to SCHEDULED or ON_HOLD only while nothing irreversible was sent. UNKNOWN ends by a person's word alone."""


class ContentPlan(Tenanted, Dated, Base):
    """A plan item: what an influencer posts and when. `wall` and `zone` are what people said; `due_at` follows from them."""

    __tablename__ = "content_plans"
    __table_args__ = (
        tenant_key(),
        tenant_key("request_key"),
        tenant_fk("influencer_id", "influencers", ondelete="CASCADE"),
        tenant_fk("repurposed_from", "content_plans", ondelete="SET NULL"),
        Index(None, "tenant_id", "due_at", "id", postgresql_where=text("deleted_at IS NULL")),
        Index(None, "tenant_id", "influencer_id", "wall"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str]
    topic: Mapped[str] = mapped_column(server_default="")
    notes: Mapped[str] = mapped_column(server_default="")
    wall: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    """The clock's time in `zone`, naive, to the minute; none: not scheduled yet."""
    zone: Mapped[str] = mapped_column(server_default="UTC")
    due_at: Mapped[datetime | None]
    repurposed_from: Mapped[str | None]
    request_key: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    """Goes up with each save: an edit of an older version is refused, not overwritten."""
    created_by: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_at: Mapped[datetime | None]


class Post(Tenanted, Dated, Base):
    """A plan's variant for one channel, with a state of its own."""

    __tablename__ = "posts"
    __table_args__ = (
        tenant_key(),
        tenant_key("plan_id", "channel_id"),
        tenant_fk("plan_id", "content_plans", ondelete="CASCADE"),
        tenant_fk("channel_id", "channels"),
        CheckConstraint(words("state", *PostState), name="state"),
        CheckConstraint(words("phase", "", "preparing", "ready", "submitting"), name="phase"),
        Index("ix_posts_due", "due_at", postgresql_where=text("state = 'scheduled'")),
        Index("ix_posts_state", "tenant_id", "state", "id"),
        Index("ix_posts_publishing", "id", postgresql_where=text("state = 'publishing'")),
        Index("ix_posts_channel", "tenant_id", "channel_id", "due_at"),
        Index("uq_posts_remote", "tenant_id", "channel_id", "remote_id", unique=True, postgresql_where=text("remote_id <> ''")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    plan_id: Mapped[str]
    channel_id: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    format: Mapped[str] = mapped_column(server_default="")
    """The platform's word for what it becomes (`image`, `carousel`, `reel` …); empty: what fits the media."""
    caption: Mapped[str] = mapped_column(server_default="")
    title: Mapped[str] = mapped_column(server_default="")
    hashtags: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Without #, in order."""
    media: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Asset ids, in order."""
    edits: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Asset id -> what is changed of it for this post: `ratio`, `width`, `seconds`, `transcode`; the asset itself stays."""
    cover_id: Mapped[str] = mapped_column(server_default="")
    first_comment: Mapped[str] = mapped_column(server_default="")
    alt_texts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Asset id -> what a picture shows, for people who cannot see it."""
    privacy: Mapped[str] = mapped_column(server_default="")
    """The platform's own word, chosen by hand; empty: not chosen."""
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    due_at: Mapped[datetime | None]
    """The plan's, for the index that the clockwork reads."""
    fingerprint: Mapped[str] = mapped_column(server_default="")
    """SHA-256 of caption and hashtags as compared: equal ones are the same words."""
    held_from: Mapped[str] = mapped_column(server_default="")
    """On hold: the state it goes back to."""
    held_by: Mapped[str] = mapped_column(server_default="")
    """On hold: `person`, `workspace` or the influencer's id whose stop switch holds it."""
    note: Mapped[str] = mapped_column(server_default="")
    """What the reviewer said."""
    error_code: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str] = mapped_column(server_default="")
    """Why it failed, was missed or is unknown: a sentence for people."""
    phase: Mapped[str] = mapped_column(server_default="")
    handle: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Remote ids and upload addresses of what was made so far, kept the moment the platform says them: JSON under the key
    ring, bound to (workspace, post), for an upload address is as good as a token."""
    submitted_at: Mapped[datetime | None]
    """When the irreversible call was about to be made: committed before it."""
    tries: Mapped[int] = mapped_column(server_default="0")
    not_before: Mapped[datetime | None]
    """Not tried again before: a platform asked for it, or a try failed."""
    job_id: Mapped[str | None]
    remote_id: Mapped[str] = mapped_column(server_default="")
    url: Mapped[str] = mapped_column(server_default="")
    published_at: Mapped[datetime | None]
    by_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    """Somebody said that it is there: the studio did not publish it itself."""
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class PostAttempt(Tenanted, Dated, Base):
    """One try to publish a post: what was sent, how far it came, what the platform said."""

    __tablename__ = "post_attempts"
    __table_args__ = (
        tenant_key(),
        tenant_fk("post_id", "posts", ondelete="CASCADE"),
        CheckConstraint(
            words("outcome", "running", "published", "failed", "unknown", "released", "held", "missed"), name="outcome"
        ),
        UniqueConstraint("tenant_id", "post_id", "n"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    post_id: Mapped[str]
    n: Mapped[int]
    outcome: Mapped[str] = mapped_column(server_default="running")
    phase: Mapped[str] = mapped_column(server_default="preparing")
    code: Mapped[str] = mapped_column(server_default="")
    said: Mapped[str] = mapped_column(server_default="")
    """For people."""
    detail: Mapped[str] = mapped_column(server_default="")
    """The platform's own words, shortened; never a token."""
    sent: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What was sent, the AI mark among it."""
    job_id: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class PostingRule(Tenanted, Dated, Base):
    """What an influencer (or the whole workspace: scope `workspace`) wants of posts, and the stop switch."""

    __tablename__ = "posting_rules"
    __table_args__ = (
        tenant_fk("influencer_id", "influencers", ondelete="CASCADE"),
        CheckConstraint(words("policy", "all", "first", "auto"), name="policy"),
    )
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    scope: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str | None]
    policy: Mapped[str] = mapped_column(server_default="all")
    """Who reviews: all posts; the first `first_n` of each channel; none."""
    first_n: Mapped[int] = mapped_column(server_default="5")
    gap_minutes: Mapped[int] = mapped_column(server_default="60")
    cooldown_days: Mapped[int] = mapped_column(server_default="60")
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class PostingSlot(Tenanted, Dated, Base):
    """A time of the week an influencer posts at, by the clocks of their own zone."""

    __tablename__ = "posting_slots"
    __table_args__ = (
        tenant_key(),
        tenant_fk("influencer_id", "influencers", ondelete="CASCADE"),
        tenant_key("influencer_id", "weekday", "at"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str]
    weekday: Mapped[int]
    """0: Monday."""
    at: Mapped[str]
    """`18:30`"""


class PlanAct(Tenanted, Dated, Base):
    """What was done to dates lately, and what was there before it, so that it can be taken back."""

    __tablename__ = "plan_acts"
    __table_args__ = (
        tenant_key(),
        CheckConstraint(words("kind", "move", "delete"), name="kind"),
        Index(None, "tenant_id", "created_by", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    said: Mapped[str]
    count: Mapped[int]
    before: Mapped[dict[str, Any]]
    created_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]
