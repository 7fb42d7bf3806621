"""The sender: finds messages that are due, in all workspaces, sends each at least once, and notes what became of it.

Any number may run. A message is claimed for longer than a try may take, so two send the same one only when the first was
killed or the network swallowed its answer; receivers leave out repeats by `webhook-id`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import FINAL, Job, WebhookMessage
from backend.db.transactions import SystemCaller
from backend.webhooks.schemas import BODY_BUILDERS, ClaimedMessage
from backend.webhooks.signatures import secret_of, signed_headers

if TYPE_CHECKING:
    from backend.app import App

RETRY_DELAYS_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""After a failed try, until the next one (docs/contracts/webhooks.md, 2); after the last of them it is given up."""
TIMEOUT_S = 20.0
CLAIM_S = 60.0
"""How long a message that was claimed is left alone: longer than a try may take."""
KEEP_DAYS = 30.0
AT_ONCE = 8
_MAX_DELAY_S = 86_400.0
_LOOKED_AT = 200


def deliver_due(app: App, transport: httpx.BaseTransport | None = None) -> int:
    """Sends what is due. Returns how many messages were tried. `transport`: instead of the network (tests)."""
    _complete_waiting(app)
    tried = 0
    with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, transport=transport) as client:
        while messages := _claim(app):
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(lambda message: _deliver(app, client, message), messages))
            tried += len(messages)
    return tried


def purge_old(tx: Session) -> int:
    """Deletes messages that ended more than KEEP_DAYS ago. `tx` is a dispatch transaction."""
    old = WebhookMessage.created_at < func.clock_timestamp() - timedelta(days=KEEP_DAYS)
    ended = WebhookMessage.state.in_(("delivered", "failed"))
    return len(tx.scalars(delete(WebhookMessage).where(old, ended).returning(WebhookMessage.id)).all())


def _complete_waiting(app: App) -> None:
    """Messages whose job has ended get their body and become due; those whose job was cleaned up meanwhile are deleted."""
    job_of_message = (Job.id == WebhookMessage.job_id) & (Job.tenant_id == WebhookMessage.tenant_id)
    waiting = select(WebhookMessage.tenant_id, WebhookMessage.id).where(WebhookMessage.state == "waiting")
    ready = waiting.outerjoin(Job, job_of_message).where(or_(Job.id.is_(None), Job.state.in_(FINAL)))
    with app.db.dispatch() as tx:
        pairs = [(str(tenant_id), str(message_id)) for tenant_id, message_id in tx.execute(ready.limit(_LOOKED_AT))]
    for tenant_id, message_id in pairs:
        with app.db.transaction(SystemCaller(tenant_id)) as tx:
            _complete(app, tx, message_id)


def _complete(app: App, tx: Session, message_id: str) -> None:
    row = tx.scalars(
        select(WebhookMessage).where(WebhookMessage.id == message_id).with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None or row.state != "waiting":
        return
    state = tx.scalar(select(Job.state).where(Job.id == row.job_id))
    if state is not None and state not in FINAL:
        return  # it was tried again in between
    build = BODY_BUILDERS.get(row.kind)
    body = build(app, tx, row.job_id or "") if build and state is not None else None
    if body is None:
        tx.delete(row)
        return
    row.body, row.state = json.dumps(body, ensure_ascii=False, separators=(",", ":")), "pending"
    row.next_at = datetime.now(UTC)


def _claim(app: App) -> list[ClaimedMessage]:
    due = select(WebhookMessage.id).where(WebhookMessage.state == "pending", WebhookMessage.next_at <= func.clock_timestamp())
    batch = due.order_by(WebhookMessage.next_at).limit(AT_ONCE).with_for_update(skip_locked=True)
    with app.db.dispatch() as tx:
        ids = tx.scalars(batch).all()
        claimed = (
            update(WebhookMessage)
            .where(WebhookMessage.id.in_(ids))
            .values(attempts=WebhookMessage.attempts + 1, next_at=func.clock_timestamp() + timedelta(seconds=CLAIM_S))
        )
        columns = WebhookMessage.id, WebhookMessage.tenant_id, WebhookMessage.url, WebhookMessage.body, WebhookMessage.attempts
        return [ClaimedMessage(*row) for row in tx.execute(claimed.returning(*columns))]


def _deliver(app: App, client: httpx.Client, message: ClaimedMessage) -> None:
    headers = signed_headers(secret_of(app.settings), message.id, message.body, datetime.now(UTC))
    try:
        answer = client.post(message.url, content=message.body.encode(), headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _note(app, message, None, f"{type(error).__name__}: {error}"[:500], None)
        return
    error_text = "" if answer.is_success else answer.text[:500]
    _note(app, message, answer.status_code, error_text, _retry_after(answer.headers.get("retry-after", "")))


def _note(app: App, message: ClaimedMessage, status: int | None, error_text: str, wait_s: float | None) -> None:
    """Writes what became of a try. 2xx alone is a delivery; 410 says that nobody wants these any more."""
    delivered = status is not None and 200 <= status < 300
    gave_up = not delivered and (status == 410 or message.attempts > len(RETRY_DELAYS_S))
    values: dict[str, object] = {"last_status": status, "last_error": error_text}
    if delivered:
        values |= {"state": "delivered", "delivered_at": func.clock_timestamp()}
    elif gave_up:
        values |= {"state": "failed"}
    else:
        delay_s = max(RETRY_DELAYS_S[message.attempts - 1], min(wait_s or 0.0, _MAX_DELAY_S))
        values |= {"next_at": func.clock_timestamp() + timedelta(seconds=delay_s)}
    this_try = WebhookMessage.id == message.id, WebhookMessage.state == "pending", WebhookMessage.attempts == message.attempts
    with app.db.transaction(SystemCaller(message.tenant_id)) as tx:
        ended = tx.scalar(update(WebhookMessage).where(*this_try).values(**values).returning(WebhookMessage.id))
        if ended and (delivered or gave_up):
            kind = "webhook.delivered" if delivered else "webhook.failed"
            events.record(tx, kind, "webhook", message.id, {"status": status, "attempts": message.attempts})


def _retry_after(value: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Seconds that a Retry-After header asks for; None: it has none that can be read."""
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now()).total_seconds()) if value else None
    except (ValueError, TypeError):
        return None
