"""How a worker is woken: by Valkey's message, and by polling while Valkey is away."""

from __future__ import annotations

import threading

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from backend.jobs.queue_notify import NAMESPACE, checked_notifier
from tests.support.wait import until
from workers.wakeups import Listener, notifications, start_listening


def test_while_valkey_is_away_a_process_hears_its_own_queues_so_many_at_once() -> None:
    notified: list[str] = []
    go_on = threading.Event()

    def hear(queue: str) -> None:
        notified.append(queue)
        assert go_on.wait(10)

    with redis.Redis(port=1, retry=Retry(NoBackoff(), 1)) as nowhere:
        ring = notifications(nowhere, ["net", "cpu"], threads=2, on_message=hear)
        for queue in ("net", "net", "net", "gpu", "cpu"):
            ring(queue)
        until(lambda: len(notified) == 3, what="the listeners")
        assert sorted(notified) == ["cpu", "net", "net"]
        go_on.set()

        def again() -> bool:
            ring("net")
            return len(notified) > 3

        until(again, what="another turn")


def test_as_long_as_valkey_takes_the_bell_nobody_hears_twice(redis_url: str) -> None:
    notified: list[str] = []
    with redis.Redis.from_url(redis_url) as client:
        notifications(client, ["net"], threads=2, on_message=notified.append)("net")
        assert client.llen(f"{NAMESPACE}:net") == 1
    assert notified == []


def test_who_waits_for_a_queue_hears_of_a_message_at_once(redis_url: str) -> None:
    class Worker:
        def stop(self, timeout: int) -> None: ...

    notified = {"net": threading.Event(), "cpu": threading.Event()}
    with redis.Redis.from_url(redis_url) as client:
        listener = Listener(client, Worker(), notified, ["net", "cpu"])  # type: ignore[arg-type]
        try:
            assert notified["net"].wait(30), "it looks once when it listens"
            notified["net"].clear()
            until(notified["cpu"].is_set, what="the other queue")
            notified["cpu"].clear()
            checked_notifier(client)("net")
            assert notified["net"].wait(30)
            assert not notified["cpu"].is_set()
        finally:
            listener.stop(timeout=1000)


def test_a_queue_whose_threads_are_all_busy_leaves_the_others_theirs(redis_url: str) -> None:
    notified: list[str] = []
    go_on = threading.Event()

    def hear(queue: str) -> None:
        notified.append(queue)
        assert queue == "net" or go_on.wait(60)

    with redis.Redis.from_url(redis_url) as client:
        ring = checked_notifier(client)
        ears = start_listening(client, ["cpu", "net"], threads=2, poll_ms=20, on_message=hear)
        try:
            for _ in range(5):
                ring("cpu")
            until(lambda: notified.count("cpu") == 2, what="both threads of the queue")
            for n in range(3):
                ring("net")
                until(lambda n=n: notified.count("net") > n, what="the other queue")  # type: ignore[misc]
            assert notified.count("cpu") == 2
            go_on.set()
            until(lambda: notified.count("cpu") == 5, what="the bells that waited")
        finally:
            go_on.set()
            ears.stop(timeout=5000)
