"""POST /api/jobs starts a job of any type with the verb of its slice; /api/jobs/estimate says before what it would take."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from backend import jobs
from backend.api.api_model import ApiModel, ApiRequest
from backend.api.deps import Caller, OwnOrigin, Studio, require_scope
from backend.api.job_requests import job_request_type, payload_schemas, to_snake_keys
from backend.api.routes.jobs import JobResponse, job_response
from backend.datasets import CaptionPlan
from backend.kit.ids import new_id
from backend.writing.schemas import TextEstimate

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[OwnOrigin])


class JobRequest(ApiRequest):
    """`type`: of the job; `payload`: the values of its page's form, in camelCase or snake_case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, json_schema_extra={"oneOf": payload_schemas()})
    type: str
    payload: dict[str, Any] = Field(default_factory=dict)


class JobStartedResponse(JobResponse):
    """`subjectId` of the picture types: the request, whose pictures are at `/api/generations/<subjectId>/pictures`."""

    job_id: str


class GridAxisResponse(ApiModel):
    title: str
    labels: list[str]


class JobEstimateResponse(ApiModel):
    """`seconds` null: nothing was measured yet; `load_s` of them until the model is loaded. `ahead`: image jobs of the
    workspace that run or wait before it.

    `usual_usd` of texts and captions: the mean of earlier ones, null without any; `most_usd`: an upper bound. `axes` of a grid:
    picture n stands at n % x, n // x % y, n // (x * y).
    """

    pictures: int
    seconds: float | None
    ahead: int
    models: int
    axes: list[GridAxisResponse]
    load_s: float = 0.0
    usual_usd: Decimal | None = None
    most_usd: Decimal = Decimal(0)


@router.post("", status_code=201)
def create_job(
    order: JobRequest,
    app: Studio,
    caller: Caller,
    response: Response,
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
) -> JobStartedResponse:
    """The same `Idempotency-Key` returns the first job. A list or a grid has at most 200 pictures, one prompt at most 16."""
    request_type = job_request_type(order.type)
    require_scope(caller, request_type.scope)
    draft = request_type.draft(**to_snake_keys(order.payload))
    with app.db.transaction(caller, needs="editor") as tx:
        job_id = request_type.start(app, tx, draft, idempotency_key or new_id("key"))
        card = jobs.get(tx, job_id)
    response.headers["location"] = f"/api/jobs/{card.id}?workspace={caller.tenant_id}"
    return JobStartedResponse(**job_response(card).model_dump(), job_id=card.id)


@router.post("/estimate")
def estimate_job(order: JobRequest, app: Studio, caller: Caller) -> JobEstimateResponse:
    """How many pictures the same request would draw, how long that takes and what its texts cost, by what was measured here.

    Starts nothing.
    """
    request_type = job_request_type(order.type, estimable=True)
    require_scope(caller, request_type.scope)
    draft = request_type.draft(**to_snake_keys(order.payload))
    assert request_type.estimate
    with app.db.transaction(caller) as tx:
        plan = request_type.estimate(app, tx, draft)
    if isinstance(plan, CaptionPlan | TextEstimate):
        costs = {"usual_usd": plan.usual_usd, "most_usd": plan.most_usd}
        ahead, load_s = (plan.ahead, plan.load_s) if isinstance(plan, TextEstimate) else (0, 0.0)
        return JobEstimateResponse(
            pictures=plan.pictures, seconds=plan.seconds, ahead=ahead, models=1, axes=[], load_s=load_s, **costs
        )
    axes = [GridAxisResponse.model_validate(axis) for axis in plan.grid.axes] if plan.grid else []
    return JobEstimateResponse(
        pictures=plan.pictures, seconds=plan.seconds, ahead=plan.ahead, models=plan.models, axes=axes, load_s=plan.load_s
    )
