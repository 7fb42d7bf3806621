"""Wake-ups: one Dramatiq actor per queue. A message carries no content; the handler asks Postgres for the next job.

Dramatiq's consumers ask Valkey again and again whether there is a message. Ours ask when a queue is notified, and every
`poll_ms` in case a notification was lost: an idle worker costs a tenth, and a job begins sooner. (The scheduler notifies once a
second of what waits, so a lost notification costs that second.)
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, PriorityQueue
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.broker import Consumer
from dramatiq.brokers.redis import RedisBroker

from backend.jobs.queue_notify import CHANNEL, NAMESPACE, actor_name, checked_notifier

log = structlog.get_logger(__name__)
_HEAR_S = 1.0
"""How often the thread looks whether it is to stop, and tries to subscribe again."""
_STOPPING_POLL_S = 0.2
"""As `_NotifiedBroker.poll_s`, while running jobs are waited for: consumers are told to stop behind them."""


class _WorkQueue(PriorityQueue[Any]):
    """What Dramatiq's threads take messages from. They wait until there is one: its own look once a second whether they are to
    stop. After `stop_waiting` an empty queue says so at once."""

    _stopping = False

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        with self.not_empty:
            while not self._qsize():
                if self._stopping:
                    raise Empty
                self.not_empty.wait()
            return self._get()

    def stop_waiting(self) -> None:
        with self.not_empty:
            self._stopping = True
            self.not_empty.notify_all()


class _NotifiedBroker(RedisBroker):
    """As `queue_notify.broker`, for consumers that wait for `notified` instead of asking Valkey all the time."""

    def __init__(self, client: Any, *, poll_ms: int) -> None:
        super().__init__(client=client, middleware=[], namespace=NAMESPACE, maintenance_chance=1_000_000)  # type: ignore[no-untyped-call]
        self.poll_s = poll_ms / 1000
        """How long a consumer waits to be notified before it asks Valkey."""
        self.notified: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        """Queue -> set when there may be a message for it."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        return _NotifiedConsumer(super().consume(queue_name, prefetch, 0), self.notified[queue_name], self)


class _NotifiedConsumer(Consumer):
    """`polling`: Dramatiq's own, which answers None at once when there is nothing."""

    def __init__(self, polling: Consumer, notified: threading.Event, broker: _NotifiedBroker) -> None:
        self._polling, self._notified, self._broker = polling, notified, broker
        self._is_idle = False

    def __next__(self) -> Any:
        if self._is_idle:
            self._notified.wait(self._broker.poll_s)
        self._notified.clear()  # before looking: who notifies after it is heard
        message = next(self._polling)
        self._is_idle = message is None
        return message

    def ack(self, message: Any) -> None:
        self._polling.ack(message)
        self._notified.set()  # there is room for another one

    def nack(self, message: Any) -> None:
        self._polling.nack(message)
        self._notified.set()

    def requeue(self, messages: Any) -> None:
        self._polling.requeue(messages)

    def close(self) -> None:
        self._polling.close()


def start_listening(
    client: Any, queues: Sequence[str], *, threads: int, poll_ms: int, on_message: Callable[[str], object]
) -> Listener:
    """Starts a Dramatiq worker that calls `on_message(queue)` for each message, in at most `threads` threads per queue.

    The limit per queue keeps, for example, four long videos from delaying a post that is due. Call it once per process;
    `stop(timeout_ms)` on the result ends it.
    """
    redis_broker = _NotifiedBroker(client, poll_ms=poll_ms)
    for queue in queues:
        dramatiq.actor(actor_name=actor_name(queue), queue_name=queue, broker=redis_broker)(_make_actor(queue, on_message))
    redis_broker.emit_after("process_boot")
    thread_count = threads * len(queues)
    worker = dramatiq.Worker(redis_broker, queues=set(queues), worker_threads=thread_count)
    worker.work_queue = work_queue = _WorkQueue()
    # Messages of a queue that this process holds, running or not. Bounding them by `threads` is what leaves the other queues
    # their threads; the default (twice the number of threads) would also withhold messages from idle workers
    # (docs/contracts/dramatiq.md, 4).
    worker.queue_prefetch = threads
    worker.start()

    def end_waits() -> None:
        redis_broker.poll_s = _STOPPING_POLL_S
        work_queue.stop_waiting()
        for notified in list(redis_broker.notified.values()):
            notified.set()

    return Listener(client, worker, redis_broker.notified, queues, before_stop=end_waits)


class Listener:
    """A Dramatiq worker and the thread that passes Valkey's notifications on to its consumers."""

    def __init__(
        self,
        client: Any,
        worker: dramatiq.Worker,
        notified: Mapping[str, threading.Event],
        queues: Sequence[str],
        *,
        before_stop: Callable[[], object] = lambda: None,
    ) -> None:
        self._client, self._worker, self._notified, self._queues = client, worker, notified, queues
        self._before_stop = before_stop
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="queues", daemon=True)
        self._thread.start()

    def stop(self, timeout: int) -> None:
        """Takes no more messages and waits for running ones, `timeout` milliseconds at most."""
        self._stopping.set()
        self._before_stop()
        self._worker.stop(timeout=timeout)
        self._thread.join(_HEAR_S * 2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._hear()
            except (redis.RedisError, OSError) as error:
                log.debug("notifications wait for Valkey", error=str(error))
                self._stopping.wait(_HEAR_S)

    def _hear(self) -> None:
        with self._client.pubsub(ignore_subscribe_messages=True) as subscription:
            subscription.subscribe(CHANNEL)
            for queue in self._queues:  # what was sent before it listened
                self._notified[queue].set()
            while not self._stopping.is_set():
                if message := subscription.get_message(timeout=_HEAR_S):
                    data = message["data"]
                    self._notified[data.decode() if isinstance(data, bytes) else data].set()


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
