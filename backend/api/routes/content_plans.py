"""What is planned, over HTTP: lists (`?status=scheduled&date=today`), single plans, the calendar and its moves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import AfterValidator, Field
from sqlalchemy.orm import Session

from backend import content_plans
from backend.api.api_model import Listing, Words
from backend.api.deps import Caller, OwnOrigin, Studio
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

router = APIRouter(prefix="/content-plans", tags=["content plans"], dependencies=[OwnOrigin])
Key = Annotated[str, Header(max_length=200)]
Take = Annotated[int, Query(ge=1, le=200)]
Text = Annotated[str, Query(max_length=200)]
IfMatch = Annotated[str, Header(max_length=40, description="The `ETag` of the plan as it was read, or its `version`")]


class VariantSaid(Words):
    """`assetIds`: pictures and videos in order. `edits`: by asset id, what is done to it on its way out: `ratio` (cropped to
    width/height, around `focus` 0 to 1), `width` (px at most), `least` (px wide that a narrower picture is enlarged to),
    `seconds` (only the first), `transcode`."""

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


class VariantWords(Words):
    """`jobId`: the last job that sent it, or sends it now; `notBefore`: it is tried again then, `error` says why."""

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
    error: str
    note: str
    job_id: str | None
    not_before: datetime | None


class PlanWords(Words):
    """`localTime`: what the clock shows in `timeZone`; `scheduledAt`: the same as an instant."""

    id: str
    influencer_id: str
    influencer_name: str
    topic: str
    notes: str
    status: PostState
    local_time: datetime | None
    time_zone: str
    scheduled_at: datetime | None
    ig_media_id: str | None
    variants: list[VariantWords]
    version: int
    created_at: datetime
    updated_at: datetime


def _whole_minute(wall: datetime) -> datetime:
    if wall.second or wall.microsecond:
        raise ValueError(f"Posts go out at whole minutes: say localTime as {wall:%Y-%m-%dT%H:%M}.")
    return wall


LocalTime = Annotated[datetime, AfterValidator(_whole_minute)]


class PlanSaid(Words):
    influencer_id: str
    topic: str = ""
    notes: str = ""
    local_time: LocalTime | None = None
    time_zone: str = ""
    variants: list[VariantSaid] = Field(default_factory=list)


class PlanChange(Words):
    """`status`: scheduled | approved | in_review | on_hold | published. `igMediaId`: where somebody else has posted it.

    `version`: of the plan as it was read; answered with 409 `changed_since` when somebody has changed it since.
    """

    status: Literal["scheduled", "approved", "in_review", "on_hold", "published"] | None = None
    ig_media_id: Annotated[str, Field(max_length=200)] = ""
    url: Annotated[str, Field(max_length=2000)] = ""
    topic: str | None = None
    notes: str | None = None
    local_time: LocalTime | None = None
    time_zone: str = ""
    version: int | None = None


class Move(Words):
    """`localTime` null: off the calendar. `timeZone`: whose clock says it; empty: the plan's own. `version`: as in a change."""

    local_time: LocalTime | None
    time_zone: str = ""
    version: int | None = None


class Shift(Words):
    """`versions`: plan id -> version as it was read; those that were changed since stay where they are."""

    plan_ids: list[str] = Field(max_length=MAX_PLANS_AT_ONCE)
    days: int = Field(0, ge=-3650, le=3650)
    minutes: int = Field(0, ge=-1440, le=1440)
    versions: dict[str, int] = Field(default_factory=dict, max_length=MAX_PLANS_AT_ONCE)


class ActWords(Words):
    id: str
    kind: str
    said: str
    count: int
    note: str = ""


class SpotWords(Words):
    """`wall`: in the zone asked for; `ownWall`: by the plan's own clock; `version`: for a move of what is shown.
    `faceBelow`: a picture of it misses the threshold of its influencer's face match."""

    id: str
    influencer_id: str
    title: str
    wall: datetime | None
    own_wall: datetime | None
    zone: str
    state: PostState
    platforms: list[str]
    asset_id: str
    movable: bool
    version: int
    face_below: bool
    clash: str


class CalendarWords(Words):
    """`more`: of days that have more than `perDay`, how many are not in `data`."""

    data: list[SpotWords]
    undated: list[SpotWords]
    more: dict[date, int] = Field(default_factory=dict)


