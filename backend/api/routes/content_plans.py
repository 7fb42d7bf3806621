"""Content plans over HTTP: lists (`?status=scheduled&date=today`), single plans, the calendar and its moves."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import AfterValidator, Field
from sqlalchemy.orm import Session

from backend import assets, content_plans
from backend.api.api_model import ApiModel, ApiRequest, ClockTime, Listing, Worded
from backend.api.deps import Caller, Studio, needs_scope, require_scope
from backend.content_plans import (
    MAX_PLANS_AT_ONCE,
    ExpectedPlans,
    Outcome,
    PlanCard,
    PlanDraft,
    PlanFilters,
    PostState,
    VariantDraft,
)
from backend.errors import Conflict, Invalid
from backend.kit.ids import new_id
from backend.language import joined, tr_lazy

router = APIRouter(prefix="/content-plans", tags=["content plans"], dependencies=[needs_scope("posts")])
Key = Annotated[str, Header(max_length=200)]
Take = Annotated[int, Query(ge=1, le=200)]
Text = Annotated[str, Query(max_length=200)]
IfMatch = Annotated[str, Header(max_length=40, description="The `ETag` of the plan as it was read, or its `version`")]


class VariantRequest(ApiRequest):
    """`assetIds`: pictures and videos in order. `edits`: by asset id, how the file is changed for this post: `ratio` (cropped
    to width/height), `focus` (0 to 1: which part a crop keeps; left out of a new crop: the picture's face, else the middle),
    `width` (px at most), `least` (px wide that a narrower picture is enlarged to), `seconds` (only the first), `transcode`."""

    channel_id: str
    format: str = ""
    caption: str = ""
    title: str = ""
    hashtags: list[str] | str = Field(default_factory=list)
    asset_ids: list[str] = Field(default_factory=list)
    edits: dict[str, dict[str, Any]] = Field(default_factory=dict)
    cover_asset_id: str = ""
    first_comment: str = ""
    alt_texts: dict[str, str] = Field(default_factory=dict)
    privacy: str = ""
    options: dict[str, Any] = Field(default_factory=dict)

    def draft(self) -> VariantDraft:
        values = self.model_dump(exclude={"asset_ids", "cover_asset_id"})
        return VariantDraft(**values, media=tuple(self.asset_ids), cover_id=self.cover_asset_id)


class VariantResponse(ApiModel):
    """`jobId`: the last job that published it, or publishes it now; `notBefore`: when it is tried again, `error` says why."""

    id: str
    channel_id: str
    channel_name: str
    platform: str
    status: PostState
    format: str
    caption: str
    title: str
    hashtags: list[str]
    asset_ids: list[str]
    edits: dict[str, dict[str, Any]]
    first_comment: str
    alt_texts: dict[str, str]
    privacy: str
    options: dict[str, Any]
    remote_id: str
    url: str
    published_at: datetime | None
    error_code: str
    error: Worded
    note: Worded
    job_id: str | None
    not_before: datetime | None


class PlanResponse(ApiModel):
    """`localTime`: what the clock shows in `timeZone`; `scheduledAt`: the same as an instant. `campaignId` null: in none."""

    id: str
    influencer_id: str
    influencer_name: str
    topic: str
    notes: str
    status: PostState
    local_time: ClockTime | None
    time_zone: str
    scheduled_at: datetime | None
    ig_media_id: str | None
    variants: list[VariantResponse]
    campaign_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


def _whole_minute(local_time: datetime) -> datetime:
    if local_time.second or local_time.microsecond:
        raise ValueError(f"Posts go out at whole minutes: say localTime as {local_time:%Y-%m-%dT%H:%M}.")
    return local_time


LocalTime = Annotated[ClockTime, AfterValidator(_whole_minute)]


class PlanRequest(ApiRequest):
    influencer_id: str
    topic: str = ""
    notes: str = ""
    local_time: LocalTime | None = None
    time_zone: str = ""
    campaign_id: str = ""
    variants: list[VariantRequest] = Field(default_factory=list)


class PlanChangeRequest(ApiRequest):
    """`status`: scheduled | approved | in_review | on_hold | published. `igMediaId`: where somebody else has posted it.
    `campaignId` "": in none.

    `variants`: its posts, one a channel; they replace those that are there. `version`: of the plan as it was read; answered
    with 409 `changed_since` when somebody has changed it since.
    """

    status: Literal["scheduled", "approved", "in_review", "on_hold", "published"] | None = None
    ig_media_id: Annotated[str, Field(max_length=200)] = ""
    url: Annotated[str, Field(max_length=2000)] = ""
    topic: str | None = None
    notes: str | None = None
    local_time: LocalTime | None = None
    time_zone: str = ""
    campaign_id: str | None = None
    variants: list[VariantRequest] | None = Field(None, max_length=20)
    version: int | None = None


class PlanMoveRequest(ApiRequest):
    """`localTime` null: off the calendar. `timeZone`: of `localTime`; empty: the plan's own. `version`: as in a change."""

    local_time: LocalTime | None
    time_zone: str = ""
    version: int | None = None


class PlanShiftRequest(ApiRequest):
    """`versions`: plan id -> version as it was read; plans that somebody has changed since are not moved."""

    plan_ids: list[str] = Field(max_length=MAX_PLANS_AT_ONCE)
    days: int = Field(0, ge=-3650, le=3650)
    minutes: int = Field(0, ge=-1440, le=1440)
    versions: dict[str, int] = Field(default_factory=dict, max_length=MAX_PLANS_AT_ONCE)


class PlanActResponse(ApiModel):
    id: str
    kind: str
    said: Worded
    count: int
    note: Worded = ""


@router.get("")
def list_plans(
    app: Studio,
    caller: Caller,
    response: Response,
    status: PostState | None = None,
    day: Annotated[str, Query(alias="date", max_length=20)] = "",
    influencer: Text = "",
    channel: Text = "",
    campaign: Text = "",
    q: Text = "",
    take: Take = 50,
    skip: Annotated[int, Query(ge=0, le=10**9)] = 0,
    cursor: Text = "",
) -> Listing[PlanResponse]:
    """By date, plans without one last. `date`: `today` (in each plan's own time zone), or a day.

    `q`: words, or beginnings of words, that the topic has, or the caption and hashtags of one post. `total` then ends at 1,000.
    """
    exact_day = None if day in ("", "today") else _day(day)
    filters = PlanFilters(
        influencer_id=influencer,
        channel_id=channel,
        campaign_id=campaign,
        states=(status,) if status else (),
        text=q,
        today=day == "today",
        first=exact_day,
        last=exact_day,
    )
    page = app.db.read_list(caller, lambda tx: content_plans.page(tx, filters, cursor=cursor or None, take=take, skip=skip))
    response.headers["x-total-count"] = str(page.total)
    data = [plan_response(card) for card in page.cards]
    return Listing(data=data, total=page.total, take=take, skip=skip, next_cursor=page.next_cursor)


@router.post("", status_code=201)
def create_plan(body: PlanRequest, app: Studio, caller: Caller, response: Response, idempotency_key: Key = "") -> PlanResponse:
    draft = PlanDraft(
        influencer_id=body.influencer_id,
        topic=body.topic,
        notes=body.notes,
        wall=body.local_time,
        zone=body.time_zone,
        variants=tuple(variant.draft() for variant in body.variants),
    )
    assets.look_for_faces(app, caller, content_plans.open_crops(draft.variants))
    with app.db.transaction(caller, needs="editor") as tx:
        draft = draft.model_copy(update={"variants": content_plans.with_focus(tx, draft.variants)})
        card = content_plans.create(tx, draft, request_key=idempotency_key or new_id("key"))
        if body.campaign_id:
            content_plans.set_campaign(tx, [card.id], body.campaign_id)
            card = content_plans.get(tx, card.id)
    response.headers["location"] = f"/api/content-plans/{card.id}?workspace={caller.tenant_id}"
    return plan_response(card)


@router.post("/shift")
def shift_plans(body: PlanShiftRequest, app: Studio, caller: Caller) -> PlanActResponse:
    """Moves those that can be moved; 409 when none can."""
    with app.db.transaction(caller, needs="editor") as tx:
        undo_entry, outcome = content_plans.shift(
            tx, body.plan_ids, days=body.days, minutes=body.minutes, expected=body.versions
        )
        if undo_entry is None:
            content_plans.get(tx, next(iter(body.plan_ids), ""))
            raise Conflict(joined(*dict.fromkeys(outcome.refused.values())))
    return PlanActResponse.model_validate(undo_entry)


@router.post("/acts/{plan_act_id}/undo")
def undo_plan_act(plan_act_id: str, app: Studio, caller: Caller) -> dict[str, list[str]]:
    with app.db.transaction(caller, needs="editor") as tx:
        return {"planIds": content_plans.undo(tx, plan_act_id).done}


@router.get("/{plan_id}")
def get_plan(plan_id: str, app: Studio, caller: Caller, response: Response) -> PlanResponse:
    """`ETag`: its version, for `If-Match` of a change."""
    with app.db.transaction(caller) as tx:
        card = content_plans.get(tx, plan_id)
    response.headers["etag"] = f'"{card.version}"'
    return plan_response(card)


@router.patch("/{plan_id}")
def change_plan(plan_id: str, body: PlanChangeRequest, app: Studio, caller: Caller, if_match: IfMatch = "") -> PlanResponse:
    """Changes date and texts, then the status. What the rules do not allow is refused with its reason, and nothing changes.

    Where posts need an approval, `scheduled` is refused with 409: send `in_review`. An API key needs `posts:publish` for
    `scheduled` and `approved`: what is scheduled goes out by itself.
    """
    if body.status in ("scheduled", "approved"):
        require_scope(caller, "posts:publish")
    variants = None if body.variants is None else tuple(variant.draft() for variant in body.variants)
    assets.look_for_faces(app, caller, content_plans.open_crops(variants or ()))
    with app.db.transaction(caller, needs="editor") as tx:
        content_plans.require_unchanged(tx, plan_id, _shown_version(plan_id, if_match, body.version))
        card = content_plans.get(tx, plan_id)
        texts: dict[str, Any] = {name: value for name in ("topic", "notes") if (value := getattr(body, name)) is not None}
        if variants is not None:
            texts["variants"] = content_plans.with_focus(tx, variants, card.draft().variants)
        if texts:
            content_plans.save(tx, plan_id, PlanDraft(**{**card.draft().model_dump(), **texts}), version=card.version)
        if body.campaign_id is not None:
            content_plans.set_campaign(tx, [plan_id], body.campaign_id)
        if "local_time" in body.model_fields_set:
            content_plans.move(tx, plan_id, body.local_time, body.time_zone)
        _change_status(tx, content_plans.get(tx, plan_id), body)
        return plan_response(content_plans.get(tx, plan_id))


def _change_status(tx: Session, card: PlanCard, change: PlanChangeRequest) -> None:
    if change.status == "published" or change.ig_media_id:
        on_instagram = any(post.platform == "instagram" for post in card.posts)
        platform = "instagram" if change.ig_media_id and on_instagram else ""
        content_plans.mark_published(tx, card.id, platform=platform, remote_id=change.ig_media_id, url=change.url)
    elif change.status:
        verbs = {
            "scheduled": content_plans.schedule,
            "approved": content_plans.approve,
            "in_review": content_plans.submit_for_review,
            "on_hold": content_plans.hold,
        }
        outcome: Outcome = verbs[change.status](tx, [card.id])
        if card.id in outcome.refused:
            raise Conflict(outcome.refused[card.id])
        if change.status == "scheduled" and card.id in outcome.review:
            raise Conflict(tr_lazy("It needs an approval before it is scheduled. Send the status in_review."))


@router.delete("/{plan_id}")
def delete_plan(plan_id: str, app: Studio, caller: Caller, if_match: IfMatch = "") -> PlanActResponse:
    """Undone by `/api/content-plans/acts/<id>/undo`."""
    with app.db.transaction(caller, needs="editor") as tx:
        return PlanActResponse.model_validate(content_plans.delete(tx, plan_id, expected=_shown_version(plan_id, if_match)))


@router.post("/{plan_id}/move")
def move_plan(plan_id: str, body: PlanMoveRequest, app: Studio, caller: Caller, if_match: IfMatch = "") -> PlanActResponse:
    shown = _shown_version(plan_id, if_match, body.version)
    with app.db.transaction(caller, needs="editor") as tx:
        return PlanActResponse.model_validate(content_plans.move(tx, plan_id, body.local_time, body.time_zone, expected=shown))


def _shown_version(plan_id: str, if_match: str, version: int | None = None) -> ExpectedPlans:
    """The version that the client has read, from If-Match or the body; {} without one. Raises Invalid for another header."""
    revision = if_match.strip().removeprefix("W/").strip('"')
    if not revision or revision == "*":
        return {} if version is None else {plan_id: version}
    if not revision.isdigit() or len(revision) > 9:
        raise Invalid(tr_lazy('If-Match: give the plan\'s ETag as it was answered, like "7".'))
    return {plan_id: int(revision) if version is None else version}


def plan_response(card: PlanCard) -> PlanResponse:
    plan_fields = PlanResponse.model_fields.keys() & {field.name for field in fields(PlanCard)}
    post_fields = VariantResponse.model_fields.keys() - {"status", "hashtags", "asset_ids"}
    variants = [
        VariantResponse(
            **{name: getattr(post, name) for name in post_fields},
            status=post.state,
            hashtags=list(post.hashtags),
            asset_ids=list(post.media),
        )
        for post in card.posts
    ]
    instagram_id = next((post.remote_id for post in card.posts if post.platform == "instagram" and post.remote_id), None)
    return PlanResponse(
        **{name: getattr(card, name) for name in plan_fields},
        status=card.state,
        local_time=card.wall,
        time_zone=card.zone,
        scheduled_at=card.due_at,
        ig_media_id=instagram_id,
        variants=variants,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(tr_lazy("date: say today, or a day like 2026-12-24.")) from error
