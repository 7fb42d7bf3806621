"""One Dramatiq actor per queue. A message carries nothing: whoever hears it asks Postgres what is next."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import dramatiq
import structlog

from backend.jobs.bell import actor_of, audible, broker

log = structlog.get_logger(__name__)


def listen(
    client: Any, queues: Sequence[str], *, threads: int, poll_ms: int, heard: Callable[[str], object]
) -> dramatiq.Worker:
    """Starts a Dramatiq worker that calls `heard(queue)` on each bell, at most `threads` at once for each queue, so that four
    long videos never keep a post that is due waiting. Once per process; `stop(timeout_ms)` ends it."""
    through = broker(client)
    for queue in queues:
        dramatiq.actor(actor_name=actor_of(queue), queue_name=queue, broker=through)(_ear(queue, heard))
    through.emit_after("process_boot")
    whole = threads * len(queues)
    worker = dramatiq.Worker(through, queues=set(queues), worker_threads=whole, worker_timeout=poll_ms)
    # A queue's bells in hand, heard or not: this is what leaves the other queues their threads. The default, twice as many as
    # there are threads, would also keep bells from workers that are idle.
    worker.queue_prefetch = threads
    worker.start()
    return worker


def _ear(queue: str, heard: Callable[[str], object]) -> Callable[[], None]:
    def ring() -> None:
        heard(queue)

    return ring


def ringing(client: Any, queues: Sequence[str], *, threads: int, heard: Callable[[str], object]) -> Callable[[str], None]:
    """For the clockwork: rings, and while Valkey is away lets this process hear its queues itself, `threads` at once each.

    Truth and turns are Postgres's, so posts go out and jobs go on; only other workers stay idle until Valkey is back.
    """
    ring, listening, guard = audible(client), Counter[str](), threading.Lock()

    def hear(queue: str) -> None:
        try:
            heard(queue)
        finally:
            with guard:
                listening[queue] -= 1

    def rung(queue: str) -> None:
        if ring(queue) or queue not in queues:
            return
        with guard:
            if listening[queue] >= threads:
                return
            listening[queue] += 1
        threading.Thread(target=hear, args=[queue], name=f"deaf-{queue}", daemon=True).start()

    return rung
