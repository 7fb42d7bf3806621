"""Who publishes a post: one of however many ticks and workers, also a frozen one that wakes up, also without Valkey."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from backend.content_plans import PostState
from backend.db.tables import Job
from tests.support.publishing import House
from tests.support.publishing_fixtures import Publishers, deaths, house, servers, workers
from tests.support.wait import until
from workers.scheduler import Scheduler

__all__ = ["deaths", "house", "servers", "workers"]
pytestmark = pytest.mark.kill


def test_ticks_at_the_same_moment_start_one_job_for_each_post(house: House, worker_app: Any) -> None:
    ids = [house.plan("sandbox", "picture", n) for n in range(12)]
    house.make_due(*ids)
    together = Barrier(4)

    def tick(_: int) -> None:
        together.wait()
        Scheduler(worker_app, lambda queue: None).tick()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tick, range(4)))
    with house.app.db.transaction(house.tenant.caller) as tx:
        asked = tx.scalars(select(Job.payload["post_id"].astext).where(Job.kind == "autopost")).all()
    assert sorted(asked) == sorted(ids)
    assert {house.post(one).state for one in ids} == {PostState.PUBLISHING}


def test_a_worker_that_wakes_up_before_its_call_changes_nothing(house: House, workers: Publishers, deaths: Path) -> None:
    """It froze between the commit of “submitting” and the call; another one asked, and sent the post. Then it calls."""
    frozen = workers.start()
    post_id = house.plan("instagram", "picture", 1)
    house.files_prepared()
    (deaths / post_id).write_text("submitting:freeze")
    house.make_due(post_id)
    until(frozen.stopped, what="the freeze")
    assert (house.post(post_id).state, house.seen()) == (PostState.PUBLISHING, [])
    workers.start()
    until(lambda: not house.left(), what="the other worker's post")
    before = house.post(post_id)
    frozen.send_signal(signal.SIGCONT)
    until(lambda: "taken over" in workers.logs() or "no longer owns" in workers.logs(), what="the frozen worker's discovery")
    assert house.post(post_id) == before
    assert before.state == PostState.PUBLISHED, house.story(post_id)
    assert house.times_there(post_id) == 1


def test_without_valkey_posts_go_out_all_the_same(house: House, workers: Publishers, stack: Any) -> None:
    two = [workers.start(threads=2), workers.start(threads=2)]
    ids = [house.plan(platform, "picture", n) for n, platform in enumerate(("sandbox", "instagram", "sandbox", "instagram"))]
    house.files_prepared()
    stack.servers["valkey"].stop()
    try:
        house.make_due(*ids)
        until(lambda: not house.left(), what="the posts")
    finally:
        stack.servers["valkey"].start()
    assert [house.times_there(one) for one in ids] == [1] * len(ids)
    assert {house.post(one).state for one in ids} == {PostState.PUBLISHED}
    assert [one.poll() for one in two] == [None, None]
    late = house.plan("sandbox", "picture", 9)
    house.make_due(late)
    until(lambda: not house.left(), what="a post after it")