@router.get("")
def listing(
    app: Studio, caller: Caller, response: Response, status: PostState | None = None,
    day: Annotated[str, Query(alias="date", max_length=20)] = "",
    influencer: Text = "", channel: Text = "", q: Text = "", take: Take = 50, skip: Annotated[int, Query(ge=0, le=10**9)] = 0,
    cursor: Text = "",
) -> Listing[PlanWords]:  # fmt: skip
    """By date, those without one last. `date`: `today` by each plan's own clock, or a day.

    `q`: words, or beginnings of words, that the topic has, or the caption and hashtags of one post. `total` then ends at 1,000.
    """
    exact = None if day in ("", "today") else _day(day)
    filters = PlanFilters(
        influencer_id=influencer, channel_id=channel, states=(status,) if status else (), text=q, today=day == "today",
        first=exact, last=exact,
    )  # fmt: skip
    with app.db.transaction(caller) as tx:
        found = content_plans.page(tx, filters, cursor=cursor or None, take=take, skip=skip)
    response.headers["x-total-count"] = str(found.total)
    data = [words(one) for one in found.cards]
    return Listing(data=data, total=found.total, take=take, skip=skip, next_cursor=found.next_cursor)


@router.post("", status_code=201)
def create(said: PlanSaid, app: Studio, caller: Caller, response: Response, idempotency_key: Key = "") -> PlanWords:
    draft = PlanDraft(
        influencer_id=said.influencer_id, topic=said.topic, notes=said.notes, wall=said.local_time, zone=said.time_zone,
        variants=tuple(one.draft() for one in said.variants),
    )  # fmt: skip
    with app.db.transaction(caller, needs="editor") as tx:
        card = content_plans.create(tx, draft, request_key=idempotency_key or new_id("key"))
    response.headers["location"] = f"/api/content-plans/{card.id}?workspace={caller.tenant_id}"
    return words(card)


@router.get("/calendar", response_model=CalendarWords)
def calendar(
    app: Studio, caller: Caller, start: Annotated[datetime, Query(alias="from")], end: Annotated[datetime, Query(alias="to")],
    zone: Text = "UTC", influencer: Text = "", channel: Text = "", status: PostState | None = None,
    face: Literal["", "below"] = "",
    per_day: Annotated[int, Query(alias="perDay", ge=0, le=100, description="at most so many of a day; 0: all")] = 0,
) -> Response:  # fmt: skip
    """Between two times as the clocks of `zone` show them, and what has no date."""
    states = (status,) if status else ()
    filters = PlanFilters(influencer_id=influencer, channel_id=channel, states=states, face_below=face == "below")
    if not 0 <= (end - start).days <= 400:
        raise Invalid("A calendar shows at most 400 days, from the earlier to the later.")
    first, last = start.replace(tzinfo=None), end.replace(tzinfo=None)

    def read(tx: Session) -> str:
        more: dict[date, int] = {}
        if per_day:
            found, more = content_plans.month_entries(tx, first=first, last=last, zone=zone, per_day=per_day, filters=filters)
        else:
            found = content_plans.entries(tx, first=first, last=last, zone=zone, filters=filters)
        shown = {"data": found, "undated": content_plans.undated_entries(tx, filters=filters), "more": more}
        return CalendarWords.model_validate(shown, from_attributes=True).model_dump_json(by_alias=True)

    body = app.db.recent(caller, ("calendar", first, last, zone, per_day, filters), read)
    return Response(body, media_type="application/json")


@router.post("/shift")
def shift(said: Shift, app: Studio, caller: Caller) -> ActWords:
    """All that can move; 409 when none can."""
    with app.db.transaction(caller, needs="editor") as tx:
        act, out = content_plans.shift(tx, said.plan_ids, days=said.days, minutes=said.minutes, expected=said.versions)
        if act is None:
            content_plans.get(tx, next(iter(said.plan_ids), ""))
            raise Conflict(" ".join(dict.fromkeys(out.refused.values())))
    return ActWords.model_validate(act)


@router.post("/acts/{plan_act_id}/undo")
def undo(plan_act_id: str, app: Studio, caller: Caller) -> dict[str, list[str]]:
    with app.db.transaction(caller, needs="editor") as tx:
        return {"planIds": content_plans.undo(tx, plan_act_id).done}


