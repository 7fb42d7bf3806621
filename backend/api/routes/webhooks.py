"""Webhooks over HTTP: what was sent, what waits, what was given up, and sending one again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from backend import webhooks
from backend.api.api_model import ApiModel, Listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.webhooks import MessageCard

router = APIRouter(prefix="/webhooks", tags=["webhooks"], dependencies=[needs_scope("jobs")])
Status = Literal["waiting", "pending", "delivered", "failed"]


class WebhookResponse(ApiModel):
    """`status`: waiting (for its job), pending (to be sent at `nextAt`), delivered, or failed (given up).

    `body`: as it is sent. `lastStatus`: of the latest answer; null with a `lastError`: there was no answer.
    """

    id: str
    kind: str
    url: str
    job_id: str | None
    status: Status = Field(validation_alias="state")
    body: str
    attempts: int
    next_at: datetime
    last_status: int | None
    last_error: str
    delivered_at: datetime | None
    created_at: datetime


def webhook_response(card: MessageCard) -> WebhookResponse:
    return WebhookResponse.model_validate(card)


@router.get("")
def list_webhooks(
    app: Studio,
    caller: Caller,
    response: Response,
    status: Annotated[list[Status], Query()] = [],  # noqa: B006
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    cursor: str | None = None,
) -> Listing[WebhookResponse]:
    """Newest first; ended ones are kept for 30 days. `status=failed`: the dead letters."""
    with app.db.transaction(caller) as tx:
        page = webhooks.page(tx, states=status, take=take, skip=skip, cursor=cursor)
    response.headers["x-total-count"] = str(page.total)
    data = [webhook_response(card) for card in page.cards]
    return Listing(data=data, total=page.total, take=take, skip=skip, next_cursor=page.next_cursor)


@router.post("/{message_id}/replay")
def replay_webhook(message_id: str, app: Studio, caller: Caller) -> WebhookResponse:
    """Sends it once more, with the same `webhook-id` and a new signature."""
    with app.db.transaction(caller, needs="editor") as tx:
        return webhook_response(webhooks.replay(tx, message_id))
