"""Content plans, their posts for channels, publishing attempts, posting rules and times, snippets, undo entries, unsaved
edits."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Computed, DateTime, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, one_of, tenant_fk, tenant_key
from backend.db.tables.message_column import NO_MESSAGE, MessageColumn

_WORKSPACE_VECTOR = "array_to_tsvector(ARRAY[('#'::text || tenant_id)])"
_TEXT_VECTOR = "to_tsvector('simple'::regconfig, translate({}, '-/._@+&?=~#<>'::text, '             '::text))"
TOPIC_VECTOR = f"{_WORKSPACE_VECTOR} || {_TEXT_VECTOR.format('topic')}"
CAPTION_VECTOR = f"({_WORKSPACE_VECTOR} || {_TEXT_VECTOR.format('caption')}) || to_tsvector('simple'::regconfig, hashtags)"


class PostState(StrEnum):
    """Ordered: the state of a plan with several posts is the first of these that any of them is in."""

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
"""Allowed transitions. To PUBLISHED from anywhere: somebody posted it by hand, or found it on the account. PUBLISHING goes
back to SCHEDULED or ON_HOLD only while nothing irreversible was sent. UNKNOWN is ended only by a person."""


class ContentPlan(Tenanted, Dated, Base):
    """What an influencer posts and when. People choose `wall` (local time) and `zone`; `due_at` is derived from them."""

    __tablename__ = "content_plans"
    __table_args__ = (
        tenant_key(),
        tenant_key("request_key"),
        tenant_fk("influencer_id", "influencers", ondelete="CASCADE"),
        tenant_fk("repurposed_from", "content_plans", ondelete="SET NULL"),
        tenant_fk("text_id", "text_drafts", ondelete="SET NULL"),
        tenant_fk("campaign_id", "campaigns", ondelete="SET NULL"),
        Index("ix_content_plans_campaign", "tenant_id", "campaign_id", postgresql_where=text("campaign_id IS NOT NULL")),
        Index(None, "tenant_id", "due_at", "id", postgresql_where=text("deleted_at IS NULL")),
        Index(None, "tenant_id", "influencer_id", "wall"),
        Index("ix_content_plans_text", "tenant_id", "text_id", postgresql_where=text("text_id IS NOT NULL")),
        Index("ix_content_plans_trash", "tenant_id", "deleted_at", "id", postgresql_where=text("deleted_at IS NOT NULL")),
        Index("ix_content_plans_search", "search", postgresql_using="gin"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str]
    topic: Mapped[str] = mapped_column(server_default="")
    notes: Mapped[str] = mapped_column(server_default="")
    wall: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    """Local time in `zone`, naive, to the minute; null: not scheduled yet."""
    zone: Mapped[str] = mapped_column(server_default="UTC")
    due_at: Mapped[datetime | None]
    repurposed_from: Mapped[str | None]
    text_id: Mapped[str | None]
    """The text it was made from."""
    campaign_id: Mapped[str | None]
    request_key: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    """Rises with each save: a save that was made from an older version is refused."""
    created_by: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_at: Mapped[datetime | None]
    search: Mapped[str | None] = mapped_column(TSVECTOR, Computed(TOPIC_VECTOR, persisted=True), deferred=True)
    """Words of the topic, and one for the workspace that no topic can contain. The index is read only through `find_plans`."""


class Post(Tenanted, Dated, Base):
    """A plan on one channel, with a state of its own."""

    __tablename__ = "posts"
    __table_args__ = (
        tenant_key(),
        tenant_key("plan_id", "channel_id"),
        tenant_fk("plan_id", "content_plans", ondelete="CASCADE"),
        tenant_fk("channel_id", "channels"),
        CheckConstraint(one_of("state", *PostState), name="state"),
        CheckConstraint(one_of("phase", "", "preparing", "ready", "submitting"), name="phase"),
        Index("ix_posts_due", "due_at", postgresql_where=text("state = 'scheduled'")),
        Index("ix_posts_state", "tenant_id", "state", "id"),
        Index("ix_posts_publishing", "id", postgresql_where=text("state = 'publishing'")),
        Index("ix_posts_unknown", "id", postgresql_where=text("state = 'unknown'")),
        Index("ix_posts_channel", "tenant_id", "channel_id", "due_at"),
        Index("uq_posts_remote", "tenant_id", "channel_id", "remote_id", unique=True, postgresql_where=text("remote_id <> ''")),
        Index("ix_posts_search", "search", postgresql_using="gin"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    plan_id: Mapped[str]
    channel_id: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    format: Mapped[str] = mapped_column(server_default="")
    """The platform's format (`image`, `carousel`, `reel` …); empty: what fits the media."""
    caption: Mapped[str] = mapped_column(server_default="")
    title: Mapped[str] = mapped_column(server_default="")
    hashtags: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Without #, in order."""
    media: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Asset ids, in order."""
    edits: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Asset id -> how it is changed for this post: `ratio`, `width`, `seconds`, `transcode`. The asset itself stays as it
    is."""
    cover_id: Mapped[str] = mapped_column(server_default="")
    first_comment: Mapped[str] = mapped_column(server_default="")
    alt_texts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Asset id -> what a picture shows, for people who cannot see it."""
    privacy: Mapped[str] = mapped_column(server_default="")
    """The platform's value, chosen for this post; empty: not chosen."""
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    due_at: Mapped[datetime | None]
    """Copied from the plan, for the index that the scheduler reads."""
    fingerprint: Mapped[str] = mapped_column(server_default="")
    """SHA-256 of caption and hashtags, normalised: equal fingerprints mean the same words."""
    held_from: Mapped[str] = mapped_column(server_default="")
    """On hold: the state it goes back to."""
    held_by: Mapped[str] = mapped_column(server_default="")
    """On hold: `person`, or whose publishing is paused: `workspace` or an influencer's id."""
    note: Mapped[str] = mapped_column(server_default="")
    """The reviewer's note."""
    error_code: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    """Why it failed, was missed or is unknown: a sentence for people."""
    phase: Mapped[str] = mapped_column(server_default="")
    handle: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Remote ids and upload addresses of what was created so far, stored as soon as the platform returns them. JSON,
    encrypted and bound to (workspace, post), because an upload address gives as much access as a token."""
    submitted_at: Mapped[datetime | None]
    """When the irreversible call was about to be made; committed before it."""
    tries: Mapped[int] = mapped_column(server_default="0")
    not_before: Mapped[datetime | None]
    """No attempt before this: the platform asked for a pause, or an attempt failed."""
    job_id: Mapped[str | None]
    remote_id: Mapped[str] = mapped_column(server_default="")
    url: Mapped[str] = mapped_column(server_default="")
    published_at: Mapped[datetime | None]
    by_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    """A person marked it as published; the studio did not publish it."""
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    search: Mapped[str | None] = mapped_column(TSVECTOR, Computed(CAPTION_VECTOR, persisted=True), deferred=True)
    """As `ContentPlan.search`, of caption and hashtags."""


class PostAttempt(Tenanted, Dated, Base):
    """One attempt to publish a post: what was sent, how far it came, what the platform answered."""

    __tablename__ = "post_attempts"
    __table_args__ = (
        tenant_key(),
        tenant_fk("post_id", "posts", ondelete="CASCADE"),
        CheckConstraint(
            one_of("outcome", "running", "published", "failed", "unknown", "released", "held", "missed"), name="outcome"
        ),
        UniqueConstraint("tenant_id", "post_id", "n"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    post_id: Mapped[str]
    n: Mapped[int]
    outcome: Mapped[str] = mapped_column(server_default="running")
    phase: Mapped[str] = mapped_column(server_default="preparing")
    code: Mapped[str] = mapped_column(server_default="")
    said: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    """The outcome as a sentence for people."""
    detail: Mapped[str] = mapped_column(server_default="")
    """The platform's answer, shortened; never a token."""
    sent: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What was sent, with the AI mark."""
    job_id: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class PostingRule(Tenanted, Dated, Base):
    """The posting rules of an influencer, or of the whole workspace (scope `workspace`), and whether publishing is paused."""

    __tablename__ = "posting_rules"
    __table_args__ = (
        tenant_fk("influencer_id", "influencers", ondelete="CASCADE"),
        CheckConstraint(one_of("policy", "all", "first", "auto"), name="policy"),
    )
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    scope: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str | None]
    policy: Mapped[str] = mapped_column(server_default="all")
    """Who reviews: all posts; the first `first_n` of each channel; none."""
    first_n: Mapped[int] = mapped_column(server_default="5")
    gap_minutes: Mapped[int] = mapped_column(server_default="60")
    cooldown_days: Mapped[int] = mapped_column(server_default="60")
    holiday_country: Mapped[str] = mapped_column(server_default="")
    """ISO 3166 code of the country whose public holidays the calendar shows, or `none`; empty: as the workspace says, else that
    of the time zone."""
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class PostingSlot(Tenanted, Dated, Base):
    """A recurring time: a weekday and local time at which an influencer posts."""

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
    """An undo entry: what was done to plans, and what was there before."""

    __tablename__ = "plan_acts"
    __table_args__ = (
        tenant_key(),
        CheckConstraint(one_of("kind", "move", "delete", "approve", "states"), name="kind"),
        Index(None, "tenant_id", "created_by", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    said: Mapped[str]
    count: Mapped[int]
    before: Mapped[dict[str, Any]]
    created_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]


class PlanVersion(Tenanted, Dated, Base):
    """A plan's texts, files and date as they were saved at one version. A person's saves of a few minutes share a row."""

    __tablename__ = "plan_versions"
    __table_args__ = (tenant_fk("plan_id", "content_plans", ondelete="CASCADE"),)
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    plan_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    draft: Mapped[dict[str, Any]]
    saved_by: Mapped[str | None]
    """null: not known, because it was not changed in the composer."""
    saved_at: Mapped[datetime]


class PostSnippet(Tenanted, Dated, Base):
    """Words that are put into posts again and again: a hashtag set, or a template of a first comment."""

    __tablename__ = "post_snippets"
    __table_args__ = (
        tenant_key(),
        tenant_fk("influencer_id", "influencers", ondelete="CASCADE"),
        CheckConstraint(one_of("kind", "hashtags", "comment"), name="kind"),
        Index("uq_post_snippets_name", "tenant_id", "kind", text("coalesce(influencer_id, '')"), "name", unique=True),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    influencer_id: Mapped[str | None]
    """Whose posts it is for; null: everybody's."""
    name: Mapped[str]
    text: Mapped[str]
    created_by: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class PostDraft(Tenanted, Dated, Base):
    """An unsaved edit: what a person typed into a plan's form and did not save. It survives closing the form, a reload and a
    sign-out."""

    __tablename__ = "post_drafts"
    __table_args__ = (tenant_fk("plan_id", "content_plans", ondelete="CASCADE"),)
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    plan_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    """The plan's version when it was typed."""
    before: Mapped[dict[str, Any]]
    """The plan that the form was filled from; differences since then are shown."""
    draft: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
