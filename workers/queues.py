"""One Dramatiq actor per queue. A message carries nothing: whoever hears it asks Postgres what is next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import dramatiq
import structlog

from backend.jobs.bell import actor_of, broker

log = structlog.get_logger(__name__)


def listen(
    client: Any, queues: Sequence[str], *, threads: int, poll_ms: int, heard: Callable[[str], object]
) -> dramatiq.Worker:
    """Starts a Dramatiq worker that calls `heard(queue)` on each bell. Once per process; `stop(timeout_ms)` ends it."""
    through = broker(client)
    for queue in queues:
        dramatiq.actor(actor_name=actor_of(queue), queue_name=queue, broker=through)(_ear(queue, heard))
    through.emit_after("process_boot")
    worker = dramatiq.Worker(through, queues=set(queues), worker_threads=threads, worker_timeout=poll_ms)
    worker.queue_prefetch = threads  # the default, twice as many, keeps bells from workers that are idle
    worker.start()
    return worker


def _ear(queue: str, heard: Callable[[str], object]) -> Callable[[], None]:
    def ring() -> None:
        heard(queue)

    return ring