@router.get("/{plan_id}")
def one(plan_id: str, app: Studio, caller: Caller, response: Response) -> PlanWords:
    """`ETag`: its version, for `If-Match` of a change."""
    with app.db.transaction(caller) as tx:
        card = content_plans.get(tx, plan_id)
    response.headers["etag"] = f'"{card.version}"'
    return words(card)


@router.patch("/{plan_id}")
def change(plan_id: str, said: PlanChange, app: Studio, caller: Caller, if_match: IfMatch = "") -> PlanWords:
    """Date and words first, then the status: what the rules do not allow is refused with its reason, and nothing changes.

    Where posts need an approval, `scheduled` is refused with 409: send `in_review`.
    """
    with app.db.transaction(caller, needs="editor") as tx:
        content_plans.require_unchanged(tx, plan_id, _shown(plan_id, if_match, said.version))
        card = content_plans.get(tx, plan_id)
        texts = {name: value for name in ("topic", "notes") if (value := getattr(said, name)) is not None}
        if texts:
            content_plans.save(tx, plan_id, PlanDraft(**{**card.draft().model_dump(), **texts}), version=card.version)
        if "local_time" in said.model_fields_set:
            content_plans.move(tx, plan_id, said.local_time, said.time_zone)
        _to(tx, content_plans.get(tx, plan_id), said)
        return words(content_plans.get(tx, plan_id))


def _to(tx: Session, card: PlanCard, said: PlanChange) -> None:
    if said.status == "published" or said.ig_media_id:
        there = any(one.platform == "instagram" for one in card.posts)
        platform = "instagram" if said.ig_media_id and there else ""
        content_plans.mark_published(tx, card.id, platform=platform, remote_id=said.ig_media_id, url=said.url)
    elif said.status:
        acts = {
            "scheduled": content_plans.schedule,
            "approved": content_plans.approve,
            "in_review": content_plans.submit_for_review,
            "on_hold": content_plans.hold,
        }
        out: Outcome = acts[said.status](tx, [card.id])
        if card.id in out.refused:
            raise Conflict(out.refused[card.id])
        if said.status == "scheduled" and card.id in out.review:
            raise Conflict("It needs an approval before it is scheduled. Send the status in_review, so that somebody looks.")


@router.delete("/{plan_id}")
def delete(plan_id: str, app: Studio, caller: Caller, if_match: IfMatch = "") -> ActWords:
    """Undone by `/api/content-plans/acts/<id>/undo`."""
    with app.db.transaction(caller, needs="editor") as tx:
        return ActWords.model_validate(content_plans.delete(tx, plan_id, expected=_shown(plan_id, if_match)))


@router.post("/{plan_id}/move")
def move(plan_id: str, said: Move, app: Studio, caller: Caller, if_match: IfMatch = "") -> ActWords:
    shown = _shown(plan_id, if_match, said.version)
    with app.db.transaction(caller, needs="editor") as tx:
        return ActWords.model_validate(content_plans.move(tx, plan_id, said.local_time, said.time_zone, expected=shown))


def _shown(plan_id: str, if_match: str, version: int | None = None) -> ExpectedPlans:
    """Raises Invalid: a header that names no version."""
    named = if_match.strip().removeprefix("W/").strip('"')
    if not named or named == "*":
        return {} if version is None else {plan_id: version}
    if not named.isdigit() or len(named) > 9:
        raise Invalid('If-Match: give the plan\'s ETag as it was answered, like "7".')
    return {plan_id: int(named) if version is None else version}


def words(card: PlanCard) -> PlanWords:
    same = ("id", "influencer_id", "influencer_name", "topic", "notes", "version", "created_at", "updated_at")
    there = ("id", "channel_id", "channel_name", "platform", "format", "caption", "title", "edits", "first_comment",
             "alt_texts", "privacy", "options", "remote_id", "url", "published_at", "error_code", "error", "note",
             "job_id", "not_before")  # fmt: skip
    variants = [
        VariantWords(
            **{name: getattr(post, name) for name in there},
            status=post.state,
            hashtags=list(post.hashtags),
            asset_ids=list(post.media),
        )
        for post in card.posts
    ]
    remote = next((one.remote_id for one in card.posts if one.platform == "instagram" and one.remote_id), None)
    return PlanWords(
        **{name: getattr(card, name) for name in same}, status=card.state, local_time=card.wall, time_zone=card.zone,
        scheduled_at=card.due_at, ig_media_id=remote, variants=variants,
    )  # fmt: skip


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("date: say today, or a day like 2026-12-24.") from error
