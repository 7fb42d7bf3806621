"""Endpoints of webhooks over HTTP: for owners. The secret is in the answer to POST and to a rotation, once."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field

from backend import webhooks
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.webhooks import WebhookResponse, webhook_response
from backend.webhooks import EndpointChange, EndpointDraft, NewEndpoint

router = APIRouter(prefix="/webhook-endpoints", tags=["webhooks"], dependencies=[needs_scope("workspace", "admin")])


class EndpointRequest(ApiRequest):
    """`eventTypes`: names of GET /webhooks/event-types, or whole groups (`post.*`); empty: all."""

    name: str
    url: str
    event_types: list[str] = Field([], max_length=200)


class EndpointChangeRequest(ApiRequest):
    """What is not given stays as it is. `active`: false pauses it."""

    name: str | None = None
    url: str | None = None
    event_types: list[str] | None = Field(None, max_length=200)
    active: bool | None = None


class SampleRequest(ApiRequest):
    """`eventType`: whose sample is sent, with `test: true` in its data; empty: `webhook.test`."""

    event_type: str = ""


class RecoverRequest(ApiRequest):
    """`since`: at most 30 days back."""

    since: AwareDatetime


class EndpointResponse(ApiModel):
    """`status`: active, paused, or disabled by the studio (`disabledReason`). `failingSince`: nothing was delivered since.
    `slowUntil`: it is overloaded and left alone. `oldSecretUntil`: until when the secret before signs too."""

    id: str
    name: str
    url: str
    event_types: list[str]
    status: Literal["active", "paused", "disabled"] = Field(validation_alias="state")
    disabled_reason: str
    failing_since: datetime | None
    slow_until: datetime | None
    old_secret_until: datetime | None
    created_at: datetime


class NewEndpointResponse(EndpointResponse):
    """`secret`: verifies the signatures. It cannot be shown again."""

    secret: str


@router.get("")
def list_webhook_endpoints(app: Studio, caller: Caller, response: Response) -> Listing[EndpointResponse]:
    """Newest first."""
    with app.db.transaction(caller, needs="owner") as tx:
        cards = webhooks.endpoints(tx)
    return listing(response, [EndpointResponse.model_validate(card) for card in cards])


@router.post("", status_code=201)
def create_webhook_endpoint(body: EndpointRequest, app: Studio, caller: Caller, response: Response) -> NewEndpointResponse:
    """Tells a public https address of what happens from now on. Others only where the operator allows them."""
    draft = EndpointDraft(**body.model_dump())
    with app.db.transaction(caller, needs="owner") as tx:
        created = webhooks.create_endpoint(app.settings, tx, draft)
    response.headers["location"] = f"/api/webhook-endpoints/{created.card.id}"
    return _with_secret(created)


@router.get("/{endpoint_id}")
def get_webhook_endpoint(endpoint_id: str, app: Studio, caller: Caller) -> EndpointResponse:
    with app.db.transaction(caller, needs="owner") as tx:
        return EndpointResponse.model_validate(webhooks.get_endpoint(tx, endpoint_id))


@router.patch("/{endpoint_id}")
def change_webhook_endpoint(endpoint_id: str, body: EndpointChangeRequest, app: Studio, caller: Caller) -> EndpointResponse:
    """One that becomes active again is told of what happens from then on; `recover` sends what was missed."""
    draft = EndpointChange(**body.model_dump(exclude_unset=True))
    with app.db.transaction(caller, needs="owner") as tx:
        return EndpointResponse.model_validate(webhooks.change_endpoint(app.settings, tx, endpoint_id, draft))


@router.delete("/{endpoint_id}", status_code=204)
def delete_webhook_endpoint(endpoint_id: str, app: Studio, caller: Caller) -> Response:
    """With its messages and their log."""
    with app.db.transaction(caller, needs="owner") as tx:
        webhooks.delete_endpoint(tx, endpoint_id)
    return Response(status_code=204)


@router.post("/{endpoint_id}/rotate")
def rotate_webhook_secret(endpoint_id: str, app: Studio, caller: Caller) -> NewEndpointResponse:
    """Makes a new secret. The one before signs too for 24 hours."""
    with app.db.transaction(caller, needs="owner") as tx:
        return _with_secret(webhooks.rotate_secret(app.settings, tx, endpoint_id))


@router.post("/{endpoint_id}/test", status_code=202)
def send_test_webhook(endpoint_id: str, body: SampleRequest, app: Studio, caller: Caller) -> WebhookResponse:
    """Sends a sample. What was answered: GET /webhooks/{id}/attempts with the id of this answer."""
    with app.db.transaction(caller, needs="owner") as tx:
        return webhook_response(webhooks.send_test(tx, endpoint_id, body.event_type))


@router.post("/{endpoint_id}/recover", status_code=202)
def recover_webhooks(endpoint_id: str, body: RecoverRequest, app: Studio, caller: Caller) -> EndpointResponse:
    """Sends everything since then that was not delivered."""
    with app.db.transaction(caller, needs="owner") as tx:
        webhooks.recover(tx, endpoint_id, body.since)
        return EndpointResponse.model_validate(webhooks.get_endpoint(tx, endpoint_id))


def _with_secret(created: NewEndpoint) -> NewEndpointResponse:
    return NewEndpointResponse(**EndpointResponse.model_validate(created.card).model_dump(), secret=created.secret)
