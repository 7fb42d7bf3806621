"""The inbox: what waits for a person. An entry has no state of its own: it is gone once its cause is.
Notices are the exception: they are there until they are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from backend import inbox, notices
from backend.api.api_model import ApiModel, ClockTime, Listing, Worded, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.inbox import WAITING_KINDS, EntryKind

router = APIRouter(
    prefix="/inbox",
    tags=["inbox"],
    dependencies=[
        needs_scope("posts"),
        needs_scope("images"),
        needs_scope("jobs"),
        needs_scope("channels"),
        needs_scope("costs"),
        needs_scope("notices"),
    ],
)
InfluencerId = Annotated[str, Query(max_length=80, description="only hers; failed jobs and budgets are nobody's and stay")]


class InboxCountsResponse(ApiModel):
    """`fix`: posts that failed, were missed, whose outcome nobody knows or that are approved and not scheduled, channels,
    budgets and failed jobs; `approve`: posts in review and drafts with a date; `faceCheck`: pictures that the face check
    holds; `notices`: unread ones of the acting person, `extra`: those whose cause is no other entry. `total`: of these, notices
    with `extra`; `rejected`: pictures that somebody has rejected, which wait for nobody."""

    fix: int
    approve: int
    face_check: int
    rejected: int
    notices: int
    extra: int
    total: int


class EntryPostResponse(ApiModel):
    id: str
    channel_name: str
    platform: str
    state: str
    text: str
    error: Worded
    note: str
    profile_url: str


class InboxEntryResponse(ApiModel):
    """`noun`, `nounId`: what it is about, and `state` of that. `wall`: local time of a post in `zone`; `at`: the same as an
    instant, or when it happened; `isLate`: its time has passed. `score`, `threshold`: the weakest face match, 0 to 1;
    `isFaceBelow`: it is below and nobody accepted it. `version`: of a post, to send with a change. `label`: of a notice, its
    kind."""

    id: str = Field(examples=["plan:cp_0190"])
    kind: EntryKind
    noun: Literal["plan", "picture", "job", "channel", "pause", "budget", "notice"]
    noun_id: str
    state: str
    title: Worded
    message: Worded
    influencer_id: str
    influencer_name: str
    wall: ClockTime | None
    zone: str
    at: datetime | None
    is_late: bool
    asset_ids: list[str]
    score: float | None
    threshold: float | None
    accepted: bool
    is_face_below: bool
    version: int
    label: Worded
    posts: list[EntryPostResponse]


@router.get("")
def list_inbox(
    app: Studio,
    caller: Caller,
    response: Response,
    kind: Annotated[list[EntryKind], Query(max_length=6)] = list(WAITING_KINDS),  # noqa: B006
    influencer: InfluencerId = "",
    take: Annotated[int, Query(ge=1, le=200, description="at most so many of each kind")] = 60,
) -> Listing[InboxEntryResponse]:
    """What waits, by urgency: what is to fix, what is to approve by date, then pictures below the face match, and what
    the acting person is told, newest first."""
    with app.db.transaction(caller) as tx:
        entries = inbox.entries(tx, app.settings, kinds=kind, influencer_id=influencer, take=take)
    return listing(response, [InboxEntryResponse.model_validate(entry) for entry in entries])


@router.get("/counts")
def count_inbox(app: Studio, caller: Caller, influencer: InfluencerId = "") -> InboxCountsResponse:
    """How much waits, for a badge."""
    shared = app.db.recent(
        caller, ("inbox", influencer), lambda tx: inbox.count_shared(tx, app.settings, influencer_id=influencer)
    )
    with app.db.transaction(caller) as tx:
        own = notices.counts(tx)
    return InboxCountsResponse.model_validate(replace(shared, notices=own.unread, extra=own.extra))
