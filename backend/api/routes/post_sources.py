"""Posts made from pictures, videos and texts, and what a post was made from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from backend import content_plans
from backend.api.api_model import ApiModel, ApiRequest
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.content_plans import Key, LocalTime, PlanResponse, plan_response
from backend.content_plans import PostSource
from backend.kit.ids import new_id

router = APIRouter(prefix="/content-plans", tags=["content plans"], dependencies=[needs_scope("posts")])
Ids = Annotated[list[str], Field(max_length=35)]


class PlanFromRequest(ApiRequest):
    """`pictureIds`: several make a carousel. `influencerId` may be left out where a text, picture or video has one. `caption`:
    words of no text. `channelIds` null: the connected ones that take such files, else the practice channel. `localTime` null:
    the next free time by the posting rules, or none if `dated` is false."""

    influencer_id: str = ""
    picture_ids: Ids = Field(default_factory=list)
    video_ids: Ids = Field(default_factory=list)
    reel_ids: Ids = Field(default_factory=list)
    text_id: str = ""
    caption: str = ""
    channel_ids: list[str] | None = None
    local_time: LocalTime | None = None
    time_zone: str = ""
    dated: bool = True


class PlanFileResponse(ApiModel):
    """`title`: the prompt. `faceMatch`: 0 to 1, null: not scored; `passes`: it is not below the threshold."""

    asset_id: str
    kind: str
    picture_id: str
    video_id: str
    title: str
    face_match: float | None
    passes: bool | None


class PlanOriginResponse(ApiModel):
    """What the files of a plan's posts come from; the text it was made from; the plan whose copy it is."""

    files: list[PlanFileResponse]
    text_id: str
    repurposed_from: str


@router.post("/from", status_code=201)
def create_plan_from(
    body: PlanFromRequest, app: Studio, caller: Caller, response: Response, idempotency_key: Key = ""
) -> PlanResponse:
    """Makes a draft from pictures, videos, a text, or for an influencer alone: with channels, caption, hashtags, alt texts and
    a time. A picture brings its own text along if no post has that yet."""
    values = body.model_dump(exclude={"local_time", "time_zone"})
    source = PostSource(**values, wall=body.local_time, zone=body.time_zone)
    with app.db.transaction(caller, needs="editor") as tx:
        card = content_plans.create_from(tx, source, request_key=idempotency_key or new_id("key"))
    response.headers["location"] = f"/api/content-plans/{card.id}?workspace={caller.tenant_id}"
    return plan_response(card)


@router.get("/{plan_id}/origin")
def get_plan_origin(plan_id: str, app: Studio, caller: Caller) -> PlanOriginResponse:
    """Pictures, videos and text that the plan was made from, with face matches."""
    with app.db.transaction(caller) as tx:
        origin = content_plans.origin_of(tx, content_plans.get(tx, plan_id))
    files = [
        PlanFileResponse(
            asset_id=file.asset_id,
            kind=file.kind,
            picture_id=file.picture_id,
            video_id=file.video_id,
            title=file.title,
            face_match=file.match.score if file.match else None,
            passes=file.match.passes if file.match else None,
        )
        for file in origin.files
    ]
    return PlanOriginResponse(
        files=files, text_id=origin.text.id if origin.text else "", repurposed_from=origin.repurposed_from
    )
