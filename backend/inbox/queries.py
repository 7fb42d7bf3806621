"""Reads the inbox in a fixed number of statements, however much waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import budgets, channels, content_plans, influencers, jobs, notices
from backend.content_plans import FaceMatch, PlanCard, PostState
from backend.db.row_counts import bounded_count
from backend.db.tables import Picture
from backend.inbox.notice_pictures import notice_pictures
from backend.inbox.schemas import WAITING_KINDS, EntryKind, EntryPost, InboxCounts, InboxEntry
from backend.kit.clock import now
from backend.language import joined, tr_lazy, tr_lazy_plural
from backend.notices import NoticeCard
from backend.settings import Settings

NEAR_LIMIT = 0.8
"""Share of a budget from which on it is an entry."""
_PUBLISHING = ("autopost",)
"""Failed jobs of these kinds are not entries: their posts are."""


def count_entries(tx: Session, settings: Settings, *, influencer_id: str = "") -> InboxCounts:
    """Of one influencer, or of all; failed jobs, budgets and the acting person's notices belong to none and are always
    counted. At most ten statements."""
    own = notices.counts(tx)
    return replace(count_shared(tx, settings, influencer_id=influencer_id), notices=own.unread, extra=own.extra)


def count_shared(tx: Session, settings: Settings, *, influencer_id: str = "") -> InboxCounts:
    """As `count_entries`, without notices: the same for everybody. At most nine statements."""
    waiting = content_plans.count_waiting(tx, influencer_id=influencer_id)
    fixes = (
        waiting.to_fix
        + len(content_plans.disconnected_channels(tx, influencer_id=influencer_id))
        + len(content_plans.paused_posts(tx, influencer_id=influencer_id))
        + jobs.count_open_failures(tx, without_kinds=_PUBLISHING)
        + len(_budget_entries(tx, settings))
    )
    counts = {gate: _count_pictures(tx, gate, influencer_id) for gate in ("held", "rejected")}
    return InboxCounts(fix=fixes, approve=waiting.to_approve, face_check=counts["held"], rejected=counts["rejected"])


def entries(
    tx: Session,
    settings: Settings,
    *,
    kinds: Sequence[EntryKind] = WAITING_KINDS,
    influencer_id: str = "",
    take: int = 60,
) -> list[InboxEntry]:
    """At most `take` of each kind, in the order of `kinds`: what is to fix by urgency, what is to approve by date, pictures
    and notices newest first. Of one influencer, or of all; notices are the acting person's. At most 26 statements."""
    read: dict[EntryKind, Callable[[], list[InboxEntry]]] = {
        "fix": lambda: _fixes(tx, settings, influencer_id, take),
        "approve": lambda: _plan_entries(
            tx, settings, "approve", content_plans.plans_to_approve(tx, influencer_id=influencer_id, take=take)
        ),
        "face_check": lambda: _picture_entries(tx, "face_check", influencer_id, take),
        "notice": lambda: _notice_entries(tx, "notice", notices.extra(tx, take=take)),
        "rejected": lambda: _picture_entries(tx, "rejected", influencer_id, take),
        "notice_log": lambda: _notice_entries(tx, "notice_log", notices.page(tx, take=take).cards),
    }
    return [entry for kind in kinds for entry in read[kind]()]


def _fixes(tx: Session, settings: Settings, influencer_id: str, take: int) -> list[InboxEntry]:
    plans = content_plans.plans_to_fix(tx, influencer_id=influencer_id, take=take)
    fixes = [
        *_plan_entries(tx, settings, "fix", plans),
        *_channel_entries(tx, influencer_id),
        *_pause_entries(tx, influencer_id),
        *_budget_entries(tx, settings),
        *_job_entries(tx, take),
    ]
    return fixes[:take]


