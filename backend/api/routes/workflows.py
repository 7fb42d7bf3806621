"""Imported ComfyUI workflows over HTTP."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import Field

from backend import generation, workflows
from backend.api.api_model import Listing, Words
from backend.api.deps import Caller, OwnOrigin, Studio
from backend.app import App
from backend.generation import GenerationDraft
from backend.kit.ids import new_id
from backend.workflows import WorkflowCard, WorkflowDraft, WorkflowEdit

router = APIRouter(prefix="/workflows", tags=["workflows"], dependencies=[OwnOrigin])
Pairs = list[tuple[str, str]]


class WorkflowWords(Words):
    """`state`: draft, approved, archived. `takes`: roles; `problems`: what keeps it from running, as sentences."""

    id: str
    name: str
    notes: str
    state: str
    takes: list[str]
    problems: list[str]
    tried_at: datetime | None
    approved_at: datetime | None
    updated_at: datetime


class WholeWords(WorkflowWords):
    """`mapping`: role -> [[node id, input], …]; `graph` in ComfyUI's API format."""

    mapping: dict[str, Pairs]
    graph: dict[str, Any]


class Brought(Words):
    """`graph`: as ComfyUI saves it with Workflow, Export (API)."""

    name: str
    notes: str = ""
    graph: dict[str, Any]


class Edited(Words):
    name: str
    notes: str = ""
    mapping: dict[str, Pairs] | None = None


class Trial(Words):
    """`picture`: an asset, where the workflow starts from one. `model` "": the first one."""

    prompt: str = Field(max_length=2000)
    model: str = ""
    init_asset_id: str | None = None


class Tried(Words):
    """The request whose one picture is the trial: `/api/generations/<generationId>/pictures`."""

    generation_id: str
    job_id: str


@router.get("")
def listing(app: Studio, caller: Caller, archived: bool = False) -> Listing[WorkflowWords]:
    with app.db.transaction(caller) as tx:
        found = [WorkflowWords(**_said(app, card)) for card in workflows.page(tx, archived=archived)]
    return Listing(data=found, total=len(found), take=len(found), skip=0)


@router.post("", status_code=201)
def bring_in(said: Brought, app: Studio, caller: Caller, response: Response) -> WholeWords:
    """Refused with what to do when it is the editor's format, or would harm a server."""
    draft = WorkflowDraft(name=said.name, notes=said.notes, text=json.dumps(said.graph))
    with app.db.transaction(caller, needs="editor") as tx:
        card = workflows.import_workflow(tx, draft=draft)
    response.headers["location"] = f"/api/workflows/{card.id}?workspace={caller.tenant_id}"
    return _whole(app, card)


@router.get("/{workflow_id}")
def one(workflow_id: str, app: Studio, caller: Caller) -> WholeWords:
    with app.db.transaction(caller) as tx:
        return _whole(app, workflows.get(tx, workflow_id))


@router.put("/{workflow_id}")
def edit(workflow_id: str, said: Edited, app: Studio, caller: Caller) -> WholeWords:
    """Another mapping makes it a draft: it is tried and approved anew."""
    mapping = {role: tuple(pairs) for role, pairs in said.mapping.items()} if said.mapping is not None else None
    with app.db.transaction(caller, needs="editor") as tx:
        return _whole(
            app, workflows.edit(tx, workflow_id, draft=WorkflowEdit(name=said.name, notes=said.notes, mapping=mapping))
        )


@router.post("/{workflow_id}/try", status_code=201)
def trial(
    workflow_id: str,
    said: Trial,
    app: Studio,
    caller: Caller,
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
) -> Tried:
    """Draws one picture with it: only then it can be approved."""
    draft = GenerationDraft(prompt=said.prompt, model=said.model, init_asset_id=said.init_asset_id, n=1)
    models = app.engines.image.models()
    with app.db.transaction(caller, needs="editor") as tx:
        card = generation.try_workflow(
            tx,
            graph_id=workflow_id,
            draft=draft,
            models=models,
            allowed=app.settings.allowed_classes,
            request_key=idempotency_key or new_id("key"),
        )
    return Tried(generation_id=card.id, job_id=card.job_id)


@router.post("/{workflow_id}/approve")
def approve(workflow_id: str, app: Studio, caller: Caller) -> WholeWords:
    """For owners."""
    with app.db.transaction(caller, needs="owner") as tx:
        return _whole(app, workflows.approve(tx, workflow_id, allowed=app.settings.allowed_classes))


@router.post("/{workflow_id}/archive")
def archive(workflow_id: str, app: Studio, caller: Caller, archived: bool = True) -> WholeWords:
    """Out of Create; `archived=false` takes it out of the archive, as a draft."""
    with app.db.transaction(caller, needs="editor") as tx:
        return _whole(app, workflows.archive(tx, workflow_id, archived=archived))


@router.delete("/{workflow_id}", status_code=204)
def delete(workflow_id: str, app: Studio, caller: Caller) -> None:
    with app.db.transaction(caller, needs="editor") as tx:
        workflows.delete(tx, workflow_id)


@router.post("/{workflow_id}/undelete")
def undelete(workflow_id: str, app: Studio, caller: Caller) -> WholeWords:
    with app.db.transaction(caller, needs="editor") as tx:
        return _whole(app, workflows.undelete(tx, workflow_id))


def _said(app: App, card: WorkflowCard) -> dict[str, Any]:
    names = ("id", "name", "notes", "state", "tried_at", "approved_at", "updated_at")
    problems = workflows.problems(card.graph, card.mapping, app.settings.allowed_classes)
    return {name: getattr(card, name) for name in names} | {"takes": list(card.takes), "problems": problems}


def _whole(app: App, card: WorkflowCard) -> WholeWords:
    mapping = {role: [(slot.node, slot.input) for slot in slots] for role, slots in card.mapping.items()}
    return WholeWords(**_said(app, card), mapping=mapping, graph=card.graph)
