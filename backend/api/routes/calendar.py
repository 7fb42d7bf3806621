"""The calendar over HTTP: entries of days, the board of stages, the preview of a profile's grid, holidays and free times, and
campaigns."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy.orm import Session

from backend import content_plans
from backend.api.api_model import ApiModel, ApiRequest, ClockTime, Listing, Worded, WordedTitle, listing
from backend.api.deps import Caller, Studio, needs_scope, require_scope
from backend.content_plans import MAX_PLANS_AT_ONCE, TARGET_STAGES, PlanFilters, PostState, Stage, TargetStage
from backend.errors import Invalid
from backend.language import tr_lazy

router = APIRouter(tags=["content plans"], dependencies=[needs_scope("posts")])
Text = Annotated[str, Query(max_length=200)]
PLANS = "/content-plans"


class CalendarEntryResponse(ApiModel):
    """`wall`: local time in the zone asked for; `ownWall`: in the plan's own zone; `version`: to send with a move.
    `faceBelow`: the face match of one of its pictures is below the influencer's threshold."""

    id: str
    influencer_id: str
    title: WordedTitle
    wall: ClockTime | None
    own_wall: ClockTime | None
    zone: str
    state: PostState
    platforms: list[str]
    asset_id: str
    movable: bool
    version: int
    campaign_id: str | None
    face_below: bool
    clash: Worded


class CalendarResponse(ApiModel):
    """`more`: day -> how many plans `data` leaves out of days with more than `perDay`."""

    data: list[CalendarEntryResponse]
    undated: list[CalendarEntryResponse]
    more: dict[date, int] = Field(default_factory=dict)


class BoardEntryResponse(CalendarEntryResponse):
    """`targets`: the stages it can be moved to."""

    targets: list[TargetStage]


class BoardColumnResponse(ApiModel):
    """`more`: there are more than `data`."""

    stage: Stage
    label: Worded
    data: list[BoardEntryResponse]
    more: bool


class BoardResponse(ApiModel):
    columns: list[BoardColumnResponse]


class StageRequest(ApiRequest):
    """`version`: of the plan as it was read; answered with 409 `changed_since` when somebody has changed it since."""

    stage: TargetStage
    version: int | None = None


class StageMoveResponse(ApiModel):
    """`said`: what was done; `undoId`: for POST /content-plans/acts/{id}/undo; "": it cannot be undone."""

    said: Worded
    note: Worded
    undo_id: str


class FeedTileResponse(ApiModel):
    """`localTime`: when it goes out, or went out, in the zone asked for. `assetId` "": no picture yet."""

    plan_id: str
    title: WordedTitle
    state: PostState
    local_time: ClockTime
    asset_id: str
    is_video: bool
    media_count: int
    movable: bool
    version: int


class FeedPreviewResponse(ApiModel):
    """Newest first, what is to come included. `channelId` "": they have no channel. `more`: earlier ones are left out."""

    channel_id: str
    channel_name: str
    platform: str
    data: list[FeedTileResponse]
    more: bool


class HolidayResponse(ApiModel):
    """`countries`: ISO 3166 codes, of those in which it is one."""

    day: date
    name: str
    countries: list[str]


class FreeSlotResponse(ApiModel):
    """`localTime`: in the zone asked for."""

    local_time: ClockTime
    influencer_id: str


class DayMarksResponse(ApiModel):
    """`slots`: recurring times of influencers with no post near them."""

    holidays: list[HolidayResponse]
    slots: list[FreeSlotResponse]


class CampaignResponse(ApiModel):
    """`posts`: how many it has."""

    id: str
    name: str
    posts: int


class CampaignRequest(ApiRequest):
    name: str = Field(max_length=200, examples=["Summer drop"])


class CampaignPlansRequest(ApiRequest):
    """`campaignId` "": out of their campaigns."""

    plan_ids: list[str] = Field(max_length=MAX_PLANS_AT_ONCE, examples=[["cp_0190"]])
    campaign_id: str = Field("", max_length=80, examples=["cmp_0190"])


class ChangedResponse(ApiModel):
    """`changed`: how many were changed."""

    changed: int


