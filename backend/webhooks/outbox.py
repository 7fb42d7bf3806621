"""The messages of a workspace: written in the transaction of what they tell of, listed, sent again by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import accounts, events
from backend.db.tables import WebhookAttempt, WebhookEndpoint, WebhookMessage
from backend.db.tables.message_column import with_words
from backend.errors import Conflict, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.settings import Settings
from backend.webhooks.schemas import DeliveryCard, MessageCard, MessagePage

MAX_PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose addresses the caller may see: those of the workspace's endpoints (owners), those of the operator (operators)."""

    endpoints: bool
    operator: bool

    def includes(self, row: WebhookMessage) -> bool:
        return self.endpoints if row.endpoint_id else self.operator


_GONE = tr_lazy("There is no such webhook in this workspace. Ended ones are kept for 30 days.")


def send_when_job_ends(tx: Session, job_id: str, targets: Sequence[tuple[str, str]]) -> None:
    """Writes a message that becomes due when the job ends, for each of `targets` (kind, URL) that has none waiting.

    It is written before the end that it tells of, so no end can be missed: the sender finds it as soon as the job has ended,
    whoever ended it and however. Called again for a job that is tried again.
    """
    for kind, url in targets:
        row = {"id": new_id("whm"), "kind": kind, "url": url, "job_id": job_id, "state": "waiting"}
        tx.execute(insert(WebhookMessage).values(**row).on_conflict_do_nothing())


def send_to_endpoint(tx: Session, endpoint_id: str, *, kind: str, body: Mapping[str, Any]) -> str:
    """Writes a message to one of the workspace's endpoints, whatever events it is told of; it is sent after the commit, signed,
    with all its tries. Returns its id. Raises NotFound."""
    endpoint = tx.get(WebhookEndpoint, endpoint_id)
    if endpoint is None:
        raise NotFound(tr_lazy("This webhook endpoint does not exist here any more. Choose another one."))
    row = {"id": new_id("whm"), "kind": kind, "url": endpoint.url, "endpoint_id": endpoint_id, "state": "pending"}
    row["body"] = json.dumps(body, separators=(",", ":"))
    tx.execute(insert(WebhookMessage).values(**row))
    return row["id"]


def page(
    settings: Settings,
    tx: Session,
    *,
    states: Sequence[str] = (),
    endpoint_id: str | None = None,
    take: int = 50,
    skip: int = 0,
    cursor: str | None = None,
) -> MessagePage:
    """Messages, newest first, of these states (empty: all) and of this endpoint (None: any). `cursor`: the last page's
    `next_cursor`."""
    where: list[ColumnElement[bool]] = [WebhookMessage.state.in_(states)] if states else []
    if endpoint_id is not None:
        where.append(WebhookMessage.endpoint_id == endpoint_id)
    total = tx.scalar(select(func.count()).select_from(WebhookMessage).where(*where)) or 0
    query = select(WebhookMessage).where(*where)
    if cursor:
        query = query.where(WebhookMessage.id < cursor)
    take = min(take, MAX_PAGE_SIZE)
    rows = tx.scalars(query.order_by(WebhookMessage.id.desc()).offset(skip).limit(take + 1)).all()
    sight = _sight(settings, tx)
    cards = [card_of(row, sight) for row in rows[:take]]
    return MessagePage(cards, cards[-1].id if len(rows) > take else None, total)


def attempts(settings: Settings, tx: Session, message_id: str) -> list[DeliveryCard]:
    """The tries of a message, the latest first; what the operator's programs answered is for operators. Raises NotFound."""
    message = tx.get(WebhookMessage, message_id)
    if message is None:
        raise NotFound(_GONE)
    shows_answers = message.endpoint_id is not None or _sight(settings, tx).operator
    rows = tx.scalars(
        select(WebhookAttempt).where(WebhookAttempt.message_id == message_id).order_by(WebhookAttempt.id.desc()).limit(100)
    )
    cards = [
        DeliveryCard(
            row.id, row.number, row.status, with_words(row.error, row.error_words), row.answer, row.latency_ms, row.created_at
        )
        for row in rows
    ]
    return cards if shows_answers else [replace(card, answer="") for card in cards]


def replay(settings: Settings, tx: Session, message_id: str) -> MessageCard:
    """Sends a message once more, with all its tries. Raises NotFound, Conflict when it is still waiting or on its way."""
    row = tx.get(WebhookMessage, message_id, with_for_update=True)
    if row is None:
        raise NotFound(_GONE)
    if row.state not in ("delivered", "failed"):
        raise Conflict(
            tr_lazy("This webhook is still on its way. It is sent again by itself until it is delivered or given up.")
        )
    now = func.clock_timestamp()
    again = {"state": "pending", "attempts": 0, "next_at": now, "last_status": None, "last_error": "", "delivered_at": None}
    tx.execute(update(WebhookMessage).where(WebhookMessage.id == message_id).values(**again))
    events.record(tx, "webhook.replayed", "webhook", message_id)
    tx.refresh(row)
    return card_of(row, _sight(settings, tx))


def card_of(row: WebhookMessage, sight: Sight) -> MessageCard:
    """Without the address where the caller may not see it, and without what the operator's program answered."""
    card = MessageCard(**{field.name: getattr(row, field.name) for field in fields(MessageCard)})
    card = replace(card, last_error=with_words(row.last_error, row.last_error_words))
    if sight.includes(row):
        return card
    answered = row.endpoint_id is None and row.last_status is not None
    return replace(card, url=None, last_error="" if answered else card.last_error)


def _sight(settings: Settings, tx: Session) -> Sight:
    is_person = "api_key_id" not in tx.info
    is_operator = is_person and accounts.is_operator(tx, settings, tx.info.get("user_id") or "")
    return Sight(endpoints=tx.info["role"] == "owner", operator=is_operator)
