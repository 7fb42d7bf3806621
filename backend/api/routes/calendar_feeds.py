"""Addresses under which calendar programs read the posts, and what such an address answers."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import Field

from backend import calendar_feeds
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.calendar_feeds import FeedDraft

router = APIRouter(tags=["content plans"])
SCOPE = needs_scope("posts")
CALENDAR_TYPE = "text/calendar"


class FeedRequest(ApiRequest):
    """`influencerId` "": all influencers. `withDrafts`: also posts that nobody has approved yet."""

    name: str = Field("My calendar", max_length=60, examples=["My phone"])
    influencer_id: str = Field("", max_length=80, examples=["inf_0190"])
    with_drafts: bool = True


class FeedResponse(ApiModel):
    """`lastFour`: the end of its secret. `lastReadAt`: to the minute; null: never."""

    id: str
    name: str
    influencer_id: str
    influencer_name: str
    with_drafts: bool
    last_four: str
    created_by: str
    created_at: datetime
    last_read_at: datetime | None
    can_revoke: bool


class NewFeedResponse(FeedResponse):
    """`address`: shown this once; whoever has it reads the calendar without signing in."""

    address: str


@router.get("/calendar-feeds", dependencies=[SCOPE])
def list_calendar_feeds(app: Studio, caller: Caller, response: Response) -> Listing[FeedResponse]:
    """Those that can be read: of owners all, of others their own."""
    with app.db.transaction(caller) as tx:
        return listing(response, [FeedResponse.model_validate(card) for card in calendar_feeds.page(tx)])


@router.post("/calendar-feeds", status_code=201, dependencies=[SCOPE])
def create_calendar_feed(body: FeedRequest, app: Studio, caller: Caller) -> NewFeedResponse:
    """Any member may make one; an API key may not, because the address would outlive it."""
    draft = FeedDraft(name=body.name, influencer_id=body.influencer_id, with_drafts=body.with_drafts)
    with app.db.transaction(caller) as tx:
        new_feed = calendar_feeds.create(tx, app.settings, draft)
    return NewFeedResponse(**FeedResponse.model_validate(new_feed.card).model_dump(), address=new_feed.address)


@router.delete("/calendar-feeds/{feed_id}", status_code=204, dependencies=[SCOPE])
def revoke_calendar_feed(feed_id: str, app: Studio, caller: Caller) -> None:
    """Its address answers 404 from now on."""
    with app.db.transaction(caller) as tx:
        calendar_feeds.revoke(tx, feed_id)


@router.get(
    "/ical/{token}/posts.ics",
    response_class=Response,
    responses={200: {"description": "The calendar.", "content": {CALENDAR_TYPE: {"schema": {"type": "string"}}}}},
)
def read_calendar_feed(token: str, app: Studio) -> Response:
    """Times, titles and states of posts as iCalendar (RFC 5545). The address is the permission; 404 once it is revoked."""
    text = calendar_feeds.read(app.db, app.settings, token)
    headers = {"cache-control": "private, max-age=300", "x-robots-tag": "noindex", "referrer-policy": "no-referrer"}
    return Response(text, media_type=f"{CALENDAR_TYPE}; charset=utf-8", headers=headers)
