"""The bell: an empty Dramatiq message per queue. It says “look at Postgres”, nothing else, so losing one is harmless."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker

NAMESPACE = "dramatiq"
ENOUGH = 64
"""Unheard bells per queue above which another one adds nothing."""

log = structlog.get_logger(__name__)


def actor_of(queue: str) -> str:
    return f"ring_{queue}"


def broker(client: Any) -> RedisBroker:
    """On the given redis client. No middleware: retries, limits and deadlines are Postgres's.

    Maintenance on every command: a dead worker's unheard bells are heard a minute later, not by chance.
    """
    return RedisBroker(client=client, middleware=[], namespace=NAMESPACE, maintenance_chance=1_000_000)  # type: ignore[no-untyped-call]


def bell(client: Any) -> Callable[[str], None]:
    """`ring(queue)`. Never raises: what it could not ring, the tick rings within a second."""
    ring = audible(client)

    def rung(queue: str) -> None:
        ring(queue)

    return rung


def audible(client: Any) -> Callable[[str], bool]:
    """The same; tells whether Valkey has taken it."""
    through = broker(client)

    def ring(queue: str) -> bool:
        try:
            if client.llen(f"{NAMESPACE}:{queue}") < ENOUGH:
                message: dramatiq.Message[Any] = dramatiq.Message(
                    queue_name=queue, actor_name=actor_of(queue), args=(), kwargs={}, options={}
                )
                through.enqueue(message)
        except (redis.RedisError, dramatiq.errors.BrokerError, OSError) as error:
            log.warning("bell not rung", queue=queue, error=str(error))
            return False
        return True

    return ring
