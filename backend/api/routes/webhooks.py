"""Webhooks over HTTP: what was sent, what waits, what was given up, and sending one again."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from backend import webhooks
from backend.api.api_model import ApiModel, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.webhooks import MessageCard

router = APIRouter(prefix="/webhooks", tags=["webhooks"], dependencies=[needs_scope("jobs")])
Status = Literal["waiting", "pending", "delivered", "failed"]


class WebhookResponse(ApiModel):
    """`status`: waiting (for its job), pending (to be sent at `nextAt`), delivered, or failed (given up).

    `body`: as it is sent. `lastStatus`: of the latest answer; null with a `lastError`: there was no answer.

    `endpointId` null: to the operator's address. `url` null: owners see the addresses of endpoints, operators their own.

    `eventPosition`: of the event that it tells of, null for tests.
    """

    id: str
    kind: str
    url: str | None
    endpoint_id: str | None
    event_position: int | None
    job_id: str | None
    status: Status = Field(validation_alias="state")
    body: str
    attempts: int
    next_at: datetime
    last_status: int | None
    last_error: str
    delivered_at: datetime | None
    created_at: datetime


class DeliveryResponse(ApiModel):
    """One try. `status` null: there was no answer, and `error` says why. `answer`: the beginning of its body."""

    id: str
    number: int
    status: int | None
    error: str
    answer: str
    latency_ms: int | None
    created_at: datetime


class EventTypeResponse(ApiModel):
    """`sample`: a body, as it is sent."""

    type: str
    description: str
    sample: dict[str, Any]


def webhook_response(card: MessageCard) -> WebhookResponse:
    return WebhookResponse.model_validate(card)


@router.get("")
def list_webhooks(
    app: Studio,
    caller: Caller,
    response: Response,
    status: Annotated[list[Status], Query()] = [],  # noqa: B006
    endpoint: str | None = None,
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    cursor: str | None = None,
) -> Listing[WebhookResponse]:
    """Newest first; ended ones are kept for 30 days. `status=failed`: the dead letters. `endpoint`: of one endpoint."""
    with app.db.transaction(caller) as tx:
        page = webhooks.page(app.settings, tx, states=status, endpoint_id=endpoint, take=take, skip=skip, cursor=cursor)
    response.headers["x-total-count"] = str(page.total)
    data = [webhook_response(card) for card in page.cards]
    return Listing(data=data, total=page.total, take=take, skip=skip, next_cursor=page.next_cursor)


@router.get("/event-types")
def list_webhook_event_types(app: Studio, caller: Caller, response: Response) -> Listing[EventTypeResponse]:
    """What endpoints can be told of, each with a sample."""
    with app.db.transaction(caller):
        types = webhooks.EVENT_TYPES.values()
    samples = [(event_type, json.loads(webhooks.sample_body(event_type))) for event_type in types]
    return listing(
        response,
        [EventTypeResponse(type=entry.type, description=entry.description, sample=sample) for entry, sample in samples],
    )


@router.get("/{message_id}/attempts")
def list_webhook_attempts(message_id: str, app: Studio, caller: Caller, response: Response) -> Listing[DeliveryResponse]:
    """The latest first, at most a hundred."""
    with app.db.transaction(caller) as tx:
        cards = webhooks.attempts(app.settings, tx, message_id)
    return listing(response, [DeliveryResponse.model_validate(card) for card in cards])


@router.post("/{message_id}/replay")
def replay_webhook(message_id: str, app: Studio, caller: Caller) -> WebhookResponse:
    """Sends it once more, with the same `webhook-id` and a new signature."""
    with app.db.transaction(caller, needs="editor") as tx:
        return webhook_response(webhooks.replay(app.settings, tx, message_id))
