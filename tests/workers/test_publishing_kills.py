"""Workers die while they publish, each at another moment: every post is on its platform once, or said to be unknown."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from backend.content_plans import PostState
from tests.support.publishing import House
from tests.support.publishing_fixtures import Publishers, deaths, house, servers, workers
from tests.support.wait import until

__all__ = ["deaths", "house", "servers", "workers"]
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
    house: House, workers: Publishers, deaths: Path
) -> None:  # fmt: skip
    crew = [workers.start() for _ in range(3)]
    ids = [house.plan(platform, kind, n) for n, (platform, kind, _) in enumerate(KILLS)]
    house.files_prepared()
    for post_id, (_, _, moment) in zip(ids, KILLS, strict=True):
        (deaths / post_id).write_text(moment)
    house.make_due(*ids)
    died: list[int] = []

    def replaced() -> bool:
        for n, worker in enumerate(crew):
            if (code := worker.poll()) is not None:
                died.append(code)
                crew[n] = workers.start()
        return not house.left() and not any(deaths.iterdir())

    until(replaced, 90, what="the end of every post")
    until(lambda: replaced() and len(died) == len(KILLS), 30, what="the last death")
    assert set(died) == {-signal.SIGKILL}
    for post_id, (platform, kind, _) in zip(ids, KILLS, strict=True):
        unknowable = (platform, kind) == ("tiktok", "picture")
        post = house.post(post_id)
        assert post.state == (PostState.UNKNOWN if unknowable else PostState.PUBLISHED), house.story(post_id)
        assert house.times_there(post_id) == 1, house.story(post_id)
        assert bool(post.error) == unknowable, house.story(post_id)
    assert len(house.seen()) == len(KILLS)
