"""Jobs over HTTP: lists, one, live ones for the page's poller, cancel, try again, dismiss, move in the line."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator, Field, TypeAdapter, computed_field, model_validator
from sqlalchemy.orm import Session

from backend import budgets, jobs
from backend.api.api_model import JSON_TYPE, ApiModel, ApiRequest, Listing, Worded, listing, listing_response
from backend.api.deps import Caller, Studio, needs_scope, require_scope
from backend.api.job_requests import JOB_REQUEST_TYPES, to_camel_keys
from backend.jobs import JobCard, JobPage

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[needs_scope("jobs")])
Status = Literal["pending", "processing", "completed", "failed", "cancelled"]
_OLD: Any = {"deprecated": True}
"""Names of 0.5.1; they go with the next release."""


class LiveJobResponse(ApiModel):
    """`type`: what was ordered. `result`: what it made, with `assetId` and `s3Key`; `assets` where these are several.

    `error`: why it failed, or why it is tried again. `completedAt`: when it ended, however it ended. `progress` 0 to 1 and
    `etaS` in seconds are null while unknown. `deadLetter`: it gave up after several tries and somebody has to look.
    `queuePosition`: 1 is next in this workspace; null when it could not run now. `createdBy`: the user who ordered it, null:
    an API key or the studio.
    """

    id: str
    type: str
    status: Status = Field(validation_alias="state")
    title: Worded
    progress: float | None
    phase: Worded
    done: int
    total: int
    eta_s: float | None
    preview: str | None
    result: dict[str, Any] | None
    error: Worded | None = Field(validation_alias="error_message")
    error_code: str | None
    dead_letter: bool
    subject_noun: str
    subject_id: str
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None = Field(validation_alias="finished_at")
    queue_position: int | None
    cancel_requested: bool
    attempt_n: int
    parent_id: str | None
    waits_for: int
    not_before: datetime | None
    created_by: str | None
    kind: str = Field(json_schema_extra=_OLD)
    state: Status = Field(json_schema_extra=_OLD)
    error_message: Worded | None = Field(json_schema_extra=_OLD)
    finished_at: datetime | None = Field(json_schema_extra=_OLD)
    cost_usd: Decimal | None = Field(json_schema_extra=_OLD)

    @model_validator(mode="after")
    def _with_old_keys(self) -> Self:
        if self.result:
            self.result = jobs.with_old_keys(self.type, self.result)
        return self


class JobResponse(LiveJobResponse):
    """`payload`: what its worker is given. `cost`: USD paid to language models so far, by this job and by those it made."""

    payload: Annotated[dict[str, Any], BeforeValidator(lambda payload: to_camel_keys(payload or {}))]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def cost(self) -> float:
        return float(self.cost_usd or 0)


class JobLogResponse(ApiModel):
    id: int
    at: datetime
    level: str
    line: Worded
    attempt_n: int


class JobMoveRequest(ApiRequest):
    """`first` of the jobs that wait in its queue here, or past one neighbour."""

    where: Literal["first", "earlier", "later"] = Field(examples=["first"])


_LIVE_LIST = TypeAdapter(dict[str, list[LiveJobResponse]])


def job_response(card: JobCard, cost: Decimal = Decimal(0)) -> JobResponse:
    """`cost`: of a job that has just been started, nothing."""
    response = JobResponse.model_validate(card)
    response.cost_usd = cost
    return response


def _with_cost(tx: Session, card: JobCard) -> JobResponse:
    return job_response(card, budgets.cost_of_jobs(tx, [card.id])[card.id])


@router.get("", response_model=Listing[JobResponse])
def list_jobs(
    app: Studio,
    caller: Caller,
    status: Annotated[list[Status], Query()] = [],  # noqa: B006
    type: Annotated[list[str], Query()] = [],  # noqa: B006
    dead_letter: Annotated[bool | None, Query(alias="deadLetter")] = None,
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0)] = 0,
    sort_by: Annotated[Literal["createdAt"], Query(alias="sortBy")] = "createdAt",
    sort_order: Annotated[Literal["asc", "desc"], Query(alias="sortOrder")] = "desc",
    cursor: str | None = None,
    state: Annotated[list[Status], Query(deprecated=True)] = [],  # noqa: B006
) -> Response:
    """All jobs of the workspace. `cursor` (an earlier answer's `nextCursor`) goes deeper than `skip` without counting rows;
    `total` ends at 10,000: at least so many.

    `deadLetter=true`: those that gave up, each with its payload and its error; `POST /jobs/{id}/retry` runs one again.
    """

    def read(tx: Session) -> tuple[JobPage, dict[str, Decimal]]:
        page = jobs.page(
            tx,
            states=[*status, *state],
            types=type,
            dead_letters=dead_letter,
            take=take,
            skip=skip,
            cursor=cursor,
            oldest_first=sort_order == "asc",
        )
        return page, budgets.cost_of_jobs(tx, [card.id for card in page.cards])

    page, costs = app.db.read_list(caller, read)
    data = [job_response(card, costs[card.id]) for card in page.cards]
    return listing_response(
        Listing[JobResponse](data=data, total=page.total, take=take, skip=skip, next_cursor=page.next_cursor)
    )


@router.get("/live", response_model=dict[str, list[LiveJobResponse]])
def list_live_jobs(
    app: Studio,
    caller: Caller,
    id: Annotated[list[str], Query()] = [],  # noqa: B006
    take: Annotated[int, Query(ge=1)] = 20,
) -> Response:
    """What the page's poller asks every two seconds: the jobs named by `id`, or else those waiting and running."""
    cards = jobs.live(app.db, caller, ids=id[:50], take=min(take, 100))
    return Response(
        _LIVE_LIST.dump_json({"data": list(map(LiveJobResponse.model_validate, cards))}, by_alias=True), media_type=JSON_TYPE
    )


@router.get("/{job_id}")
def get_job(job_id: str, app: Studio, caller: Caller) -> JobResponse:
    """One job with its payload, result and cost."""
    with app.db.transaction(caller) as tx:
        return _with_cost(tx, jobs.get(tx, job_id))


@router.get("/{job_id}/log")
def list_job_log(job_id: str, app: Studio, caller: Caller, response: Response, after: int = 0) -> Listing[JobLogResponse]:
    """Its log lines with an id above `after`, oldest first, at most 5,000."""
    with app.db.transaction(caller) as tx:
        lines = jobs.log(tx, job_id, after=after)
    return listing(response, [JobLogResponse.model_validate(line) for line in lines])


@router.post("/{job_id}/cancel")
def cancel_job(job_id: str, app: Studio, caller: Caller) -> JobResponse:
    """A waiting job is cancelled at once; a running one is asked to stop."""
    with app.db.transaction(caller, needs="editor") as tx:
        return _with_cost(tx, jobs.cancel(tx, job_id))


@router.post("/{job_id}/retry")
def retry_job(job_id: str, app: Studio, caller: Caller) -> JobResponse:
    """Runs a failed or cancelled job again, also a dead letter. What it has finished is not done or paid for again.

    An API key needs the scope that ordering such a job takes, too.
    """
    with app.db.transaction(caller, needs="editor") as tx:
        if request_type := JOB_REQUEST_TYPES.get(jobs.get(tx, job_id).type):
            require_scope(caller, request_type.scope)
        return _with_cost(tx, jobs.retry(tx, job_id))


@router.post("/{job_id}/dismiss", status_code=204)
def dismiss_job(job_id: str, app: Studio, caller: Caller) -> Response:
    """Takes a failed job off the overview. It stays in the lists and can still be tried again."""
    with app.db.transaction(caller, needs="editor") as tx:
        jobs.dismiss(tx, job_id)
    return Response(status_code=204)


@router.post("/{job_id}/move")
def move_job(job_id: str, body: JobMoveRequest, app: Studio, caller: Caller) -> JobResponse:
    """Changes when a waiting job comes among those of this workspace."""
    with app.db.transaction(caller, needs="editor") as tx:
        jobs.reorder(tx, job_id, body.where)
        return _with_cost(tx, jobs.get(tx, job_id))
