"""A campaign: senders are killed while events keep coming and their endpoint fails half of the time. `make soak`."""

from __future__ import annotations

import json
import os
import random
import signal
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from standardwebhooks import Webhook

from backend import events, webhooks
from backend.app import App
from backend.db.tables import WebhookEndpoint, WebhookMessage
from backend.db.transactions import SystemCaller
from backend.kit.clock import now
from backend.webhooks import EndpointDraft
from tests.factories.account import Tenant
from tests.servers.webhook_receiver import HANG, Reply, Taken, receiving
from tests.support.processes import Workers
from tests.support.wait import until

EVENTS = int(os.environ.get("SOAK_EVENTS", "2000"))
KILLS = int(os.environ.get("SOAK_KILLS", "50"))
QUICK = {
    "WEBHOOK_ALLOWED_HOSTS": "127.0.0.0/8",
    "WEBHOOK_RETRY_DELAYS_S": "0.005,0.3,1.8,7.2,18,36,50.4,72,86.4",
    "WEBHOOK_DISABLE_AFTER_S": "432",
    "WEBHOOK_TIMEOUT_S": "0.5",
    "JOB_TICK_S": "0.05",
}
"""The schedule of the contract, a thousand times shorter."""
FAULTS = (Reply(500), Reply(503, {"retry-after": "0"}), Reply(429), Reply(302, {"location": "/"}), Reply(HANG))
pytestmark = pytest.mark.kill


def test_every_event_is_delivered_whatever_is_killed(worker_app: App, workspace: Tenant, workers: Workers) -> None:
    dice, caller = random.Random(7), SystemCaller(workspace.id)
    settings = worker_app.settings.replace(WEBHOOK_ALLOWED_HOSTS="127.0.0.0/8")
    with receiving() as receiver:
        receiver.choose = lambda _: dice.choice(FAULTS) if dice.random() < 0.5 else None
        with worker_app.db.transaction(caller) as tx:
            created = webhooks.create_endpoint(settings, tx, EndpointDraft(name="flaky", url=receiver.url))
        began_at, written = now(), set[str]()
        crew = [workers.start(**QUICK) for _ in range(2)]
        per_kill = EVENTS // KILLS
        for kill in range(KILLS):
            for n in range(per_kill):
                post_id = f"post_{kill}_{n}"
                with worker_app.db.transaction(caller) as tx:
                    events.record(tx, "post.published", "post", post_id)
                written.add(post_id)
            victim = dice.randrange(len(crew))
            crew[victim].send_signal(signal.SIGKILL)
            crew[victim].wait()
            crew[victim] = workers.start(wait=False, **QUICK)
        _deliver_the_rest(worker_app, caller, created.card.id, began_at - timedelta(minutes=1))
    _check(receiver.taken, written, created.secret)


def _deliver_the_rest(app: App, caller: SystemCaller, endpoint_id: str, since: datetime) -> None:
    """Waits until nothing is on its way; what was given up after ten tries is recovered by hand, as its owner would."""

    def unfinished() -> int:
        with app.db.transaction(caller) as tx:
            behind = tx.scalar(select(func.count()).select_from(WebhookMessage).where(WebhookMessage.state == "pending")) or 0
            newest = events.stream.last_position(tx)
            position = tx.scalar(select(WebhookEndpoint.position).where(WebhookEndpoint.id == endpoint_id)) or 0
        return behind + max(0, newest - position)

    for _ in range(10):
        until(lambda: unfinished() == 0, 400, what="the end of all messages")
        with app.db.transaction(caller) as tx:
            given_up = webhooks.page(app.settings, tx, states=("failed",)).total
            if not given_up:
                return
            webhooks.recover(tx, endpoint_id, since)
    raise AssertionError("some were given up ten times")


def _check(taken: list[Taken], written: set[str], secret: str) -> None:
    bodies, message_ids = defaultdict[str, set[bytes]](set), defaultdict[str, set[str]](set)
    delivered = set[str]()
    for request in taken:
        at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
        signature = Webhook(secret).sign(request.message_id, at, request.body.decode())
        assert signature in request.headers["webhook-signature"].split()
        bodies[request.message_id].add(request.body)
        data = json.loads(request.body)["data"]
        if "postId" in data:
            message_ids[data["postId"]].add(request.message_id)
            if request.status == 200:
                delivered.add(data["postId"])
    assert delivered == written, f"lost: {sorted(written - delivered)[:5]}"
    assert all(len(versions) == 1 for versions in bodies.values()), "a body was altered between tries"
    assert all(len(ids) == 1 for ids in message_ids.values()), "two messages for one event"
