"""What is done to a plan or one of its posts besides changing it: copies, review, holds, automatic fixes, unknown outcomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import Field, StrictBool

from backend import assets, content_plans
from backend.api.api_model import ApiModel, ApiRequest, Worded
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.content_plans import PlanActResponse, PlanResponse, plan_response
from backend.app import App
from backend.content_plans import MAX_PLANS_AT_ONCE, Outcome
from backend.db.transactions import Member
from backend.errors import Conflict
from backend.kit.ids import new_id
from backend.language import tr_lazy

router = APIRouter(prefix="/content-plans", tags=["content plans"], dependencies=[needs_scope("posts")])
Key = Annotated[str, Header(max_length=200)]


class RejectionRequest(ApiRequest):
    """`version`: of the plan as it was read; 409 `changed_since` when somebody has changed it since."""

    version: int | None = None
    note: str = Field(max_length=2000, examples=["The caption should say where it is."])


class ApprovalRequest(ApiRequest):
    """`versions`: plan id -> version as it was read; plans that somebody has changed since are not approved."""

    plan_ids: list[str] = Field(min_length=1, max_length=MAX_PLANS_AT_ONCE, examples=[["cp_0190"]])
    versions: dict[str, int] = Field(default_factory=dict, max_length=MAX_PLANS_AT_ONCE)


class ApprovalResponse(ApiModel):
    """`planIds`: those that were approved, `scheduled`: of these, those that go out by themselves; `refused`: plan id ->
    why. `act`: undoes it by `/api/content-plans/acts/<id>/undo`; null when nothing was approved."""

    plan_ids: list[str]
    scheduled: list[str]
    refused: dict[str, Worded]
    act: PlanActResponse | None


class FreeTimeRequest(ApiRequest):
    """`version`: of the plan as it was read; 409 `changed_since` when somebody has changed it since."""

    version: int | None = None


class RepurposeRequest(ApiRequest):
    """`ignoreCooldown`: also when the posting rules want a longer pause between two uses."""

    ignore_cooldown: StrictBool = False


class ResolutionRequest(ApiRequest):
    """What a person saw on the account. `isPublished` with its `url`, or not there: then it can be scheduled again."""

    is_published: StrictBool
    url: str = Field("", max_length=2000, examples=["https://www.instagram.com/p/abc/"])


@router.post("/approve", dependencies=[needs_scope("posts", "publish")])
def approve_plans(body: ApprovalRequest, app: Studio, caller: Caller) -> ApprovalResponse:
    """Approves plans that are drafts or in review. Those with a date ahead and without a problem are scheduled at once."""
    with app.db.transaction(caller, needs="editor") as tx:
        outcome = content_plans.approve(tx, body.plan_ids, expected=body.versions)
    act = next(iter(outcome.undo_entries), None)
    return ApprovalResponse(
        plan_ids=outcome.done,
        scheduled=outcome.scheduled,
        refused=outcome.refused,
        act=PlanActResponse.model_validate(act) if act else None,
    )


@router.post("/{plan_id}/next-free-time")
def move_plan_to_next_free_time(
    plan_id: str, app: Studio, caller: Caller, body: FreeTimeRequest | None = None
) -> PlanActResponse:
    """Moves a plan to the next free time of its influencer. 409 when all of the coming year is taken."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = content_plans.get(tx, plan_id)
        content_plans.lock_calendar(tx, card.influencer_id)
        local_time = content_plans.suggested_time(tx, card.influencer_id, zone=card.zone)
        if local_time is None:
            raise Conflict(tr_lazy("There is no free time in the coming year. Choose one on the calendar."))
        expected = {plan_id: body.version} if body and body.version is not None else {}
        return PlanActResponse.model_validate(content_plans.move(tx, plan_id, local_time, expected=expected))


@router.post("/posts/{post_id}/fix")
def fix_post(post_id: str, app: Studio, caller: Caller) -> PlanResponse:
    """Mends what keeps a post from going out, as far as that can be done by itself (crop, shorten, transcode …)."""
    with app.db.transaction(caller, needs="editor") as tx:
        asset_ids = content_plans.get_post(tx, post_id).media
    assets.look_for_faces(app, caller, asset_ids)
    with app.db.transaction(caller, needs="editor") as tx:
        return plan_response(content_plans.get(tx, content_plans.fix(tx, post_id).plan_id))


@router.post("/posts/{post_id}/resolve")
def resolve_post(post_id: str, body: ResolutionRequest, app: Studio, caller: Caller) -> PlanResponse:
    """Says what became of a post whose answer was lost. 409 when that is known already."""
    with app.db.transaction(caller, needs="editor") as tx:
        post = content_plans.resolve_unknown(tx, post_id, is_published=body.is_published, url=body.url)
        return plan_response(content_plans.get(tx, post.plan_id))


@router.post("/{plan_id}/duplicate", status_code=201)
def duplicate_plan(plan_id: str, app: Studio, caller: Caller, response: Response, idempotency_key: Key = "") -> PlanResponse:
    """A new plan with the same texts and files, as drafts without a date."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = content_plans.duplicate(tx, plan_id, request_key=idempotency_key or new_id("key"))
    response.headers["location"] = f"/api/content-plans/{card.id}?workspace={caller.tenant_id}"
    return plan_response(card)


@router.post("/{plan_id}/repurpose", status_code=201)
def repurpose_plan(
    plan_id: str, body: RepurposeRequest, app: Studio, caller: Caller, response: Response, idempotency_key: Key = ""
) -> PlanResponse:
    """A copy of a published plan, as drafts. 409 when it was never published, or too short ago."""
    with app.db.transaction(caller, needs="editor") as tx:
        key = idempotency_key or new_id("key")
        card = content_plans.repurpose(tx, plan_id, request_key=key, ignore_cooldown=body.ignore_cooldown)
    response.headers["location"] = f"/api/content-plans/{card.id}?workspace={caller.tenant_id}"
    return plan_response(card)


@router.post("/{plan_id}/reject")
def reject_plan(plan_id: str, body: RejectionRequest, app: Studio, caller: Caller) -> PlanResponse:
    """Sends a plan that is in review back to draft, with a note."""
    expected = {} if body.version is None else {plan_id: body.version}
    return _moved(app, caller, plan_id, lambda tx: content_plans.reject(tx, [plan_id], note=body.note, expected=expected))


@router.post("/{plan_id}/release", dependencies=[needs_scope("posts", "publish")])
def release_plan(plan_id: str, app: Studio, caller: Caller) -> PlanResponse:
    """Takes a plan off hold; what was scheduled before is scheduled again."""
    return _moved(app, caller, plan_id, lambda tx: content_plans.release(tx, [plan_id]))


@router.post("/{plan_id}/unschedule")
def unschedule_plan(plan_id: str, app: Studio, caller: Caller) -> PlanResponse:
    """Scheduled posts become approved ones: nothing happens at their time."""
    return _moved(app, caller, plan_id, lambda tx: content_plans.unschedule(tx, [plan_id]))


def _moved(app: App, caller: Member, plan_id: str, verb: Callable[[Any], Outcome]) -> PlanResponse:
    """Raises NotFound, and Conflict with the reason when it is refused."""
    with app.db.transaction(caller, needs="editor") as tx:
        content_plans.get(tx, plan_id)
        outcome = verb(tx)
        if plan_id in outcome.refused:
            raise Conflict(outcome.refused[plan_id])
        return plan_response(content_plans.get(tx, plan_id))
