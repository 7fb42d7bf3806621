"""The face check of an influencer: its references, its threshold, and what is done with pictures below it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Response
from pydantic import Field

from backend import identity, influencers
from backend.api.api_model import ApiModel, ApiRequest, Worded
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.etags import IfMatch, require_match, set_etag
from backend.api.routes.jobs import JobResponse, job_response
from backend.identity import GatePolicy, IdentityProfileCard
from backend.kit.ids import new_id

router = APIRouter(prefix="/influencers/{influencer_id}/identity", tags=["identity"], dependencies=[needs_scope("influencers")])
Key = Annotated[str, Header(max_length=200)]


class FaceCheckChangeRequest(ApiRequest):
    """What is left out stays. `threshold` null: the calibrated one. `referenceAssetIds`: for the next calibration, [] for all
    included pictures of the influencer's datasets."""

    gate: Literal["off", "mark", "hold", "regenerate", "reject"] | None = Field(None, examples=["hold"])
    extra_max: int | None = None
    threshold: float | None = None
    reference_asset_ids: list[str] | None = Field(None, max_length=1000)


class FaceCheckResponse(ApiModel):
    """`threshold` 0..1, null: never calibrated. `candidates`: pictures that can be references; `unscored`: pictures without a
    score. `stale`: why to calibrate again; `why`: why nothing can be scored here."""

    influencer_id: str
    gate: str
    extra_max: int
    threshold: float | None
    candidates: int
    unscored: int
    calibrated_at: datetime | None
    job_id: str | None
    stale: Worded
    why: Worded


@router.get("")
def get_face_check(influencer_id: str, app: Studio, caller: Caller, response: Response) -> FaceCheckResponse:
    """The face check of an influencer."""
    with app.db.transaction(caller) as tx:
        return _whole(response, identity.profile(tx, influencer_id, engine=app.engines.identity))


@router.patch("")
def change_face_check(
    influencer_id: str, body: FaceCheckChangeRequest, app: Studio, caller: Caller, response: Response, if_match: IfMatch = ""
) -> FaceCheckResponse:
    """What is done with pictures drawn from now on; scores that there are do not change. 409 when somebody else was quicker."""
    engine, changes = app.engines.identity, body.model_dump(exclude_unset=True)
    with app.db.transaction(caller, needs="editor") as tx:
        influencers.get_locked(tx, influencer_id)
        card = identity.profile(tx, influencer_id, engine=engine)
        require_match(if_match, _version(card), "face check")
        if body.reference_asset_ids is not None:
            card = identity.choose_references(tx, influencer_id, body.reference_asset_ids, engine=engine)
        values: dict[str, Any] = {name: changes[name] for name in ("gate", "extra_max") if changes.get(name) is not None}
        if "threshold" in changes:
            values["line"] = body.threshold
        if values:
            policy = GatePolicy(**{**card.policy().model_dump(), **values})
            card = identity.set_policy(tx, influencer_id, policy, engine=engine)
    return _whole(response, card)


@router.post("/calibrate", status_code=201)
def calibrate_face_check(influencer_id: str, app: Studio, caller: Caller, idempotency_key: Key = "") -> JobResponse:
    """Reads the references and sets the threshold, as a job. 400 with too few pictures."""
    with app.db.transaction(caller, needs="editor") as tx:
        key = idempotency_key or new_id("key")
        return job_response(identity.calibrate(tx, influencer_id, engine=app.engines.identity, request_key=key))


@router.post("/score", status_code=201)
def score_pictures(influencer_id: str, app: Studio, caller: Caller, idempotency_key: Key = "") -> JobResponse:
    """Scores the pictures that have no score, as a job. 400 when there is nothing to do."""
    with app.db.transaction(caller, needs="editor") as tx:
        key = idempotency_key or new_id("key")
        return job_response(identity.score_missing(tx, influencer_id, engine=app.engines.identity, request_key=key))


def _whole(response: Response, card: IdentityProfileCard) -> FaceCheckResponse:
    set_etag(response, _version(card))
    return _face_check_response(card)


def _version(card: IdentityProfileCard) -> tuple[object, ...]:
    """Without what is counted: pictures come and go by themselves."""
    return card.gate, card.extra_max, card.own_line, card.calibrated_line, card.calibrated_at, card.picked


def _face_check_response(card: IdentityProfileCard) -> FaceCheckResponse:
    fields = {name: getattr(card, name) for name in FaceCheckResponse.model_fields if name != "threshold"}
    return FaceCheckResponse(**fields, threshold=card.line)
