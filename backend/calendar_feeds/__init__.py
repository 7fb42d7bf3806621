"""Addresses under which calendar programs read the posts of a workspace (iCal): made, listed, revoked, read."""

from backend.calendar_feeds.schemas import FeedCard, FeedDraft, NewFeed
from backend.calendar_feeds.service import MAX_FEEDS, create, page, read, revoke

__all__ = ["MAX_FEEDS", "FeedCard", "FeedDraft", "NewFeed", "create", "page", "read", "revoke"]
