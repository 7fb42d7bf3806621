"""Workers die while they publish, each at another moment: every post is on its platform once, or said to be unknown."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from backend.content_plans import PostState
from tests.support.publishing import PublishingRig
from tests.support.publishing_fixtures import Publishers, crash_points, publishing_rig, servers, workers
from tests.support.wait import until

__all__ = ["crash_points", "publishing_rig", "servers", "workers"]
pytestmark = pytest.mark.kill
KILLS = [
    ("instagram", "picture", "preparing"),  # nothing is there yet
    ("instagram", "carousel", "handle"),  # the first container is known, the others are not made
    ("youtube", "video", "handle"),  # the session is known, no byte is sent
    ("tiktok", "video", "prepared"),  # all but the last chunk is there
    ("sandbox", "picture", "checked"),  # the next line would commit "submitting"
    ("instagram", "video", "submitting"),  # committed, the call not made
    ("tiktok", "video", "submitting"),
    ("instagram", "picture", "finalized"),  # it is out, its answer not yet written
    ("youtube", "video", "finalized"),
    ("tiktok", "picture", "finalized"),  # as before, and TikTok has no id to ask by
    ("sandbox", "picture", "published"),  # written, the job not ended
]


def test_a_kill_at_every_moment_on_every_platform(
    publishing_rig: PublishingRig, workers: Publishers, crash_points: Path
) -> None:
    crew = [workers.start() for _ in range(3)]
    ids = [publishing_rig.plan(platform, kind, n) for n, (platform, kind, _) in enumerate(KILLS)]
    publishing_rig.files_prepared()
    for post_id, (_, _, moment) in zip(ids, KILLS, strict=True):
        (crash_points / post_id).write_text(moment)
    publishing_rig.make_due(*ids)
    died: list[int] = []

    def replaced() -> bool:
        for n, worker in enumerate(crew):
            if (code := worker.poll()) is not None:
                died.append(code)
                crew[n] = workers.start()
        return not publishing_rig.left() and not any(crash_points.iterdir())

    until(replaced, 90, what="the end of every post")
    until(lambda: replaced() and len(died) == len(KILLS), 30, what="the last death")
    assert set(died) == {-signal.SIGKILL}
    for post_id, (platform, kind, _) in zip(ids, KILLS, strict=True):
        unknowable = (platform, kind) == ("tiktok", "picture")
        post = publishing_rig.post(post_id)
        assert post.state == (PostState.UNKNOWN if unknowable else PostState.PUBLISHED), publishing_rig.story(post_id)
        assert publishing_rig.times_there(post_id) == 1, publishing_rig.story(post_id)
        assert bool(post.error) == unknowable, publishing_rig.story(post_id)
    assert len(publishing_rig.seen()) == len(KILLS)
