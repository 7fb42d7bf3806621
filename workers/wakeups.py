"""Wake-ups: one Dramatiq actor per queue. A message carries no content; the handler asks Postgres for the next job."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import dramatiq
import structlog

from backend.jobs.queue_notify import actor_name, broker, checked_notifier

log = structlog.get_logger(__name__)


def start_listening(
    client: Any, queues: Sequence[str], *, threads: int, poll_ms: int, on_message: Callable[[str], object]
) -> dramatiq.Worker:
    """Starts a Dramatiq worker that calls `on_message(queue)` for each message, in at most `threads` threads per queue.

    The limit per queue keeps, for example, four long videos from delaying a post that is due. Call it once per process;
    `stop(timeout_ms)` on the result ends it.
    """
    redis_broker = broker(client)
    for queue in queues:
        dramatiq.actor(actor_name=actor_name(queue), queue_name=queue, broker=redis_broker)(_make_actor(queue, on_message))
    redis_broker.emit_after("process_boot")
    thread_count = threads * len(queues)
    worker = dramatiq.Worker(redis_broker, queues=set(queues), worker_threads=thread_count, worker_timeout=poll_ms)
    # Messages of a queue that this process holds, running or not. Bounding them by `threads` is what leaves the other queues
    # their threads; the default (twice the number of threads) would also withhold messages from idle workers
    # (docs/contracts/dramatiq.md, 4).
    worker.queue_prefetch = threads
    worker.start()
    return worker


def _make_actor(queue: str, on_message: Callable[[str], object]) -> Callable[[], None]:
    def actor() -> None:
        on_message(queue)

    return actor


def notifications(
    client: Any, queues: Sequence[str], *, threads: int, on_message: Callable[[str], object]
) -> Callable[[str], None]:
    """The scheduler's `notify(queue)`. While Valkey is away it calls `on_message` in this process, in at most `threads`
    threads per queue.

    Jobs and turns are in Postgres, so work goes on without Valkey; only the other workers stay idle until it is back.
    """
    notify_broker, running, lock = checked_notifier(client), Counter[str](), threading.Lock()

    def consume_locally(queue: str) -> None:
        try:
            on_message(queue)
        finally:
            with lock:
                running[queue] -= 1

    def notify(queue: str) -> None:
        if notify_broker(queue) or queue not in queues:
            return
        with lock:
            if running[queue] >= threads:
                return
            running[queue] += 1
        threading.Thread(target=consume_locally, args=[queue], name=f"local-{queue}", daemon=True).start()

    return notify