def _local_range(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Both as local times, also where one of them names an offset. Raises Invalid where they make no range of a calendar."""
    first, last = start.replace(tzinfo=None), end.replace(tzinfo=None)
    if not 0 <= (last - first).days <= 400:
        raise Invalid(tr_lazy("A calendar shows at most 400 days, from the earlier to the later."))
    return first, last


@router.get(f"{PLANS}/calendar", response_model=CalendarResponse)
def get_calendar(
    app: Studio,
    caller: Caller,
    start: Annotated[datetime, Query(alias="from")],
    end: Annotated[datetime, Query(alias="to")],
    zone: Text = "UTC",
    influencer: Text = "",
    channel: Text = "",
    campaign: Text = "",
    status: PostState | None = None,
    face: Literal["", "below"] = "",
    per_day: Annotated[int, Query(alias="perDay", ge=0, le=100, description="at most so many of a day; 0: all")] = 0,
) -> Response:
    """Plans between two local times of `zone`, and plans without a date."""
    states = (status,) if status else ()
    filters = PlanFilters(
        influencer_id=influencer, channel_id=channel, states=states, face_below=face == "below", campaign_id=campaign
    )
    first, last = _local_range(start, end)

    def read(tx: Session) -> str:
        more: dict[date, int] = {}
        if per_day:
            entries, more = content_plans.month_entries(tx, first=first, last=last, zone=zone, per_day=per_day, filters=filters)
        else:
            entries = content_plans.entries(tx, first=first, last=last, zone=zone, filters=filters)
        values = {"data": entries, "undated": content_plans.undated_entries(tx, filters=filters), "more": more}
        return CalendarResponse.model_validate(values, from_attributes=True).model_dump_json(by_alias=True)

    body = app.db.recent(caller, ("calendar", first, last, zone, per_day, filters), read)
    return Response(body, media_type="application/json")


@router.get(f"{PLANS}/calendar/days")
def get_day_marks(
    app: Studio,
    caller: Caller,
    start: Annotated[datetime, Query(alias="from")],
    end: Annotated[datetime, Query(alias="to")],
    zone: Text = "UTC",
    influencer: Text = "",
) -> DayMarksResponse:
    """Public holidays where the influencers live, and free recurring times, between two local times of `zone`."""
    first, last = _local_range(start, end)

    def read(tx: Session) -> DayMarksResponse:
        marks = content_plans.day_marks(tx, first=first, last=last, zone=zone, influencer_id=influencer)
        return DayMarksResponse.model_validate(marks)

    return app.db.recent(caller, ("day marks", first, last, zone, influencer), read)


@router.get(f"{PLANS}/board")
def get_plan_board(
    app: Studio,
    caller: Caller,
    zone: Text = "UTC",
    influencer: Text = "",
    channel: Text = "",
    campaign: Text = "",
    face: Literal["", "below"] = "",
    take: Annotated[int, Query(ge=1, le=200, description="at most so many of a stage")] = 50,
) -> BoardResponse:
    """Plans by stage, from what needs fixing to what is published. Times are those of `zone`."""
    filters = PlanFilters(influencer_id=influencer, channel_id=channel, campaign_id=campaign, face_below=face == "below")

    def read(tx: Session) -> BoardResponse:
        columns = [
            BoardColumnResponse(
                stage=column.stage,
                label=content_plans.STAGE_LABELS[column.stage],
                data=[
                    BoardEntryResponse(
                        **CalendarEntryResponse.model_validate(entry).model_dump(),
                        targets=list(TARGET_STAGES.get(entry.state, ())),
                    )
                    for entry in column.entries
                ],
                more=column.more,
            )
            for column in content_plans.board(tx, zone=zone, filters=filters, take=take)
        ]
        return BoardResponse(columns=columns)

    return app.db.recent(caller, ("board", zone, filters, take), read)


@router.post(f"{PLANS}/{{plan_id}}/stage")
def move_plan_to_stage(plan_id: str, body: StageRequest, app: Studio, caller: Caller) -> StageMoveResponse:
    """Sends a draft to review or schedules it, approves what is in review, takes the others back to draft.

    An API key needs `posts:publish` for `scheduled`: what is scheduled goes out by itself.
    """
    if body.stage == "scheduled":
        require_scope(caller, "posts:publish")
    expected = {} if body.version is None else {plan_id: body.version}
    with app.db.transaction(caller, needs="editor") as tx:
        moved = content_plans.move_to_stage(tx, plan_id, body.stage, expected=expected)
    return StageMoveResponse(said=moved.sentence, note=moved.note, undo_id=moved.undo_id)


@router.get(f"{PLANS}/feed")
def get_feed_preview(
    app: Studio,
    caller: Caller,
    influencer: Text = "",
    channel: Text = "",
    zone: Text = "UTC",
    take: Annotated[int, Query(ge=1, le=content_plans.MAX_TILES)] = 60,
) -> FeedPreviewResponse:
    """The grid of a profile as it will look. Without `channel`: the influencer's first Instagram channel, else their first."""
    if not influencer and not channel:
        raise Invalid(tr_lazy("Say whose feed: influencer or channel."))
    with app.db.transaction(caller) as tx:
        preview = content_plans.feed_preview(tx, influencer, channel_id=channel, zone=zone, take=take)
    shown = preview.channel
    return FeedPreviewResponse(
        channel_id=shown.id if shown else "",
        channel_name=shown.name if shown else "",
        platform=shown.platform if shown else "",
        data=[FeedTileResponse.model_validate(tile) for tile in preview.tiles],
        more=preview.more,
    )


@router.post(f"{PLANS}/campaign")
def set_campaign_of_plans(body: CampaignPlansRequest, app: Studio, caller: Caller) -> ChangedResponse:
    """Puts posts into a campaign, whatever their state."""
    with app.db.transaction(caller, needs="editor") as tx:
        return ChangedResponse(changed=content_plans.set_campaign(tx, body.plan_ids, body.campaign_id))


@router.get("/campaigns")
def list_campaigns(app: Studio, caller: Caller, response: Response) -> Listing[CampaignResponse]:
    """By name."""
    with app.db.transaction(caller) as tx:
        return listing(response, [CampaignResponse.model_validate(card) for card in content_plans.campaigns(tx)])


@router.post("/campaigns", status_code=201)
def create_campaign(body: CampaignRequest, app: Studio, caller: Caller) -> CampaignResponse:
    """The campaign of this name, made where there is none yet."""
    with app.db.transaction(caller, needs="editor") as tx:
        return CampaignResponse.model_validate(content_plans.create_campaign(tx, body.name))


@router.patch("/campaigns/{campaign_id}")
def rename_campaign(campaign_id: str, body: CampaignRequest, app: Studio, caller: Caller) -> CampaignResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        return CampaignResponse.model_validate(content_plans.rename_campaign(tx, campaign_id, body.name))


@router.delete("/campaigns/{campaign_id}")
def delete_campaign(campaign_id: str, app: Studio, caller: Caller) -> ChangedResponse:
    """Its posts stay, without a campaign: so many."""
    with app.db.transaction(caller, needs="editor") as tx:
        return ChangedResponse(changed=content_plans.delete_campaign(tx, campaign_id))
