"""The messages of a workspace: written in the transaction of what they tell of, listed, sent again by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import WebhookMessage
from backend.errors import Conflict, NotFound
from backend.kit.ids import new_id
from backend.webhooks.schemas import MessageCard, MessagePage

MAX_PAGE_SIZE = 200


def send_when_job_ends(tx: Session, job_id: str, targets: Sequence[tuple[str, str]]) -> None:
    """Writes a message that becomes due when the job ends, for each of `targets` (kind, URL) that has none waiting.

    It is written before the end that it tells of, so no end can be missed: the sender finds it as soon as the job has ended,
    whoever ended it and however. Called again for a job that is tried again.
    """
    for kind, url in targets:
        row = {"id": new_id("whm"), "kind": kind, "url": url, "job_id": job_id, "state": "waiting"}
        tx.execute(insert(WebhookMessage).values(**row).on_conflict_do_nothing())


def page(tx: Session, *, states: Sequence[str] = (), take: int = 50, skip: int = 0, cursor: str | None = None) -> MessagePage:
    """Messages, newest first, of these states (empty: all). `cursor`: the last page's `next_cursor`."""
    where = [WebhookMessage.state.in_(states)] if states else []
    total = tx.scalar(select(func.count()).select_from(WebhookMessage).where(*where)) or 0
    query = select(WebhookMessage).where(*where)
    if cursor:
        query = query.where(WebhookMessage.id < cursor)
    take = min(take, MAX_PAGE_SIZE)
    rows = tx.scalars(query.order_by(WebhookMessage.id.desc()).offset(skip).limit(take + 1)).all()
    cards = [_card(row) for row in rows[:take]]
    return MessagePage(cards, cards[-1].id if len(rows) > take else None, total)


def replay(tx: Session, message_id: str) -> MessageCard:
    """Sends a message once more, with all its tries. Raises NotFound, Conflict when it is still waiting or on its way."""
    row = tx.get(WebhookMessage, message_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such webhook in this workspace. Ended ones are kept for 30 days.")
    if row.state not in ("delivered", "failed"):
        raise Conflict("This webhook is still on its way. It is sent again by itself until it is delivered or given up.")
    now = func.clock_timestamp()
    again = {"state": "pending", "attempts": 0, "next_at": now, "last_status": None, "last_error": "", "delivered_at": None}
    tx.execute(update(WebhookMessage).where(WebhookMessage.id == message_id).values(**again))
    events.record(tx, "webhook.replayed", "webhook", message_id)
    tx.refresh(row)
    return _card(row)


def _card(row: WebhookMessage) -> MessageCard:
    return MessageCard(**{field.name: getattr(row, field.name) for field in fields(MessageCard)})
