"""A publisher that is killed at random while the platform fails at random: never twice, and what it says is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from backend.engines.ports.events import Handle
from backend.platforms import errors
from backend.platforms.port import AccountAccess, NotPublished, PostRequest, PublishAccepted, Published, Unknown
from tests.backend.platforms.benches import Bench

MakeBench = Callable[[str, str], Bench]
WAYS = [
    ("instagram", "picture"),
    ("instagram", "carousel"),
    ("tiktok", "video"),
    ("tiktok", "picture"),
    ("youtube", "short"),
    ("sandbox", "carousel"),
]
SWITCHES = {
    "instagram": ["lose_publish", "publish_500", "publish_down", "spam_but_live", "fetch_fails", "lose_create", "missing"],
    "tiktok": ["lose_init", "init_500", "lose_last", "last_500", "lose_chunk", "chunk_500", "url_expired"],
    "youtube": ["lose_last", "last_500", "lose_chunk", "half_chunk", "nothing_stored", "chunk_503", "lose_start"],
    "sandbox": ["lose_publish", "publish_500", "publish_down", "lose_create", "refuse_token", "forget_draft", "too_many_calls"],
}
RUNS, TURNS = 6, 60


class Killed(Exception):
    """The process ended here: nothing that it had not kept is known any more."""


@dataclass
class Publisher:
    """The least that the port asks of who uses it: the row is `handle` and `submitting`, everything else is forgotten."""

    bench: Bench
    post: PostRequest
    random: Random
    handle: dict[str, Any] | None = None
    submitting: bool = False
    end: str = ""
    log: list[str] = field(default_factory=list)

    def turn(self) -> None:
        try:
            self._settle() if self.submitting else self._publish()
        except Killed:
            self.log.append("killed")
        except errors.OutcomeUnknown:
            self.log.append("unknown")
        except errors.TokenRefused:
            self.bench.access = AccountAccess(*self.bench.server.account(self.bench.account))
            self.submitting = self.submitting and "finalize" not in self.log[-1:]
        except errors.PrepareAgain:
            self.handle, self.submitting = None, False
        except (errors.Transient, errors.RateLimitedByPlatform):
            self.submitting = self.submitting and "finalize" not in self.log[-1:]
            self.bench.server.clock.forward(61)
        except (errors.InvalidPost, errors.Forbidden) as error:
            self.end = f"failed: {error.message}"

    def _publish(self) -> None:
        self.log.append("prepare")
        for event in self.bench.platform.prepare(self.post, self.bench.access, self.handle):
            self.handle = event.value if isinstance(event, Handle) else self.handle
            self._may_die()
        assert self.handle
        publish_status = self.bench.platform.check(self.handle, self.bench.access)
        if publish_status.state in ("failed", "gone"):
            self.handle = None
        if publish_status.state not in ("ready", "published"):
            return
        self.submitting = True  # committed before the irreversible call
        self._may_die()
        if publish_status.state == "published":
            return
        self.log.append("finalize")
        outcome = self.bench.platform.finalize(self.post, self.handle, self.bench.access)
        self.log.append("finalized")
        self._may_die()
        self._hear(outcome)

    def _settle(self) -> None:
        self.log.append("reconcile")
        assert self.handle
        self._hear(self.bench.platform.reconcile(self.handle, self.bench.access, age_s=10**6))

    def _hear(self, outcome: Any) -> None:
        match outcome:
            case Published():
                self.end = "published"
            case PublishAccepted():
                self.handle = outcome.handle
            case NotPublished(error=None):
                self.submitting = False
            case NotPublished(error=error) if error and error.again in ("new", "later"):
                self.handle, self.submitting = None, False
            case NotPublished():
                self.end = f"failed: {outcome.message}"
            case Unknown(ask_again_s=None):
                self.end = "unknown"

    def _may_die(self) -> None:
        if self.random.random() < 0.12:
            raise Killed


@pytest.mark.parametrize("way", WAYS, ids=["-".join(way) for way in WAYS])
def test_never_twice_whatever_happens(make_bench: MakeBench, way: tuple[str, str]) -> None:
    happened: set[str] = set()
    for seed in range(RUNS):
        random = Random(f"{way}{seed}")
        bench = make_bench(*way)
        bench.server.posts.clear()
        bench.server.faults = type(bench.server.faults)()
        publisher = Publisher(bench, bench.post(), random)
        for round_number in range(TURNS):
            if round_number < TURNS // 2 and random.random() < 0.6:  # then it gets well
                bench.server.faults.times[random.choice(SWITCHES[way[0]])] = 1
            if round_number == TURNS // 2:
                bench.server.faults.times.clear()
            publisher.turn()
            assert len(bench.server.posts) <= 1, (seed, publisher.log)
            if publisher.end:
                break
        post_count = len(bench.server.posts)
        assert publisher.end, (seed, publisher.log, publisher.handle)
        blind = way == ("tiktok", "picture")
        assert publisher.end == "published" or blind, (seed, publisher.end, publisher.log)
        assert post_count == 1 if publisher.end == "published" else post_count <= 1, (seed, publisher.end, publisher.log)
        happened |= set(publisher.log)
    assert {"killed", "unknown", "reconcile"} <= happened
