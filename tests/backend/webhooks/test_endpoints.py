"""Endpoints: an event that was committed reaches those who chose it, signed, once or more often, whatever goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from standardwebhooks import Webhook, WebhookVerificationError

from backend import events, jobs, webhooks
from backend.app import App
from backend.db.tables import EventRow, WebhookEndpoint, WebhookMessage
from backend.db.transactions import SystemCaller
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from backend.kit.clock import now
from backend.kit.outgoing_client import NOT_REACHED
from backend.language import Reader, reading, worded
from backend.webhooks import EndpointChange, EndpointDraft, MessageCard, NewEndpoint
from backend.webhooks.delivery import AT_ONCE_PER_ENDPOINT
from tests.factories.account import Tenant
from tests.servers.webhook_receiver import HANG, Reply, WebhookReceiver, receiving
from tests.support.handlers import Steps


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def sending(worker_app: App) -> App:
    """With quick retries, and this machine allowed by the operator."""
    values = {"WEBHOOK_ALLOWED_HOSTS": "127.0.0.0/8", "WEBHOOK_RETRY_DELAYS_S": "0.001,60", "WEBHOOK_TIMEOUT_S": 0.5}
    return replace(worker_app, settings=worker_app.settings.replace(**values, JOB_TICK_S=0.05))


@contextmanager
def opened(app: App, tenant: Tenant) -> Iterator[Session]:
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        yield tx


def create(app: App, tenant: Tenant, receiver: WebhookReceiver, *event_types: str, path: str = "/a") -> NewEndpoint:
    with opened(app, tenant) as tx:
        draft = EndpointDraft(name="n8n", url=receiver.url + path, event_types=event_types)
        return webhooks.create_endpoint(app.settings, tx, draft)


def publish(app: App, tenant: Tenant, *post_ids: str, kind: str = "post.published") -> None:
    with opened(app, tenant) as tx:
        for post_id in post_ids:
            events.record(tx, kind, "post", post_id, {"remote_id": "17"})


def messages(app: App, tenant: Tenant) -> list[MessageCard]:
    with opened(app, tenant) as tx:
        return webhooks.page(app.settings, tx).cards


def state_of(app: App, tenant: Tenant, endpoint_id: str) -> webhooks.EndpointCard:
    with opened(app, tenant) as tx:
        return webhooks.get_endpoint(tx, endpoint_id)


def change(app: App, tenant: Tenant, endpoint_id: str, **values: object) -> None:
    with opened(app, tenant) as tx:
        webhooks.change_endpoint(app.settings, tx, endpoint_id, EndpointChange(**values))


def test_events_behind_the_endpoint_are_sent_once_by_its_filter(
    sending: App, workspace: Tenant, other_workspace: Tenant, receiver: WebhookReceiver
) -> None:
    publish(sending, workspace, "post_before")
    webhooks.deliver_due(sending)
    created = create(sending, workspace, receiver, "post.*")
    create(sending, other_workspace, receiver, path="/other")
    publish(sending, workspace, "post_1", "post_2")
    publish(sending, workspace, "plan_1", kind="plan.saved")
    assert webhooks.deliver_due(sending) == 2
    assert webhooks.deliver_due(sending) == 0
    bodies = [json.loads(request.body) for request in receiver.taken]
    assert sorted(body["data"]["postId"] for body in bodies) == ["post_1", "post_2"]
    assert {request.path for request in receiver.taken} == {"/a"}
    first, second = sorted(body["data"]["position"] for body in bodies)
    assert first < second
    assert {message.event_position for message in messages(sending, workspace)} == {first, second}
    for request in receiver.taken:
        Webhook(created.secret).verify(request.body, request.headers)
    assert {message.state for message in messages(sending, workspace)} == {"delivered"}
    assert {message.id for message in messages(sending, workspace)} == {request.message_id for request in receiver.taken}


def test_an_old_secret_signs_for_a_day(sending: App, workspace: Tenant, receiver: WebhookReceiver) -> None:
    created = create(sending, workspace, receiver)
    with opened(sending, workspace) as tx:
        rotated = webhooks.rotate_secret(sending.settings, tx, created.card.id)
    assert rotated.card.old_secret_until is not None
    publish(sending, workspace, "post_1")
    webhooks.deliver_due(sending)
    with opened(sending, workspace) as tx:
        tx.execute(update(WebhookEndpoint).values(old_until=func.clock_timestamp()))
    publish(sending, workspace, "post_2")
    webhooks.deliver_due(sending)
    while_both, after = receiver.taken
    for secret in (created.secret, rotated.secret):
        Webhook(secret).verify(while_both.body, while_both.headers)
    Webhook(rotated.secret).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(created.secret).verify(after.body, after.headers)
    with sending.db.dispatch() as tx:
        sealed = tx.scalars(select(WebhookEndpoint.sealed)).all()
    assert not any(created.secret.encode() in part or rotated.secret.encode() in part for part in sealed)


def test_gone_and_long_failure_switch_it_off_and_recovery_sends_what_was_missed(
    sending: App, workspace: Tenant, receiver: WebhookReceiver
) -> None:
    endpoint_id = create(sending, workspace, receiver).card.id
    began_at = now()
    receiver.replies.append(Reply(410))
    publish(sending, workspace, "post_1")
    webhooks.deliver_due(sending)
    card = state_of(sending, workspace, endpoint_id)
    assert (card.state, "410" in card.disabled_reason) == ("disabled", True)
    publish(sending, workspace, "post_2")
    assert webhooks.deliver_due(sending) == 0
    with opened(sending, workspace) as tx:
        with pytest.raises(Conflict):
            webhooks.recover(tx, endpoint_id, began_at)
        with pytest.raises(Conflict):
            webhooks.send_test(tx, endpoint_id)
    change(sending, workspace, endpoint_id, active=True)
    assert webhooks.deliver_due(sending) == 0, "what happens from now on"
    with opened(sending, workspace) as tx:
        webhooks.recover(tx, endpoint_id, began_at)
        for wrong in (now() + timedelta(hours=1), now() - timedelta(days=31)):
            with pytest.raises(Invalid):
                webhooks.recover(tx, endpoint_id, wrong)
    webhooks.deliver_due(sending)
    taken = [json.loads(request.body)["data"]["postId"] for request in receiver.taken if request.status == 200]
    assert sorted(taken) == ["post_1", "post_2"]
    assert {message.state for message in messages(sending, workspace)} == {"delivered"}
    receiver.usual = Reply(500)
    publish(sending, workspace, "post_3")
    webhooks.deliver_due(sending)
    assert state_of(sending, workspace, endpoint_id).failing_since is not None
    with opened(sending, workspace) as tx:
        tx.execute(update(WebhookEndpoint).values(failing_since=now() - timedelta(hours=121)))
        tx.execute(update(WebhookMessage).values(next_at=func.clock_timestamp()))
    webhooks.deliver_due(sending)
    card = state_of(sending, workspace, endpoint_id)
    assert (card.state, "120 hours" in card.disabled_reason) == ("disabled", True)
    with opened(sending, workspace) as tx:
        notices = tx.scalars(select(EventRow.noun_id).where(EventRow.kind == "webhook.disabled")).all()
    assert notices == [endpoint_id, endpoint_id]


def test_an_endpoint_that_is_overloaded_is_left_alone_for_as_long_as_it_asks(
    sending: App, workspace: Tenant, receiver: WebhookReceiver
) -> None:
    create(sending, workspace, receiver)
    receiver.replies.append(Reply(429, {"retry-after": "3600"}))
    publish(sending, workspace, "post_1")
    webhooks.deliver_due(sending)
    publish(sending, workspace, "post_2")
    assert webhooks.deliver_due(sending) == 0
    waiting = {message.attempts: message.next_at for message in messages(sending, workspace)}
    assert waiting[1] > now() + timedelta(minutes=59)
    with opened(sending, workspace) as tx:
        tx.execute(update(WebhookEndpoint).values(slow_until=func.clock_timestamp()))
    assert webhooks.deliver_due(sending) == 1


def test_one_that_hangs_does_not_hold_up_another(sending: App, workspace: Tenant, receiver: WebhookReceiver) -> None:
    with receiving() as slow:
        slow.usual = Reply(HANG)
        create(sending, workspace, slow)
        create(sending, workspace, receiver)
        publish(sending, workspace, *(f"post_{n}" for n in range(10)))
        webhooks.deliver_due(sending)
        assert len(receiver.taken) == 10
        assert slow.most_at_once["/a"] < 2 * AT_ONCE_PER_ENDPOINT
    late = [message for message in messages(sending, workspace) if message.last_error]
    assert {message.last_error for message in late} == {"It did not answer within 0.5 seconds."}
    with reading(Reader("it")):
        assert {worded(message.last_error) for message in late} == {"Non ha risposto entro 0,5 secondi."}
    with opened(sending, workspace) as tx:  # as a worker of an earlier version writes it
        tx.execute(update(WebhookMessage).values(last_error="refused"))
    assert {message.last_error for message in messages(sending, workspace)} == {"refused"}


def test_inner_addresses_are_refused_when_entered_and_at_each_try(
    sending: App, worker_app: App, workspace: Tenant, receiver: WebhookReceiver
) -> None:
    with opened(worker_app, workspace) as tx, pytest.raises(Invalid):
        webhooks.create_endpoint(worker_app.settings, tx, EndpointDraft(name="inner", url=receiver.url))
    create(sending, workspace, receiver)
    publish(sending, workspace, "post_1")
    webhooks.deliver_due(worker_app)  # the operator has taken it off the list since
    assert [message.last_error for message in messages(sending, workspace)] == [NOT_REACHED]
    assert receiver.taken == []


def test_a_pass_that_is_cut_off_writes_nothing_twice(sending: App, workspace: Tenant, receiver: WebhookReceiver) -> None:
    create(sending, workspace, receiver)
    publish(sending, workspace, "post_1", "post_2")
    webhooks.deliver_due(sending)
    with opened(sending, workspace) as tx:
        first = tx.scalar(select(func.min(EventRow.position)).where(EventRow.kind == "post.published"))
        tx.execute(update(WebhookEndpoint).values(position=(first or 0) - 1))
    assert webhooks.deliver_due(sending) == 0
    assert len(messages(sending, workspace)) == 2


def test_owners_change_it_and_others_do_not(sending: App, workspace: Tenant, receiver: WebhookReceiver) -> None:
    endpoint_id = create(sending, workspace, receiver).card.id
    with sending.db.transaction(workspace.editor.caller) as tx:
        for call in (
            lambda: webhooks.endpoints(tx),
            lambda: webhooks.delete_endpoint(tx, endpoint_id),
            lambda: webhooks.rotate_secret(sending.settings, tx, endpoint_id),
            lambda: webhooks.send_test(tx, endpoint_id),
        ):
            with pytest.raises(NotPermitted):
                call()
    change(sending, workspace, endpoint_id, active=False)
    publish(sending, workspace, "post_1")
    assert webhooks.deliver_due(sending) == 0
    change(sending, workspace, endpoint_id, active=True, url=f"{receiver.url}/b", name="Flows", event_types=("post.failed",))
    with opened(sending, workspace) as tx:
        webhooks.send_test(tx, endpoint_id)
        webhooks.send_test(tx, endpoint_id, "post.published")
        with pytest.raises(Invalid):
            webhooks.send_test(tx, endpoint_id, "post.none")
    assert webhooks.deliver_due(sending) == 2
    assert {(request.path, json.loads(request.body)["type"]) for request in receiver.taken} == {
        ("/b", "webhook.test"),
        ("/b", "post.published"),
    }
    with opened(sending, workspace) as tx:
        assert [card.name for card in webhooks.endpoints(tx)] == ["Flows"]
        webhooks.delete_endpoint(tx, endpoint_id)
    assert messages(sending, workspace) == []
    with opened(sending, workspace) as tx, pytest.raises(NotFound):
        webhooks.get_endpoint(tx, endpoint_id)


def test_the_operators_n8n_hears_of_every_jobs_end(sending: App, workspace: Tenant, receiver: WebhookReceiver) -> None:
    app = replace(sending, settings=sending.settings.replace(N8N_WEBHOOK_URL=f"{receiver.url}/", WEBHOOK_ALLOWED_HOSTS=""))
    webhooks.deliver_due(app)
    with opened(app, workspace) as tx:
        job_id = jobs.enqueue(tx, kind="test-steps", payload=Steps(), title="x", request_key="a").id
        jobs.cancel(tx, job_id)
    assert webhooks.deliver_due(app) == 1
    [request] = receiver.taken
    body = json.loads(request.body)
    assert (request.path, body["event"]) == ("/webhook/job-failed", "job_failed")
    expected = {"job_id": job_id, "status": "cancelled", "type": "test-steps", "workspace_id": workspace.id}
    assert body["data"] == {**expected, "error": "It was cancelled."}
    webhooks.deliver_due(sending)
