"""Webhooks delivered in a second, from committed events to noted answers, beside a bare loop that writes the same rows."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import func, insert, update
from standardwebhooks import Webhook

from backend import events, webhooks
from backend.db.tables import WebhookAttempt, WebhookMessage
from backend.db.transactions import SystemCaller
from backend.kit.ids import new_id
from backend.webhooks import EndpointDraft
from tests.bench.servers import Studio, studio
from tests.servers.webhook_receiver import WebhookReceiver, receiving

N = 1000


def run() -> dict[str, Any]:
    """Messages a second. Both write, for each message, the message, its attempt and its outcome."""
    with studio(LOG_LEVEL="WARNING", WEBHOOK_ALLOWED_HOSTS="127.0.0.0/8") as running, receiving() as receiver:
        bare = _bare(running, receiver)
        ours = _ours(running, receiver)
        assert len(receiver.taken) == 2 * N
    return {"ratio": round(ours / bare, 2), "ours": round(ours), "bare": round(bare), "unit": "webhooks/s", "n": N}


def _ours(running: Studio, receiver: WebhookReceiver) -> float:
    app, caller = running.app, SystemCaller(running.tenant.id)
    with app.db.transaction(caller) as tx:
        draft = EndpointDraft(name="bench", url=receiver.url, event_types=("post.published",))
        webhooks.create_endpoint(app.settings, tx, draft)
    for n in range(N):
        with app.db.transaction(caller) as tx:
            events.record(tx, "post.published", "post", f"post_{n}")
    sender = webhooks.Sender(app)
    started_at = time.perf_counter()
    assert sender.deliver_due() == N
    took_s = time.perf_counter() - started_at
    sender.close()
    return N / took_s


def _bare(running: Studio, receiver: WebhookReceiver) -> float:
    app, caller = running.app, SystemCaller(running.tenant.id)
    signer, body = Webhook("whsec_" + "A" * 40), '{"type":"post.published","timestamp":"2026-11-22T09:00:00Z","data":{"n":1}}'
    started_at = time.perf_counter()
    with httpx.Client(trust_env=False) as client:
        for _ in range(N):
            message_id, at = new_id("whm"), datetime.now(UTC)
            with app.db.transaction(caller) as tx:
                tx.execute(insert(WebhookMessage).values(id=message_id, kind="bare", url=receiver.url, body=body))
            headers = {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp()))}
            headers["webhook-signature"] = signer.sign(message_id, at, body)
            answer = client.post(receiver.url, content=body, headers=headers)
            with app.db.transaction(caller) as tx:
                attempt = {"id": new_id("wha"), "message_id": message_id, "number": 1, "status": answer.status_code}
                tx.execute(insert(WebhookAttempt).values(attempt))
                noted = {"state": "delivered", "attempts": 1, "delivered_at": func.clock_timestamp()}
                tx.execute(update(WebhookMessage).where(WebhookMessage.id == message_id).values(noted))
    return N / (time.perf_counter() - started_at)
