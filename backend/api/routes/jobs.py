"""Jobs over HTTP: lists, one, live ones for the page's poller, cancel, retry."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from backend import jobs
from backend.api.api_model import ApiModel, Listing
from backend.api.deps import Caller, Studio, needs_scope

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[needs_scope("jobs")])
State = Literal["pending", "processing", "completed", "failed", "cancelled"]


class JobWords(ApiModel):
    id: str
    kind: str
    title: str
    state: State
    progress: float | None
    phase: str
    done: int
    total: int
    eta_s: float | None
    preview: str | None
    error_code: str | None
    error_message: str | None
    dead_letter: bool
    result: dict[str, Any] | None
    subject_noun: str
    subject_id: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    queue_position: int | None
    cancel_requested: bool
    attempt_n: int
    cost_usd: Decimal | None
    parent_id: str | None
    waits_for: int
    not_before: datetime | None


_LIVE_LIST, _JSON_TYPE = TypeAdapter(dict[str, list[JobWords]]), "application/json"


class LineWords(ApiModel):
    id: int
    at: datetime
    level: str
    line: str
    attempt_n: int


@router.get("")
def listing(
    app: Studio,
    caller: Caller,
    response: Response,
    state: Annotated[list[State], Query()] = [],  # noqa: B006
    type: Annotated[list[str], Query()] = [],  # noqa: B006
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0)] = 0,
    sort_by: Annotated[Literal["createdAt"], Query(alias="sortBy")] = "createdAt",
    sort_order: Annotated[Literal["asc", "desc"], Query(alias="sortOrder")] = "desc",
    cursor: str | None = None,
) -> Listing[JobWords]:
    """All jobs of the workspace. `cursor` (an earlier answer's `nextCursor`) goes deeper than `skip` without counting rows."""
    with app.db.transaction(caller) as tx:
        page = jobs.page(tx, states=state, kinds=type, take=take, skip=skip, cursor=cursor, oldest_first=sort_order == "asc")
    response.headers["x-total-count"] = str(page.total)
    data = [JobWords.model_validate(card) for card in page.cards]
    return Listing(data=data, total=page.total, take=take, skip=skip, next_cursor=page.next_cursor)


@router.get("/live", response_model=dict[str, list[JobWords]])
def live(
    app: Studio,
    caller: Caller,
    id: Annotated[list[str], Query()] = [],  # noqa: B006
    take: Annotated[int, Query(ge=1)] = 20,
) -> Response:
    """What the page's poller asks every two seconds: the jobs named by `id`, or else those waiting and running."""
    cards = jobs.live(app.db, caller, ids=id[:50], take=min(take, 100))
    return Response(
        _LIVE_LIST.dump_json({"data": list(map(JobWords.model_validate, cards))}, by_alias=True), media_type=_JSON_TYPE
    )


@router.get("/{job_id}")
def one(job_id: str, app: Studio, caller: Caller) -> JobWords:
    with app.db.transaction(caller) as tx:
        return JobWords.model_validate(jobs.get(tx, job_id))


@router.get("/{job_id}/log")
def log(job_id: str, app: Studio, caller: Caller, after: int = 0) -> dict[str, list[LineWords]]:
    with app.db.transaction(caller) as tx:
        return {"data": [LineWords.model_validate(line) for line in jobs.log(tx, job_id, after=after)]}


@router.post("/{job_id}/cancel")
def cancel(job_id: str, app: Studio, caller: Caller) -> JobWords:
    with app.db.transaction(caller, needs="editor") as tx:
        return JobWords.model_validate(jobs.cancel(tx, job_id))


@router.post("/{job_id}/retry")
def retry(job_id: str, app: Studio, caller: Caller) -> JobWords:
    with app.db.transaction(caller, needs="editor") as tx:
        return JobWords.model_validate(jobs.retry(tx, job_id))
