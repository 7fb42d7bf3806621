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
from tests.support.publishing import PublishingRig
from tests.support.publishing_fixtures import Publishers, crash_points, publishing_rig, servers, workers
from tests.support.wait import until
from workers.scheduler import Scheduler

__all__ = ["crash_points", "publishing_rig", "servers", "workers"]
pytestmark = pytest.mark.kill


def test_ticks_at_the_same_moment_start_one_job_for_each_post(publishing_rig: PublishingRig, worker_app: Any) -> None:
    ids = [publishing_rig.plan("sandbox", "picture", n) for n in range(12)]
    publishing_rig.make_due(*ids)
    together = Barrier(4)

    def tick(_: int) -> None:
        together.wait()
        Scheduler(worker_app, lambda queue: None).tick()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tick, range(4)))
    with publishing_rig.app.db.transaction(publishing_rig.tenant.caller) as tx:
        post_ids = tx.scalars(select(Job.payload["post_id"].astext).where(Job.kind == "autopost")).all()
    assert sorted(post_ids) == sorted(ids)
    assert {publishing_rig.post(item_id).state for item_id in ids} == {PostState.PUBLISHING}


def test_a_worker_that_wakes_up_before_its_call_changes_nothing(
    publishing_rig: PublishingRig, workers: Publishers, crash_points: Path
) -> None:
    """It froze between the commit of “submitting” and the call; another one asked, and sent the post. Then it calls."""
    frozen = workers.start()
    post_id = publishing_rig.plan("instagram", "picture", 1)
    publishing_rig.files_prepared()
    (crash_points / post_id).write_text("submitting:freeze")
    publishing_rig.make_due(post_id)
    until(frozen.stopped, what="the freeze")
    assert (publishing_rig.post(post_id).state, publishing_rig.seen()) == (PostState.PUBLISHING, [])
    workers.start()
    until(lambda: not publishing_rig.left(), what="the other worker's post")
    before = publishing_rig.post(post_id)
    frozen.send_signal(signal.SIGCONT)
    until(lambda: "taken over" in workers.logs() or "no longer owns" in workers.logs(), what="the frozen worker's discovery")
    assert publishing_rig.post(post_id) == before
    assert before.state == PostState.PUBLISHED, publishing_rig.story(post_id)
    assert publishing_rig.times_there(post_id) == 1


def test_without_valkey_posts_go_out_all_the_same(publishing_rig: PublishingRig, workers: Publishers, stack: Any) -> None:
    two = [workers.start(threads=2), workers.start(threads=2)]
    ids = [
        publishing_rig.plan(platform, "picture", n)
        for n, platform in enumerate(("sandbox", "instagram", "sandbox", "instagram"))
    ]
    publishing_rig.files_prepared()
    stack.servers["valkey"].stop()
    try:
        publishing_rig.make_due(*ids)
        until(lambda: not publishing_rig.left(), what="the posts")
    finally:
        stack.servers["valkey"].start()
    assert [publishing_rig.times_there(item_id) for item_id in ids] == [1] * len(ids)
    assert {publishing_rig.post(item_id).state for item_id in ids} == {PostState.PUBLISHED}
    assert [worker.poll() for worker in two] == [None, None]
    late = publishing_rig.plan("sandbox", "picture", 9)
    publishing_rig.make_due(late)
    until(lambda: not publishing_rig.left(), what="a post after it")
