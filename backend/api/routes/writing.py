"""Texts for posts over HTTP. A model writes by `POST /api/jobs` (`content-generation`, `content-ideas`)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, StrictBool

from backend import writing
from backend.api.api_model import ApiModel, ApiRequest, Listing, Worded
from backend.api.deps import Caller, Studio, needs_scope
from backend.writing import DraftCard, Goal, TextParts, WriteOrder

router = APIRouter(prefix="/drafts", tags=["drafts"], dependencies=[needs_scope("texts")])
State = Literal["draft", "used", "discarded"]


class NoteResponse(ApiModel):
    """A rule of the persona or the platform that the text broke; `repaired`: it was corrected."""

    part: str
    rule: str
    sentence: Worded
    repaired: bool


class DraftResponse(ApiModel):
    """`day`: of an idea, 1 = the first of its plan; it has no caption yet. `model` "": written by a person."""

    id: str
    influencer_id: str
    batch_id: str
    state: State
    day: int | None
    content_type: str
    topic: str
    style: str
    length: int
    sponsored: bool
    goal: str
    audience: str
    call_to_action: str
    sponsor: str
    must_say: list[str]
    publish_on: date | None
    hook: str
    caption: str
    hashtags: list[str]
    alt_text: str
    picture: str
    notes: list[NoteResponse]
    model: str
    cost_usd: Decimal
    job_id: str | None
    picture_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class DraftRequest(ApiRequest):
    """A text that the user wrote. `contentType`: instagram-post … or post, reel, story for short.

    `publishOn`: the day it goes out, in the influencer's time zone; `mustSay`: words that the caption must contain exactly.
    """

    influencer_id: str
    content_type: str = "instagram-post"
    topic: str
    style: str = ""
    sponsored: StrictBool = False
    length: int = writing.CAPTION_CHARACTERS
    goal: Goal = ""
    audience: str = ""
    call_to_action: str = ""
    sponsor: str = ""
    must_say: list[str] = Field(default_factory=list)
    publish_on: date | None = None
    hook: str = ""
    caption: str = ""
    hashtags: list[str] = Field(default_factory=list)
    alt_text: str = ""
    picture: str = ""


class DraftChangeRequest(ApiRequest):
    """Fields that are left out stay as they are. `version`: of the text that was read; 409 when it was changed since."""

    hook: str | None = None
    caption: str | None = None
    hashtags: list[str] | None = None
    alt_text: str | None = None
    picture: str | None = None
    state: State | None = None
    version: int | None = None


def draft_response(card: DraftCard) -> DraftResponse:
    card_fields = {name: getattr(card, name) for name in DraftResponse.model_fields if hasattr(card, name)}
    return DraftResponse.model_validate({**card_fields, **card.parts.model_dump(), **card.brief.model_dump()})


@router.get("")
def list_drafts(
    app: Studio,
    caller: Caller,
    response: Response,
    influencer: str = "",
    state: Annotated[list[State], Query()] = [],  # noqa: B006
    ideas: bool | None = None,
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0)] = 0,
    cursor: str | None = None,
) -> Listing[DraftResponse]:
    """Newest first. `ideas`: only ideas, or only other texts. `cursor` goes deeper than `skip` without counting rows."""
    with app.db.transaction(caller) as tx:
        page = writing.page(tx, influencer_id=influencer, states=state, ideas=ideas, cursor=cursor, take=take, skip=skip)
    response.headers["x-total-count"] = str(page.total)
    data = [draft_response(card) for card in page.cards]
    return Listing(data=data, total=page.total, take=take, skip=skip, next_cursor=page.next_cursor)


@router.post("", status_code=201)
def create_draft(body: DraftRequest, app: Studio, caller: Caller, response: Response) -> DraftResponse:
    """Saves a text that the user wrote; `notes` say which rules it breaks."""
    values = body.model_dump()
    parts = TextParts(**{name: values.pop(name) for name in writing.PARTS})
    with app.db.transaction(caller, needs="editor") as tx:
        card = writing.create(tx, WriteOrder(**values), parts)
    response.headers["location"] = f"/api/drafts/{card.id}?workspace={caller.tenant_id}"
    return draft_response(card)


@router.get("/{draft_id}")
def get_draft(draft_id: str, app: Studio, caller: Caller) -> DraftResponse:
    with app.db.transaction(caller) as tx:
        return draft_response(writing.get(tx, draft_id))


@router.patch("/{draft_id}")
def change_draft(draft_id: str, body: DraftChangeRequest, app: Studio, caller: Caller) -> DraftResponse:
    """Changes a text. The wording before can be restored on the Write page."""
    changes: dict[str, Any] = {name: value for name in writing.PARTS if (value := getattr(body, name)) is not None}
    with app.db.transaction(caller, needs="editor") as tx:
        card = writing.edit(tx, draft_id, changes, version=body.version)
        if body.state and body.state != card.state:
            card = writing.set_state(tx, draft_id, body.state)
    return draft_response(card)
