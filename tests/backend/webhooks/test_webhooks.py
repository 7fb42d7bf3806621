"""Webhooks: written with the order, sent when the job has ended however it ended, until somebody took them; and signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, update
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from backend import jobs, webhooks
from backend.app import App
from backend.db.tables import WebhookMessage
from backend.db.transactions import SystemCaller
from backend.errors import Conflict, NotFound
from backend.webhooks import delivery, schemas
from backend.webhooks.signatures import secret_of
from tests.factories.account import Tenant
from tests.support.handlers import Steps

URL = "https://n8n.example/webhook/job-complete"


class Receiver(httpx.MockTransport):
    """Another program. `answers`: of the next requests, then 200 for ever. `taken`: (headers, body) in order."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.taken = list(answers), list[tuple[httpx.Headers, bytes]]()
        super().__init__(self._take)

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.taken.append((request.headers, request.content))
        answer = self.answers.pop(0) if self.answers else httpx.Response(200)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def body_of_test_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(app: App, tx: Session, job_id: str) -> dict[str, Any]:
        return {"job": job_id, "state": jobs.get(tx, job_id).state}

    monkeypatch.setitem(schemas.BODY_BUILDERS, "test", build)


def order(app: App, tenant: Tenant, key: str = "a") -> str:
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        job_id = jobs.enqueue(tx, kind="test-steps", payload=Steps(), title="x", request_key=key).id
        webhooks.send_when_job_ends(tx, job_id, [("test", URL)])
        webhooks.send_when_job_ends(tx, job_id, [("test", URL)])
    return job_id


@contextmanager
def opened(app: App, tenant: Tenant) -> Iterator[Session]:
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        yield tx


def messages(app: App, tenant: Tenant) -> list[webhooks.MessageCard]:
    with opened(app, tenant) as tx:
        return webhooks.page(tx).cards


def make_due(app: App, tenant: Tenant) -> None:
    with opened(app, tenant) as tx:
        tx.execute(update(WebhookMessage).values(next_at=func.clock_timestamp()))


def test_a_message_waits_for_its_job_and_is_sent_signed_until_it_is_taken(worker_app: App, workspace: Tenant) -> None:
    job_id = order(worker_app, workspace)
    receiver = Receiver(httpx.Response(503, text="busy"), httpx.ConnectError("nobody there"))
    assert delivery.deliver_due(worker_app, receiver) == 0, "the job has not ended"
    with opened(worker_app, workspace) as tx:
        jobs.cancel(tx, job_id)
    assert delivery.deliver_due(worker_app, receiver) == 1
    [message] = messages(worker_app, workspace)
    assert (message.state, message.attempts, message.last_status, message.last_error) == ("pending", 1, 503, "busy")
    assert delivery.deliver_due(worker_app, receiver) == 0, "not before its time"
    make_due(worker_app, workspace)
    delivery.deliver_due(worker_app, receiver)
    [message] = messages(worker_app, workspace)
    assert message.last_status is None
    assert "nobody there" in message.last_error
    make_due(worker_app, workspace)
    delivery.deliver_due(worker_app, receiver)
    [message] = messages(worker_app, workspace)
    assert (message.state, message.last_status, message.last_error) == ("delivered", 200, "")
    assert message.delivered_at
    assert {headers["webhook-id"] for headers, _ in receiver.taken} == {message.id}
    verifier = Webhook(secret_of(worker_app.settings))
    for headers, body in receiver.taken:
        verifier.verify(body, dict(headers))
        assert json.loads(body) == {"job": job_id, "state": "cancelled"}


def test_what_nobody_takes_becomes_a_dead_letter_that_is_replayed(worker_app: App, workspace: Tenant) -> None:
    job_id = order(worker_app, workspace)
    with opened(worker_app, workspace) as tx:
        jobs.cancel(tx, job_id)
    tries = len(delivery.RETRY_DELAYS_S) + 1
    receiver = Receiver(*(httpx.Response(302, headers={"location": URL}) for _ in range(tries)))
    for n in range(tries):
        make_due(worker_app, workspace)
        assert delivery.deliver_due(worker_app, receiver) == 1, n
    [message] = messages(worker_app, workspace)
    assert (message.state, message.attempts, message.last_status) == ("failed", tries, 302)
    with opened(worker_app, workspace) as tx:
        webhooks.replay(tx, message.id)
        with pytest.raises(Conflict, match="still on its way"):
            webhooks.replay(tx, message.id)
        with pytest.raises(NotFound):
            webhooks.replay(tx, "whm_none")
    assert delivery.deliver_due(worker_app, receiver) == 1
    assert messages(worker_app, workspace)[0].state == "delivered"


def test_a_job_that_is_tried_again_tells_of_its_second_end_too(worker_app: App, workspace: Tenant) -> None:
    job_id = order(worker_app, workspace)
    with opened(worker_app, workspace) as tx:
        jobs.cancel(tx, job_id)
    receiver = Receiver()
    delivery.deliver_due(worker_app, receiver)
    with opened(worker_app, workspace) as tx:
        jobs.retry(tx, job_id)
        webhooks.send_when_job_ends(tx, job_id, [("test", URL)])
    assert delivery.deliver_due(worker_app, receiver) == 0
    with opened(worker_app, workspace) as tx:
        jobs.cancel(tx, job_id)
    delivery.deliver_due(worker_app, receiver)
    assert len(receiver.taken) == 2


def test_a_sender_that_was_killed_is_followed_by_another(worker_app: App, workspace: Tenant) -> None:
    job_id = order(worker_app, workspace)
    with opened(worker_app, workspace) as tx:
        jobs.cancel(tx, job_id)
    delivery._complete_waiting(worker_app)
    assert len(delivery._claim(worker_app)) == 1, "and here it is killed"
    receiver = Receiver()
    assert delivery.deliver_due(worker_app, receiver) == 0, "the claim holds for a minute"
    make_due(worker_app, workspace)
    assert delivery.deliver_due(worker_app, receiver) == 1
    with opened(worker_app, workspace) as tx:
        tx.execute(update(WebhookMessage).values(created_at=func.clock_timestamp() - timedelta(days=31)))
    with worker_app.db.dispatch() as tx:
        assert delivery.purge_old(tx) == 1
    assert messages(worker_app, workspace) == []
