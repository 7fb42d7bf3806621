"""Calendar feeds: making, listing and revoking their addresses, and what such an address reads.

Whoever has the address reads the times, titles and states of posts, without signing in. It ends when it is revoked, or when
whoever made it leaves the workspace.
"""

from __future__ import annotations

import secrets
from datetime import UTC, timedelta
from typing import Any

from icalendar import Calendar, Event, vDuration
from sqlalchemy import Select, func, select, text, update
from sqlalchemy.orm import Session

from backend import accounts, content_plans, events, influencers
from backend.calendar_feeds.schemas import FeedCard, FeedDraft, NewFeed
from backend.content_plans import STATE_LABELS, CalendarEntry, PlanFilters, PostState
from backend.db.tables import CalendarFeed, Influencer, User, Workspace
from backend.db.transactions import Anonymous, Database, SystemCaller, hash_token
from backend.errors import Conflict, NotFound, NotPermitted
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.language import Message, reading, tr_lazy, worded
from backend.platforms.registry import PLATFORMS
from backend.settings import Settings

S = PostState
MAX_FEEDS = 50
"""Addresses of a workspace that are not revoked."""
PATH = "/api/ical"
PAST, AHEAD = timedelta(days=90), timedelta(days=400)
_EVENT_LENGTH = timedelta(minutes=15)
_READ_AGAIN = timedelta(hours=1)
"""How often calendar programs should read it."""
_NOT_APPROVED = {S.DRAFT, S.IN_REVIEW}
_CONFIRMED = {S.APPROVED, S.SCHEDULED, S.PUBLISHING, S.PUBLISHED}
_FIND = text("SELECT feed_id, tenant_id FROM find_calendar_feed(:token_hash)")
_GONE = tr_lazy("There is no calendar at this address. It may have been revoked; make a new one in the studio.")


def create(tx: Session, settings: Settings, draft: FeedDraft) -> NewFeed:
    """Any member may make one. Raises NotFound, Conflict (too many), NotPermitted (an API key, which it would outlive)."""
    if "api_key_id" in tx.info:
        raise NotPermitted(
            tr_lazy("An API key cannot make such an address. Do it in the studio, or with a token of /api/auth/login.")
        )
    active = select(func.count()).select_from(CalendarFeed).where(CalendarFeed.revoked_at.is_(None))
    if (tx.scalar(active) or 0) >= MAX_FEEDS:
        raise Conflict(
            tr_lazy(
                "This workspace has {max_feeds} calendar addresses. Revoke one that is no longer used.", max_feeds=MAX_FEEDS
            )
        )
    if draft.influencer_id:
        influencers.get(tx, draft.influencer_id)
    token = secrets.token_urlsafe(32)
    row = CalendarFeed(id=new_id("cal"), name=draft.name, influencer_id=draft.influencer_id or None)
    row.token_hash, row.last_four, row.created_by = hash_token(token), token[-4:], tx.info["user_id"]
    row.with_drafts = draft.with_drafts
    tx.add(row)
    tx.flush()
    events.record(tx, "calendar_feed.created", "calendar_feed", row.id, {"name": row.name})
    return NewFeed(_get(tx, row.id), f"{settings.web.base_url}{PATH}/{token}/posts.ics")


def page(tx: Session) -> list[FeedCard]:
    """The addresses that can be read, newest first: of owners all, of others their own."""
    query = _cards().where(CalendarFeed.revoked_at.is_(None)).order_by(CalendarFeed.created_at.desc(), CalendarFeed.id.desc())
    if tx.info["role"] != "owner":
        query = query.where(CalendarFeed.created_by == tx.info["user_id"])
    return [_card(tx, row) for row in tx.execute(query)]


def revoke(tx: Session, feed_id: str) -> None:
    """From the next request on there is nothing at its address. Raises NotFound (also for one of somebody else, unless the
    caller is an owner, and for one that was revoked)."""
    card = _get(tx, feed_id)
    if not card.can_revoke:
        raise NotFound(tr_lazy("This calendar address does not exist here."))
    tx.execute(update(CalendarFeed).where(CalendarFeed.id == feed_id).values(revoked_at=func.clock_timestamp()))
    events.record(tx, "calendar_feed.revoked", "calendar_feed", feed_id, {"name": card.name})


