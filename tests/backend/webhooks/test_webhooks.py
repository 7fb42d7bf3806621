"""Webhooks: written with the order, sent when the job has ended however it ended, until somebody took them; and signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from backend import jobs, webhooks
from backend.app import App
from backend.db.tables import EventRow, WebhookMessage
from backend.db.transactions import SystemCaller
from backend.errors import Conflict, NotFound
from backend.kit.outgoing_client import NOT_REACHED
from backend.webhooks import EndpointDraft, delivery, schemas
from backend.webhooks.signatures import secret_of
from tests.factories.account import Tenant
from tests.servers.webhook_receiver import Reply, WebhookReceiver, receiving
from tests.support.handlers import Steps


@pytest.fixture(autouse=True)
def body_of_test_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(app: App, tx: Session, job_id: str) -> dict[str, Any]:
        return {"job": job_id, "state": jobs.get(tx, job_id).state}

    monkeypatch.setitem(schemas.BODY_BUILDERS, "test", build)


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with receiving() as server:
        yield server


def order(app: App, tenant: Tenant, receiver: WebhookReceiver) -> str:
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        job_id = jobs.enqueue(tx, kind="test-steps", payload=Steps(), title="x", request_key="a").id
        webhooks.send_when_job_ends(tx, job_id, [("test", receiver.url)])
        webhooks.send_when_job_ends(tx, job_id, [("test", receiver.url)])
    return job_id


@contextmanager
def opened(app: App, tenant: Tenant) -> Iterator[Session]:
    """For the workspace's owner, who is the operator here."""
    with app.db.transaction(SystemCaller(tenant.id, tenant.owner.id)) as tx:
        yield tx


def messages(app: App, tenant: Tenant) -> list[webhooks.MessageCard]:
    with opened(app, tenant) as tx:
        return webhooks.page(app.settings, tx).cards


def make_due(app: App, tenant: Tenant) -> None:
    with opened(app, tenant) as tx:
        tx.execute(update(WebhookMessage).values(next_at=func.clock_timestamp()))


def test_a_message_waits_for_its_job_and_is_sent_signed_until_it_is_taken(
    worker_app: App, workspace: Tenant, receiver: WebhookReceiver
) -> None:
    job_id = order(worker_app, workspace, receiver)
    receiver.replies.append(Reply(503, body=b"busy"))
    assert webhooks.deliver_due(worker_app) == 0, "the job has not ended"
    with opened(worker_app, workspace) as tx:
        jobs.cancel(tx, job_id)
    assert webhooks.deliver_due(worker_app) == 1
    [message] = messages(worker_app, workspace)
    assert (message.state, message.attempts, message.last_status, message.last_error) == ("pending", 1, 503, "busy")
    assert webhooks.deliver_due(worker_app) == 0, "not before its time"
    receiver.stop()
    make_due(worker_app, workspace)
    webhooks.deliver_due(worker_app)
    [message] = messages(worker_app, workspace)
    assert (message.last_status, message.last_error) == (None, NOT_REACHED)
    receiver.start()
    make_due(worker_app, workspace)
    webhooks.deliver_due(worker_app)
    [message] = messages(worker_app, workspace)
    assert (message.state, message.last_status, message.last_error) == ("delivered", 200, "")
    assert message.delivered_at
    assert {request.message_id for request in receiver.taken} == {message.id}
    verifier = Webhook(secret_of(worker_app.settings))
    for request in receiver.taken:
        verifier.verify(request.body, request.headers)
        assert json.loads(request.body) == {"job": job_id, "state": "cancelled"}
    with opened(worker_app, workspace) as tx:
        tries = webhooks.attempts(worker_app.settings, tx, message.id)
    assert [(entry.number, entry.status, entry.answer) for entry in tries] == [(3, 200, ""), (2, None, ""), (1, 503, "busy")]
    assert (tries[1].error, tries[1].latency_ms) == (NOT_REACHED, None)
    assert tries[0].latency_ms is not None