def _plan_entries(tx: Session, settings: Settings, kind: EntryKind, plans: Sequence[PlanCard]) -> list[InboxEntry]:
    matches = content_plans.worst_matches(tx, plans)
    unknown_channels = {post.channel_id for plan in plans for post in plan.posts if post.state == PostState.UNKNOWN}
    accounts = channels.get_many(tx, sorted(unknown_channels))
    profile_urls = {channel_id: channels.profile_url(card, settings) for channel_id, card in accounts.items()}
    return [_plan_entry(kind, plan, matches.get(plan.id), profile_urls) for plan in plans]


def _plan_entry(kind: EntryKind, plan: PlanCard, match: FaceMatch | None, profile_urls: dict[str, str]) -> InboxEntry:
    asset_ids = next((post.media for post in plan.posts if post.media), ())
    posts = tuple(
        EntryPost(
            id=post.id,
            channel_name=post.channel_name,
            platform=post.platform,
            state=post.state.value,
            text=content_plans.whole_caption(post.caption, post.hashtags),
            error=post.error or content_plans.missing_picture_reason(post.options, post.media),
            note=post.note,
            profile_url=profile_urls.get(post.channel_id, "") if post.state == PostState.UNKNOWN else "",
        )
        for post in plan.posts
    )
    state = _urgent_state(kind, plan)
    return InboxEntry(
        kind=kind,
        noun="plan",
        noun_id=plan.id,
        state=state.value,
        title=plan.title,
        message=_plan_message(kind, state, posts),
        influencer_id=plan.influencer_id,
        influencer_name=plan.influencer_name,
        wall=plan.wall,
        zone=plan.zone,
        at=plan.due_at,
        is_late=plan.due_at is not None and plan.due_at <= now(),
        asset_ids=asset_ids,
        score=match.score if match else None,
        threshold=match.threshold if match else None,
        accepted=match.accepted if match else False,
        version=plan.version,
        posts=posts,
    )


def _plan_message(kind: EntryKind, state: PostState, posts: Sequence[EntryPost]) -> str:
    error = next((post.error for post in posts if post.error and (kind == "approve" or post.state == state.value)), "")
    return error or (
        tr_lazy("It is approved, and not scheduled: it will not go out at its time.") if state == PostState.APPROVED else ""
    )


def _urgent_state(kind: EntryKind, plan: PlanCard) -> PostState:
    """The state of the plan's post that waits: it may have others, which are out or scheduled."""
    states = {post.state for post in plan.posts}
    order = (PostState.UNKNOWN, PostState.FAILED, PostState.MISSED) if kind == "fix" else (PostState.IN_REVIEW, PostState.DRAFT)
    return next((state for state in order if state in states), plan.state)


def _channel_entries(tx: Session, influencer_id: str) -> list[InboxEntry]:
    names = influencers.names(tx)
    return [
        InboxEntry(
            kind="fix",
            noun="channel",
            noun_id=channel.channel_id,
            state=channel.state,
            title=f"{channel.name} · {channels.PLATFORMS[channel.platform]}",
            message=joined(channel.trouble or _channel_trouble(channel.state), _waiting_text(channel.waiting)),
            influencer_id=channel.influencer_id,
            influencer_name=names.get(channel.influencer_id, ""),
        )
        for channel in content_plans.disconnected_channels(tx, influencer_id=influencer_id)
    ]


def _channel_trouble(state: str) -> str:
    return tr_lazy("It must be connected again.") if state == "reconnect" else tr_lazy("It is paused.")


def _waiting_text(posts: int) -> str:
    return tr_lazy_plural("{n:,} post waits for this.", "{n:,} posts wait for this.", posts) if posts else ""


def _pause_entries(tx: Session, influencer_id: str) -> list[InboxEntry]:
    return [
        InboxEntry(
            kind="fix",
            noun="pause",
            noun_id=paused.influencer_id or "workspace",
            state="paused",
            title=tr_lazy("Publishing is paused for {name}", name=paused.name)
            if paused.name
            else tr_lazy("Publishing is paused for the whole workspace"),
            message=tr_lazy_plural(
                "{n:,} post is held until it is resumed.", "{n:,} posts are held until it is resumed.", paused.posts
            ),
            influencer_id=paused.influencer_id,
            influencer_name=paused.name,
        )
        for paused in content_plans.paused_posts(tx, influencer_id=influencer_id)
    ]