def read(db: Database, settings: Settings, token: str) -> str:
    """The calendar at an address, as text/calendar. Raises NotFound: it does not exist, was revoked, or its maker has left."""
    with db.transaction(Anonymous()) as tx:
        feed = tx.execute(_FIND, {"token_hash": hash_token(token)}).first()
    if feed is None:
        raise NotFound(_GONE)
    with db.transaction(SystemCaller(feed.tenant_id)) as tx:
        tx.execute(text("SET TRANSACTION READ ONLY"))
        row = tx.get(CalendarFeed, feed.feed_id)
        if row is None:
            raise NotFound(_GONE)
        filters, with_drafts = PlanFilters(influencer_id=row.influencer_id or ""), row.with_drafts
        today = now().astimezone(UTC).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        names, campaigns = influencers.names(tx), content_plans.campaign_names(tx)
        person = accounts.reader_of(tx, row.created_by)
        calendar = _calendar(
            names.get(row.influencer_id or "", "") or tx.scalar(select(Workspace.name)) or "InfluencerAI Studio"
        )
        base_url = f"{settings.web.base_url}/post?ws={feed.tenant_id}"
        entries = content_plans.entries(tx, filters=filters, first=today - PAST, last=today + AHEAD, zone="UTC")
    with reading(person):
        for entry in entries:
            if with_drafts or entry.state not in _NOT_APPROVED:
                calendar.add_component(_event(entry, names=names, campaigns=campaigns, base_url=base_url))
    text_calendar: bytes = calendar.to_ical()
    return text_calendar.decode()


def _calendar(name: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//InfluencerAI Studio//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", _READ_AGAIN, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_READ_AGAIN))
    return calendar


def _event(entry: CalendarEntry, *, names: dict[str, str], campaigns: dict[str, str], base_url: str) -> Event:
    assert entry.wall
    influencer = names.get(entry.influencer_id, "")
    title = worded(entry.title) if isinstance(entry.title, Message) else entry.title
    platforms = ", ".join(PLATFORMS[platform].label for platform in dict.fromkeys(entry.platforms))
    campaign = campaigns.get(entry.campaign_id or "", "")
    event = Event()
    event.add("uid", f"{entry.id}@influencerai-studio")
    event.add("dtstamp", now())
    event.add("dtstart", entry.wall.replace(tzinfo=UTC))
    event.add("duration", _EVENT_LENGTH)
    event.add("sequence", entry.version)
    event.add("summary", f"{influencer}: {title}" if influencer else title)
    event.add("description", "\n".join(filter(None, [worded(STATE_LABELS[entry.state]), platforms, campaign])))
    event.add("url", f"{base_url}&id={entry.id}")
    event.add("status", "CONFIRMED" if entry.state in _CONFIRMED else "TENTATIVE")
    event.add("transp", "TRANSPARENT")
    if campaign:
        event.add("categories", [campaign])
    return event


def _get(tx: Session, feed_id: str) -> FeedCard:
    row = tx.execute(_cards().where(CalendarFeed.id == feed_id, CalendarFeed.revoked_at.is_(None))).first()
    if row is None:
        raise NotFound(tr_lazy("This calendar address does not exist here."))
    return _card(tx, row)


def _cards() -> Select[CalendarFeed, str, str | None]:
    return (
        select(CalendarFeed, User.name, Influencer.name)
        .join(User, User.id == CalendarFeed.created_by)
        .outerjoin(Influencer, Influencer.id == CalendarFeed.influencer_id)
    )


def _card(tx: Session, row: Any) -> FeedCard:
    feed, maker, influencer_name = row
    return FeedCard(
        id=feed.id,
        name=feed.name,
        influencer_id=feed.influencer_id or "",
        influencer_name=influencer_name or "",
        with_drafts=feed.with_drafts,
        last_four=feed.last_four,
        created_by=maker,
        created_at=feed.created_at,
        last_read_at=feed.last_read_at,
        can_revoke=tx.info["role"] == "owner" or feed.created_by == tx.info["user_id"],
    )
