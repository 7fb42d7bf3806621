"""Imported ComfyUI workflows over HTTP."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import Field

from backend import generation, workflows
from backend.api.api_model import ApiModel, ApiRequest, Listing, Skip, Take, Worded, sliced
from backend.api.deps import Caller, Studio, needs_scope
from backend.app import App
from backend.generation import GenerationDraft
from backend.kit.ids import new_id
from backend.workflows import WorkflowCard, WorkflowDraft, WorkflowEdit

router = APIRouter(prefix="/workflows", tags=["workflows"], dependencies=[needs_scope("workflows")])
Pairs = list[Annotated[list[str], Field(min_length=2, max_length=2)]]
"""[node id, input], as lists: programs that read descriptions know no tuples."""


class WorkflowResponse(ApiModel):
    """`state`: draft, approved, archived. `takes`: roles of its inputs; `problems`: sentences on what keeps it from running."""

    id: str
    name: str
    notes: str
    state: str
    takes: list[str]
    problems: list[Worded]
    tried_at: datetime | None
    approved_at: datetime | None
    updated_at: datetime


class WorkflowGraphResponse(WorkflowResponse):
    """`mapping`: role -> [[node id, input], …]; `graph` in ComfyUI's API format."""

    mapping: dict[str, Pairs]
    graph: dict[str, Any]


class WorkflowRequest(ApiRequest):
    """`graph`: as ComfyUI saves it with Workflow, Export (API)."""

    name: str
    notes: str = ""
    graph: dict[str, Any]


class WorkflowEditRequest(ApiRequest):
    name: str
    notes: str = ""
    mapping: dict[str, Pairs] | None = None


class WorkflowTrialRequest(ApiRequest):
    """`initAssetId`: the start image, for a workflow that needs one. `model` "": the first one."""

    prompt: str = Field(max_length=2000)
    model: str = ""
    init_asset_id: str | None = None


class WorkflowTrialResponse(ApiModel):
    """The request whose one picture is the trial: `/api/generations/<generationId>/pictures`."""

    generation_id: str
    job_id: str


@router.get("")
def list_workflows(
    app: Studio, caller: Caller, response: Response, archived: bool = False, take: Take = None, skip: Skip = 0
) -> Listing[WorkflowResponse]:
    """Imported workflows. `archived`: those in the archive too."""
    with app.db.transaction(caller) as tx:
        answers = [WorkflowResponse(**_summary_fields(app, card)) for card in workflows.page(tx, archived=archived)]
    return sliced(response, answers, WorkflowResponse, take=take, skip=skip)


@router.post("", status_code=201)
def create_workflow(body: WorkflowRequest, app: Studio, caller: Caller, response: Response) -> WorkflowGraphResponse:
    """Imports a workflow. Refused when it is in the editor's format or has nodes that are not allowed."""
    draft = WorkflowDraft(name=body.name, notes=body.notes, text=json.dumps(body.graph))
    with app.db.transaction(caller, needs="editor") as tx:
        card = workflows.import_workflow(tx, draft=draft)
    response.headers["location"] = f"/api/workflows/{card.id}?workspace={caller.tenant_id}"
    return _whole_response(app, card)


@router.get("/{workflow_id}")
def get_workflow(workflow_id: str, app: Studio, caller: Caller) -> WorkflowGraphResponse:
    with app.db.transaction(caller) as tx:
        return _whole_response(app, workflows.get(tx, workflow_id))


@router.put("/{workflow_id}")
def put_workflow(workflow_id: str, body: WorkflowEditRequest, app: Studio, caller: Caller) -> WorkflowGraphResponse:
    """A changed mapping makes it a draft again, to be tried and approved anew."""
    mapping = (
        {role: tuple((node, name) for node, name in pairs) for role, pairs in body.mapping.items()}
        if body.mapping is not None
        else None
    )
    with app.db.transaction(caller, needs="editor") as tx:
        return _whole_response(
            app, workflows.edit(tx, workflow_id, draft=WorkflowEdit(name=body.name, notes=body.notes, mapping=mapping))
        )


@router.post("/{workflow_id}/try", status_code=201)
def try_workflow(
    workflow_id: str,
    body: WorkflowTrialRequest,
    app: Studio,
    caller: Caller,
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
) -> WorkflowTrialResponse:
    """Draws one picture with it; it can be approved only after that."""
    draft = GenerationDraft(prompt=body.prompt, model=body.model, init_asset_id=body.init_asset_id, n=1)
    models = app.engines.image.models()
    with app.db.transaction(caller, needs="editor") as tx:
        card = generation.try_workflow(
            tx,
            graph_id=workflow_id,
            draft=draft,
            models=models,
            allowed=app.settings.engines.comfyui.allowed_classes,
            request_key=idempotency_key or new_id("key"),
        )
    return WorkflowTrialResponse(generation_id=card.id, job_id=card.job_id)


@router.post("/{workflow_id}/approve")
def approve_workflow(workflow_id: str, app: Studio, caller: Caller) -> WorkflowGraphResponse:
    """Only owners may."""
    with app.db.transaction(caller, needs="owner") as tx:
        return _whole_response(app, workflows.approve(tx, workflow_id, allowed=app.settings.engines.comfyui.allowed_classes))


@router.post("/{workflow_id}/archive")
def archive_workflow(workflow_id: str, app: Studio, caller: Caller, archived: bool = True) -> WorkflowGraphResponse:
    """Hides it from the Create page; `archived=false` brings it back, as a draft."""
    with app.db.transaction(caller, needs="editor") as tx:
        return _whole_response(app, workflows.archive(tx, workflow_id, archived=archived))


@router.delete("/{workflow_id}", status_code=204)
def delete_workflow(workflow_id: str, app: Studio, caller: Caller) -> None:
    with app.db.transaction(caller, needs="editor") as tx:
        workflows.delete(tx, workflow_id)


@router.post("/{workflow_id}/undelete")
def undelete_workflow(workflow_id: str, app: Studio, caller: Caller) -> WorkflowGraphResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        return _whole_response(app, workflows.undelete(tx, workflow_id))


def _summary_fields(app: App, card: WorkflowCard) -> dict[str, Any]:
    names = ("id", "name", "notes", "state", "tried_at", "approved_at", "updated_at")
    problems = workflows.problems(card.graph, card.mapping, app.settings.engines.comfyui.allowed_classes)
    return {name: getattr(card, name) for name in names} | {"takes": list(card.takes), "problems": problems}


def _whole_response(app: App, card: WorkflowCard) -> WorkflowGraphResponse:
    mapping = {role: [[slot.node, slot.input] for slot in slots] for role, slots in card.mapping.items()}
    return WorkflowGraphResponse(**_summary_fields(app, card), mapping=mapping, graph=card.graph)