def _budget_entries(tx: Session, settings: Settings) -> list[InboxEntry]:
    """At most one: of the month, else of the day."""
    if not settings.text.is_model:
        return []
    day, month = budgets.spending(tx, settings)
    for period, name in ((month, "month"), (day, "day")):
        if period.limit_usd is None or period.share < NEAR_LIMIT:
            continue
        is_spent = period.share >= 1
        titles = {
            ("month", True): tr_lazy("The budget for AI texts of this month is used up"),
            ("month", False): tr_lazy("The budget for AI texts of this month is nearly used up"),
            ("day", True): tr_lazy("The budget for AI texts of this day is used up"),
            ("day", False): tr_lazy("The budget for AI texts of this day is nearly used up"),
        }
        consequence = tr_lazy("Calls that could cost more than is left are refused. An owner can raise the limit.")
        if is_spent and name == "month":
            consequence = tr_lazy("Texts are written again next month, or when an owner raises the limit.")
        elif is_spent:
            consequence = tr_lazy("Texts are written again tomorrow, or when an owner raises the limit.")
        amounts = {"spent": period.spent_usd, "limit": period.limit_usd}
        return [
            InboxEntry(
                kind="fix",
                noun="budget",
                noun_id=name,
                state="spent" if is_spent else "near",
                title=titles[name, is_spent],
                message=joined(tr_lazy("${spent:,.2f} of ${limit:,.2f} spent.", **amounts), consequence),
            )
        ]
    return []


def _job_entries(tx: Session, take: int) -> list[InboxEntry]:
    return [
        InboxEntry(
            kind="fix",
            noun="job",
            noun_id=job.id,
            state="failed",
            title=job.title,
            message=job.error_message or "",
            at=job.finished_at or job.created_at,
        )
        for job in jobs.open_failures(tx, without_kinds=_PUBLISHING, take=take)
    ]


def _picture_entries(tx: Session, kind: EntryKind, influencer_id: str, take: int) -> list[InboxEntry]:
    gate = "held" if kind == "face_check" else "rejected"
    columns = (
        Picture.id,
        Picture.asset_id,
        Picture.prompt,
        Picture.influencer_id,
        Picture.created_at,
        Picture.identity_score,
        Picture.identity_line,
    )
    query = select(*columns).where(Picture.gate == gate, Picture.deleted_at.is_(None))
    if influencer_id:
        query = query.where(Picture.influencer_id == influencer_id)
    rows = tx.execute(query.order_by(Picture.id.desc()).limit(take)).all()
    names = influencers.names(tx) if rows else {}
    return [
        InboxEntry(
            kind=kind,
            noun="picture",
            noun_id=row.id,
            state=gate,
            title=row.prompt or tr_lazy("Picture"),
            influencer_id=row.influencer_id or "",
            influencer_name=names.get(row.influencer_id or "", ""),
            at=row.created_at,
            asset_ids=(row.asset_id,),
            score=row.identity_score,
            threshold=row.identity_line,
        )
        for row in rows
    ]


def _notice_entries(tx: Session, kind: EntryKind, cards: Sequence[NoticeCard]) -> list[InboxEntry]:
    pictures = notice_pictures(tx, cards)
    return [
        InboxEntry(
            kind=kind,
            noun="notice",
            noun_id=card.id,
            state="read" if card.read_at else "unread",
            title=card.title,
            message=card.message,
            at=card.last_at,
            asset_ids=(pictures[card.id],) if card.id in pictures else (),
            label=card.label,
        )
        for card in cards
    ]


def _count_pictures(tx: Session, gate: str, influencer_id: str) -> int:
    where = [Picture.gate == gate, Picture.deleted_at.is_(None)]
    if influencer_id:
        where.append(Picture.influencer_id == influencer_id)
    return tx.scalar(bounded_count(Picture, *where)) or 0
