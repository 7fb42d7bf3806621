"""How a worker hears: by Valkey's bell, and by itself while Valkey is away."""

from __future__ import annotations

import threading

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from backend.jobs.bell import NAMESPACE
from tests.support.wait import until
from workers.queues import ringing


def test_while_valkey_is_away_a_process_hears_its_own_queues_so_many_at_once() -> None:
    heard: list[str] = []
    go_on = threading.Event()

    def hear(queue: str) -> None:
        heard.append(queue)
        assert go_on.wait(10)

    with redis.Redis(port=1, retry=Retry(NoBackoff(), 1)) as nowhere:
        ring = ringing(nowhere, ["net", "cpu"], threads=2, heard=hear)
        for queue in ("net", "net", "net", "gpu", "cpu"):
            ring(queue)
        until(lambda: len(heard) == 3, what="the listeners")
        assert sorted(heard) == ["cpu", "net", "net"]
        go_on.set()

        def again() -> bool:
            ring("net")
            return len(heard) > 3

        until(again, what="another turn")


def test_as_long_as_valkey_takes_the_bell_nobody_hears_twice(redis_url: str) -> None:
    heard: list[str] = []
    with redis.Redis.from_url(redis_url) as client:
        ringing(client, ["net"], threads=2, heard=heard.append)("net")
        assert client.llen(f"{NAMESPACE}:net") == 1
    assert heard == []
