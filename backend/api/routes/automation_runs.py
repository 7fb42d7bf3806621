"""Runs of automations over HTTP: starting one by hand or at an automation's address, reading and stopping them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.exceptions import HTTPException

from backend import automations
from backend.api.api_model import Listing, listing
from backend.api.automation_models import (
    AutomationRunDetailsResponse,
    AutomationRunPageResponse,
    AutomationRunResponse,
    HookAnswer,
    RunNowRequest,
)
from backend.api.deps import Caller, Studio, needs_scope, origin_of
from backend.automations import MAX_HOOK_BYTES
from backend.errors import Invalid
from backend.kit.ids import new_id

router = APIRouter(tags=["automations"])
SCOPE = needs_scope("automations")


@router.post("/automations/{automation_id}/run", status_code=201, dependencies=[SCOPE])
def run_automation(
    automation_id: str,
    app: Studio,
    caller: Caller,
    response: Response,
    body: RunNowRequest | None = None,
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
) -> Listing[AutomationRunResponse]:
    """Starts it now, also while it is paused. The same `Idempotency-Key` answers with the first runs."""
    influencer_id = body.influencer_id if body else ""
    with app.db.transaction(caller, needs="editor") as tx:
        key = idempotency_key or new_id("key")
        cards = automations.run_now(tx, automation_id, influencer_id=influencer_id, request_key=key)
    return listing(response, [AutomationRunResponse.model_validate(card) for card in cards])


@router.get("/automations/{automation_id}/runs", dependencies=[SCOPE])
def list_automation_runs(
    automation_id: str,
    app: Studio,
    caller: Caller,
    take: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=80)] = None,
) -> AutomationRunPageResponse:
    """Newest first, without their steps. Those that ended long ago are cleaned up."""
    with app.db.transaction(caller) as tx:
        automations.get(tx, automation_id)
        page = automations.runs(tx, automation_id, cursor=cursor, take=take)
    data = [AutomationRunResponse.model_validate(card) for card in page.cards]
    return AutomationRunPageResponse(data=data, next_cursor=page.next_cursor)


@router.get("/automation-runs/{automation_run_id}", dependencies=[SCOPE])
def get_automation_run(automation_run_id: str, app: Studio, caller: Caller) -> AutomationRunDetailsResponse:
    """With each step, also those that have not begun."""
    with app.db.transaction(caller) as tx:
        return AutomationRunDetailsResponse.model_validate(automations.get_run(tx, automation_run_id))


@router.post("/automation-runs/{automation_run_id}/stop", dependencies=[SCOPE])
def stop_automation_run(automation_run_id: str, app: Studio, caller: Caller) -> AutomationRunDetailsResponse:
    """Cancels it with the jobs that it ordered. 409: it has ended."""
    with app.db.transaction(caller, needs="editor") as tx:
        return AutomationRunDetailsResponse.model_validate(automations.stop_run(tx, automation_run_id))


async def _hook_body(request: Request) -> dict[str, Any]:
    """The body of a call: a JSON object, or nothing. Raises Invalid, HTTPException (413)."""
    raw = await request.body()
    if len(raw) > MAX_HOOK_BYTES:
        raise HTTPException(413, f"The body is too large: {MAX_HOOK_BYTES // 1024} KB at most.")
    try:
        body = json.loads(raw, parse_constant=_no_constant) if raw.strip() else {}
    except (ValueError, RecursionError) as error:
        raise Invalid("The body is no JSON. Send an object like {}, or nothing.") from error
    if not isinstance(body, dict):
        raise Invalid("The body is no JSON object. Send one like {}, or nothing.")
    return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_HOOK_BODY = {
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"influencerId": {"type": "string"}}},
                "example": {"influencerId": "inf_0190", "reason": "a new product"},
            }
        },
    }
}


@router.post("/automation-hooks/{token}", status_code=202, openapi_extra=_HOOK_BODY)
def start_by_webhook(
    token: str,
    app: Studio,
    request: Request,
    body: Annotated[dict[str, Any], Depends(_hook_body)],
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
    webhook_id: Annotated[str, Header(max_length=200)] = "",
) -> HookAnswer:
    """Starts an automation. The address is the permission; 404 once it has a new one.

    `influencerId` in the body: only for this one; the rest is kept with the run. At most 16 KB. The same `Idempotency-Key` or
    `webhook-id` starts nothing again. 409: it is paused.
    """
    key = idempotency_key or webhook_id or new_id("key")
    origin = origin_of(request, "hook")
    return HookAnswer(run_ids=automations.call_hook(app.db, token, body=body, request_key=key, origin=origin))
