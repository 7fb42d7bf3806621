"""Workspaces: those of the person who asks, a new one, and the name of one."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import Field

from backend import accounts
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.deps import Caller, CallerIn, Studio, needs_scope
from backend.db.transactions import KeyHolder
from backend.errors import NotPermitted
from backend.language import tr_lazy

router = APIRouter(prefix="/workspaces", tags=["workspaces"], dependencies=[needs_scope("workspace")])


class WorkspaceResponse(ApiModel):
    """`role`: what the caller may do there."""

    id: str
    name: str
    role: str


class WorkspaceRequest(ApiRequest):
    name: str = Field(examples=["Summer campaign"])


@router.get("")
def list_workspaces(app: Studio, caller: Caller, response: Response) -> Listing[WorkspaceResponse]:
    """The caller's workspaces by name; an API key has one. Browsers without a workspace yet ask `/api/session`."""
    with app.db.transaction(caller) as tx:
        cards = [accounts.current_workspace(tx)] if isinstance(caller, KeyHolder) else accounts.my_workspaces(tx)
    return listing(response, [WorkspaceResponse.model_validate(card) for card in cards])


@router.post("", status_code=201)
def create_workspace(body: WorkspaceRequest, app: Studio, caller: Caller, response: Response) -> WorkspaceResponse:
    """A new workspace, owned by the caller. Tokens and keys are of one workspace: sign in again to work in the new one."""
    if isinstance(caller, KeyHolder):
        raise NotPermitted(
            tr_lazy("An API key is for one workspace and cannot make another. Sign in (POST /api/auth/login) instead.")
        )
    with app.db.transaction(caller) as tx:
        accounts.create_workspace(tx, body.name)
        card = accounts.current_workspace(tx)
    response.headers["location"] = f"/api/workspaces/{card.id}"
    return WorkspaceResponse.model_validate(card)


@router.get("/{workspace}")
def get_workspace(workspace: str, app: Studio, caller: CallerIn) -> WorkspaceResponse:
    """One workspace of the caller's."""
    with app.db.transaction(caller) as tx:
        return WorkspaceResponse.model_validate(accounts.current_workspace(tx))


@router.patch("/{workspace}")
def change_workspace(workspace: str, body: WorkspaceRequest, app: Studio, caller: CallerIn) -> WorkspaceResponse:
    """Renames it; for owners."""
    with app.db.transaction(caller, needs="owner") as tx:
        accounts.rename_workspace(tx, body.name)
        return WorkspaceResponse.model_validate(accounts.current_workspace(tx))
