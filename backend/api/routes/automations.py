"""Automations over HTTP: their definitions, dry runs, switches, templates and addresses."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Response

from backend import automations
from backend.api.api_model import Listing, listing
from backend.api.automation_models import (
    AutomationChangeRequest,
    AutomationRequest,
    AutomationResponse,
    AutomationTemplateResponse,
    DefinitionPreviewRequest,
    NewHookResponse,
    PreviewRequest,
    RunPreviewResponse,
    automation_response,
    card_values,
    definition_of,
)
from backend.api.deps import Caller, Studio, needs_scope, require_scope
from backend.automations import TEMPLATES, AutomationDraft
from backend.db.transactions import Member

router = APIRouter(tags=["automations"])
SCOPE = needs_scope("automations")
READS = needs_scope("automations", "read")
_STEP_SCOPES = {
    **dict.fromkeys(("take-posts", "plan-posts", "review"), "posts:write"),
    **dict.fromkeys(("schedule", "publish"), "posts:publish"),
    "write": "texts:write",
    "draw": "images:write",
    "test-pictures": "images:write",
    "video": "videos:write",
    "caption": "datasets:write",
    "train": "loras:write",
}
"""Kind of a step -> the scope that does the same by hand. A key saves only automations that do what it may do itself."""


@router.get("/automations", dependencies=[SCOPE])
def list_automations(app: Studio, caller: Caller, response: Response) -> Listing[AutomationResponse]:
    """Newest first, each with its last run."""
    with app.db.transaction(caller) as tx:
        return listing(response, [automation_response(card) for card in automations.page(tx)])


@router.post("/automations", status_code=201, dependencies=[SCOPE])
def create_automation(body: AutomationRequest, app: Studio, caller: Caller, response: Response) -> AutomationResponse:
    """It starts from now on whenever its trigger says so. A key needs the scopes of what the steps do, too."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = automations.create(tx, _permitted_draft(body, caller))
    response.headers["location"] = f"/api/automations/{card.id}?workspace={caller.tenant_id}"
    return automation_response(card)


@router.get("/automations/{automation_id}", dependencies=[SCOPE])
def get_automation(automation_id: str, app: Studio, caller: Caller) -> AutomationResponse:
    with app.db.transaction(caller) as tx:
        return automation_response(automations.get(tx, automation_id))


@router.put("/automations/{automation_id}", dependencies=[SCOPE])
def save_automation(automation_id: str, body: AutomationChangeRequest, app: Studio, caller: Caller) -> AutomationResponse:
    """Holds from the next run on; runs under way go on as they began."""
    with app.db.transaction(caller, needs="editor") as tx:
        automations.get(tx, automation_id)
        draft = _permitted_draft(body, caller)
        return automation_response(automations.save(tx, automation_id, draft, version=body.version))


@router.delete("/automations/{automation_id}", status_code=204, dependencies=[SCOPE])
def delete_automation(automation_id: str, app: Studio, caller: Caller) -> None:
    """Stops its runs that are under way. It can be restored."""
    with app.db.transaction(caller, needs="editor") as tx:
        automations.delete(tx, automation_id)


@router.post("/automations/{automation_id}/restore", dependencies=[SCOPE])
def restore_automation(automation_id: str, app: Studio, caller: Caller) -> AutomationResponse:
    """Takes back its deletion. It is paused then, and needs a new address if it had one."""
    with app.db.transaction(caller, needs="editor") as tx:
        return automation_response(automations.restore(tx, automation_id))


@router.post("/automations/{automation_id}/pause", dependencies=[SCOPE])
def pause_automation(automation_id: str, app: Studio, caller: Caller) -> AutomationResponse:
    """Nothing starts it until it is resumed, except by hand. Runs that are under way go on."""
    with app.db.transaction(caller, needs="editor") as tx:
        return automation_response(automations.pause(tx, automation_id))


@router.post("/automations/{automation_id}/resume", dependencies=[SCOPE])
def resume_automation(automation_id: str, app: Studio, caller: Caller) -> AutomationResponse:
    """What happened while it was paused starts nothing."""
    with app.db.transaction(caller, needs="editor") as tx:
        return automation_response(automations.resume(tx, automation_id))


@router.post("/automations/{automation_id}/skip", dependencies=[SCOPE])
def skip_next_start(automation_id: str, app: Studio, caller: Caller) -> AutomationResponse:
    """Leaves out its next start by the clock, once. 409: no clock starts it."""
    with app.db.transaction(caller, needs="editor") as tx:
        return automation_response(automations.skip_next(tx, automation_id))


@router.post("/automations/preview", dependencies=[READS])
def preview_definition(body: DefinitionPreviewRequest, app: Studio, caller: Caller) -> RunPreviewResponse:
    """Dry run of a definition that is not saved: what each step would do now, when it would start next, and the cost. Stores
    nothing."""
    draft = definition_of(body.definition)
    return RunPreviewResponse.model_validate(
        automations.preview(app, partial(app.db.transaction, caller), draft, body.influencer_id)
    )


@router.post("/automations/{automation_id}/preview", dependencies=[READS])
def preview_automation(automation_id: str, body: PreviewRequest, app: Studio, caller: Caller) -> RunPreviewResponse:
    """Dry run: what each step would do now, when it starts next, and the cost. Stores nothing."""
    with app.db.transaction(caller) as tx:
        draft = automations.get(tx, automation_id).draft
    transact = partial(app.db.transaction, caller)
    return RunPreviewResponse.model_validate(automations.preview(app, transact, draft, body.influencer_id, automation_id))


@router.post("/automations/{automation_id}/hook", status_code=201, dependencies=[SCOPE])
def make_automation_address(automation_id: str, app: Studio, caller: Caller) -> NewHookResponse:
    """A new address at which a program starts it; the one before ends at once. 409: it is not started by a webhook."""
    with app.db.transaction(caller, needs="editor") as tx:
        new_hook = automations.new_hook(tx, app.settings, automation_id)
    return NewHookResponse(**card_values(new_hook.card), address=new_hook.address)


@router.get("/automation-templates", dependencies=[SCOPE])
def list_automation_templates(caller: Caller, response: Response) -> Listing[AutomationTemplateResponse]:
    """Automations to begin with."""
    templates = [
        AutomationTemplateResponse(key=template.key, sentence=template.sentence, **template.draft.model_dump(mode="json"))
        for template in TEMPLATES.values()
    ]
    return listing(response, templates)


def _permitted_draft(body: AutomationRequest, caller: Member) -> AutomationDraft:
    """Raises Invalid, NotPermitted (a key that may not do what a step does)."""
    draft = definition_of(body)
    for step in draft.steps:
        if scope := _STEP_SCOPES.get(step.kind):
            require_scope(caller, scope)
    return draft