def test_addresses_are_shown_to_those_who_may_change_them(
    app: App, worker_app: App, workspace: Tenant, receiver: WebhookReceiver
) -> None:
    """Of endpoints to owners, of the operator's programs to operators; so is what those answered."""
    job_id = order(worker_app, workspace, receiver)
    receiver.replies.append(Reply(503, body=b"n8n-main-7 is starting"))
    with opened(worker_app, workspace) as tx:
        jobs.cancel(tx, job_id)
        endpoint = EndpointDraft(name="Chat", url="https://chat.example/hooks/T0/secret")
        endpoint_id = webhooks.create_endpoint(worker_app.settings, tx, endpoint).card.id
        webhooks.send_to_endpoint(tx, endpoint_id, kind="test", body={})
        created = tx.scalars(select(EventRow.data).where(EventRow.kind == "webhook.created")).one()
    assert created["host"] == "chat.example"
    assert "secret" not in json.dumps(created), "all members read events"
    webhooks.deliver_due(worker_app)
    operators = app.settings.replace(OPERATOR_EMAILS=workspace.owner.email)
    others = app.settings.replace(OPERATOR_EMAILS="operator@example.com")
    for settings, person, of_endpoint, of_operator in (
        (operators, workspace.owner, endpoint.url, receiver.url),
        (others, workspace.owner, endpoint.url, None),
        (others, workspace.editor, None, None),
    ):
        with app.db.transaction(person.caller) as tx:
            cards = {card.endpoint_id: card for card in webhooks.page(settings, tx).cards}
            answers = [attempt.answer for attempt in webhooks.attempts(settings, tx, cards[None].id)]
        assert (cards[endpoint_id].url, cards[None].url) == (of_endpoint, of_operator)
        answer = "n8n-main-7 is starting" if of_operator else ""
        assert (cards[None].last_status, cards[None].last_error, answers) == (503, answer, [answer])


def test_what_nobody_takes_becomes_a_dead_letter_that_is_replayed(
    worker_app: App, workspace: Tenant, receiver: WebhookReceiver
) -> None:
    job_id = order(worker_app, workspace, receiver)
    with opened(worker_app, workspace) as tx:
        jobs.cancel(tx, job_id)
    app = replace(worker_app, settings=worker_app.settings.replace(WEBHOOK_RETRY_DELAYS_S="60,60"))
    tries = 3
    receiver.replies.extend(Reply(302, {"location": receiver.url}) for _ in range(tries))
    for n in range(tries):
        make_due(worker_app, workspace)
        assert webhooks.deliver_due(app) == 1, n
    [message] = messages(worker_app, workspace)
    assert (message.state, message.attempts, message.last_status) == ("failed", tries, 302)
    with opened(worker_app, workspace) as tx:
        webhooks.replay(worker_app.settings, tx, message.id)
        with pytest.raises(Conflict, match="still on its way"):
            webhooks.replay(worker_app.settings, tx, message.id)
        with pytest.raises(NotFound):
            webhooks.replay(worker_app.settings, tx, "whm_none")
    assert webhooks.deliver_due(worker_app) == 1
    assert messages(worker_app, workspace)[0].state == "delivered"


def test_a_job_that_is_tried_again_tells_of_its_second_end_too(
    worker_app: App, workspace: Tenant, receiver: WebhookReceiver
) -> None:
    job_id = order(worker_app, workspace, receiver)
    with opened(worker_app, workspace) as tx:
        jobs.cancel(tx, job_id)
    webhooks.deliver_due(worker_app)
    with opened(worker_app, workspace) as tx:
        jobs.retry(tx, job_id)
        webhooks.send_when_job_ends(tx, job_id, [("test", receiver.url)])
    assert webhooks.deliver_due(worker_app) == 0
    with opened(worker_app, workspace) as tx:
        jobs.cancel(tx, job_id)
    webhooks.deliver_due(worker_app)
    assert len(receiver.taken) == 2


def test_a_sender_that_was_killed_is_followed_by_another(worker_app: App, workspace: Tenant, receiver: WebhookReceiver) -> None:
    job_id = order(worker_app, workspace, receiver)
    with opened(worker_app, workspace) as tx:
        jobs.cancel(tx, job_id)
    delivery._complete_waiting(worker_app)
    sender = webhooks.Sender(worker_app)
    assert len(sender._claim(24, [])) == 1, "and here it is killed"
    sender.close()
    assert webhooks.deliver_due(worker_app) == 0, "the claim holds for a minute"
    make_due(worker_app, workspace)
    assert webhooks.deliver_due(worker_app) == 1
    with opened(worker_app, workspace) as tx:
        tx.execute(update(WebhookMessage).values(created_at=func.clock_timestamp() - timedelta(days=31)))
    with worker_app.db.dispatch() as tx:
        assert delivery.purge_old(tx) == 1
    assert messages(worker_app, workspace) == []
