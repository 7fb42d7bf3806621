"""Posting rules of an influencer, and the switches that stop publishing: one an influencer, one for the workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import Field

from backend import content_plans, influencers
from backend.api.api_model import ApiModel, ApiRequest
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.etags import IfMatch, require_match, set_etag
from backend.content_plans import RecurringTime, RulesCard, RulesDraft

router = APIRouter(prefix="/posting-rules", tags=["posting rules"], dependencies=[needs_scope("posts")])


class SlotRequest(ApiRequest):
    """`weekday`: 0 is Monday. `at`: the time of day where the influencer lives."""

    weekday: int = Field(ge=0, le=6, examples=[0])
    at: str = Field(max_length=5, examples=["18:30"])


class PostingRulesRequest(ApiRequest):
    """What is left out stays. `policy`: which posts need an approval: all, first (the first `firstN`) or auto (none)."""

    policy: Literal["all", "first", "auto"] | None = Field(None, examples=["first"])
    first_n: int | None = None
    gap_minutes: int | None = None
    cooldown_days: int | None = None
    slots: list[SlotRequest] | None = Field(None, max_length=100)


class SlotResponse(ApiModel):
    weekday: int
    at: str


class PostingRulesResponse(ApiModel):
    """`stoppedAt`, `stoppedByWorkspace`: since when publishing is stopped for the influencer, and for all of the workspace.
    `approved`: posts that people approved so far; `review`: whether the next one needs an approval. `holidayCountry`: ISO 3166
    code of the country whose public holidays the calendar shows, `none`, or "": the workspace's, else that of the time zone."""

    influencer_id: str
    policy: str
    first_n: int
    gap_minutes: int
    cooldown_days: int
    slots: list[SlotResponse]
    stopped_at: datetime | None
    stopped_by_workspace: datetime | None
    approved: int
    review: bool
    holiday_country: str


class HolidayCountryRequest(ApiRequest):
    """`country`: ISO 3166 code, `none`, or "": that of the time zone. `influencerId` "": the workspace's default."""

    country: str = Field(max_length=4, examples=["IT"])
    influencer_id: str = Field("", max_length=80, examples=["inf_0190"])


class HolidayCountryResponse(ApiModel):
    country: str


class StopRequest(ApiRequest):
    """`influencerId` "": the whole workspace."""

    influencer_id: str = Field("", max_length=80, examples=["inf_0190"])


class StopResponse(ApiModel):
    """`held`: posts that wait now. After a start: `scheduled` again, and `missed` because their time has passed."""

    stopped: bool
    held: int = 0
    scheduled: int = 0
    missed: int = 0


class PublishingSwitchResponse(ApiModel):
    """`stoppedAt`: since when publishing is stopped for the whole workspace, null: it goes on. `scheduled`: posts that a stop
    would hold; `held`: those that it holds now."""

    stopped_at: datetime | None
    scheduled: int
    held: int


@router.get("")
def get_publishing_switch(app: Studio, caller: Caller) -> PublishingSwitchResponse:
    """Whether publishing is stopped for the whole workspace, and the posts that this is about."""
    with app.db.transaction(caller) as tx:
        return PublishingSwitchResponse.model_validate(content_plans.publishing_switch(tx))


@router.post("/stop")
def stop_publishing(body: StopRequest, app: Studio, caller: Caller) -> StopResponse:
    """Stops publishing at once; scheduled posts wait."""
    with app.db.transaction(caller, needs="editor") as tx:
        return StopResponse(stopped=True, held=content_plans.pause_publishing(tx, body.influencer_id))


@router.post("/start", dependencies=[needs_scope("posts", "publish")])
def start_publishing(body: StopRequest, app: Studio, caller: Caller) -> StopResponse:
    """Lets publishing go on. Posts whose time has passed meanwhile are not published late."""
    with app.db.transaction(caller, needs="editor") as tx:
        scheduled, missed = content_plans.resume_publishing(tx, body.influencer_id)
    return StopResponse(stopped=False, scheduled=scheduled, missed=missed)


@router.put("/holidays")
def set_holidays(body: HolidayCountryRequest, app: Studio, caller: Caller) -> HolidayCountryResponse:
    """Whose public holidays the calendar shows."""
    with app.db.transaction(caller, needs="editor") as tx:
        content_plans.set_holiday_country(tx, body.country, body.influencer_id)
    return HolidayCountryResponse(country=body.country)


@router.get("/{influencer_id}")
def get_posting_rules(influencer_id: str, app: Studio, caller: Caller, response: Response) -> PostingRulesResponse:
    """The rules of an influencer, with the defaults for what nobody has set."""
    with app.db.transaction(caller) as tx:
        return _whole(response, content_plans.get_rules(tx, influencer_id))


@router.patch("/{influencer_id}", dependencies=[needs_scope("posts", "publish")])
def change_posting_rules(
    influencer_id: str, body: PostingRulesRequest, app: Studio, caller: Caller, response: Response, if_match: IfMatch = ""
) -> PostingRulesResponse:
    """For posts scheduled from now on; what is scheduled already stays. 409 when somebody else was quicker."""
    with app.db.transaction(caller, needs="editor") as tx:
        influencers.get_locked(tx, influencer_id)
        before = content_plans.get_rules(tx, influencer_id)
        require_match(if_match, _version(before), "influencer's posting rules")
        values = {name: getattr(before, name) for name in ("policy", "first_n", "gap_minutes", "cooldown_days")}
        changes = body.model_dump(exclude_none=True, exclude={"slots"})
        slots = before.slots if body.slots is None else tuple(RecurringTime(slot.weekday, slot.at) for slot in body.slots)
        rules = content_plans.save_rules(tx, influencer_id, RulesDraft(**{**values, **changes}, slots=slots))
    return _whole(response, rules)


def _whole(response: Response, rules: RulesCard) -> PostingRulesResponse:
    set_etag(response, _version(rules))
    return PostingRulesResponse.model_validate(rules)


def _version(rules: RulesCard) -> tuple[object, ...]:
    """Without what is counted: approvals are no change of the rules."""
    choices = rules.policy, rules.first_n, rules.gap_minutes, rules.cooldown_days, rules.slots
    return *choices, rules.stopped_at, rules.stopped_by_workspace
