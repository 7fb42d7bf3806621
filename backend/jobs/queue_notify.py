"""Notifies a queue's workers with an empty Dramatiq message: "look into Postgres". Losing one only delays a job until the
scheduler's next pass.

docs/contracts/dramatiq.md, 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker

NAMESPACE = "dramatiq"
CHANNEL = "studio:queues"
"""Of Valkey's PUBLISH: the queue's name, after its message was written. Consumers that wait look at once."""
MAX_PENDING = 64
"""Messages waiting in a queue above which another one is not sent: each worker thread that gets one claims until nothing is
left."""

log = structlog.get_logger(__name__)


def actor_name(queue: str) -> str:
    """Name of the actor that consumes `queue`. Part of the messages in Redis, so it stays the same between versions."""
    return f"ring_{queue}"


def broker(client: Any) -> RedisBroker:
    """A broker on the given redis client, without middleware: retries, limits and deadlines are decided in Postgres.

    Maintenance runs on every command: messages held by a dead worker are redelivered after a minute instead of at a random
    later time (docs/contracts/dramatiq.md, 2).
    """
    return RedisBroker(client=client, middleware=[], namespace=NAMESPACE, maintenance_chance=1_000_000)  # type: ignore[no-untyped-call]


def notifier(client: Any) -> Callable[[str], None]:
    """A function `notify(queue)`. It never raises: when Redis is away, the scheduler notifies the queue within a second."""
    send = checked_notifier(client)

    def notify(queue: str) -> None:
        send(queue)

    return notify


def checked_notifier(client: Any) -> Callable[[str], bool]:
    """As `notifier`, but the function returns False when Redis did not take the message."""
    redis_broker = broker(client)

    def notify(queue: str) -> bool:
        try:
            if client.llen(f"{NAMESPACE}:{queue}") < MAX_PENDING:
                message: dramatiq.Message[Any] = dramatiq.Message(
                    queue_name=queue, actor_name=actor_name(queue), args=(), kwargs={}, options={}
                )
                redis_broker.enqueue(message)
                client.publish(CHANNEL, queue)
        except (redis.RedisError, dramatiq.errors.BrokerError, OSError) as error:
            log.warning("queue not notified", queue=queue, error=str(error))
            return False
        return True

    return notify
