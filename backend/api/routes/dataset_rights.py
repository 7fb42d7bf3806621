"""Whose pictures a dataset has, and whether it can be trained on."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, ConfigDict

from backend import datasets
from backend.api.api_model import ApiModel, ApiRequest, Listing, Worded, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.datasets import DatasetResponse, dataset_response
from backend.datasets import Finding

router = APIRouter(prefix="/datasets/{dataset_id}", tags=["datasets"], dependencies=[needs_scope("datasets")])


class RightsRequest(ApiRequest):
    """Whose pictures these are: `made_up` (a person who does not exist), `myself`, `agreed` (say in `note` who agreed and where
    that is kept), or "" with a `statement` of your own. `until`: when the agreement ends."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "agreed", "note": "Contract of 3 May with Anna B., folder 12"}]}
    )

    kind: Literal["made_up", "myself", "agreed", ""]
    statement: str = ""
    note: str = ""
    until: AwareDatetime | None = None


class RightsResponse(ApiModel):
    kind: str
    statement: str
    note: str
    until: datetime | None
    said_by: str
    created_at: datetime


class FindingResponse(ApiModel):
    """`count`: how many pictures it is about."""

    code: str
    sentence: Worded
    count: int


class ReadinessResponse(ApiModel):
    """Training starts only without blockers; warnings say what would make it better."""

    ready: bool
    blockers: list[FindingResponse]
    warnings: list[FindingResponse]


@router.get("/readiness")
def get_dataset_readiness(dataset_id: str, app: Studio, caller: Caller) -> ReadinessResponse:
    """Whether it can be trained on, and what stands in the way."""
    with app.db.transaction(caller) as tx:
        readiness = datasets.readiness(tx, dataset_id, max_images=app.settings.uploads.max_dataset_images)
    return ReadinessResponse(
        ready=readiness.ready, blockers=_findings(readiness.blockers), warnings=_findings(readiness.warnings)
    )


@router.get("/rights")
def list_dataset_rights(dataset_id: str, app: Studio, caller: Caller, response: Response) -> Listing[RightsResponse]:
    """All that was declared about its pictures, newest first."""
    with app.db.transaction(caller) as tx:
        datasets.get(tx, dataset_id)
        entries = datasets.rights_history(tx, dataset_id)
    return listing(response, [RightsResponse.model_validate(entry) for entry in entries])


@router.post("/rights", status_code=201)
def declare_dataset_rights(dataset_id: str, body: RightsRequest, app: Studio, caller: Caller) -> DatasetResponse:
    """Says whose pictures these are; without that nothing is trained. It is kept with your name and the time."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = datasets.declare_rights(tx, dataset_id, body.statement, kind=body.kind, note=body.note, until=body.until)
    return dataset_response(card, caller.tenant_id)


@router.delete("/rights")
def withdraw_dataset_rights(dataset_id: str, app: Studio, caller: Caller) -> DatasetResponse:
    """Ends the statement that holds now: nothing is trained on these pictures until there is another one."""
    with app.db.transaction(caller, needs="editor") as tx:
        return dataset_response(datasets.withdraw_rights(tx, dataset_id), caller.tenant_id)


def _findings(findings: list[Finding]) -> list[FindingResponse]:
    return [FindingResponse.model_validate(finding) for finding in findings]
