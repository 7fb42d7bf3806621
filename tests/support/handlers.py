"""Job kinds for tests, for real workers: `--handlers tests.support.handlers`."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from backend import jobs
from backend.engines.ports.events import Alive, Event, Output, Progress
from backend.errors import EngineError, EngineUnavailable, Invalid, OutOfMemory, ProcessKilled, RateLimited, Unavailable
from backend.jobs import Handler, JobContext, JobType, Work, register


class Steps(BaseModel):
    """`n` steps; `pause_s` in each."""

    n: int = 3
    pause_s: float = 0.0


class Loop(BaseModel):
    """An engine that works until it is closed; it keeps `marker` on disk while it runs."""

    marker: str
    deaf: bool = False


class Fails(BaseModel):
    """Raises `error` on the first `times` attempts."""

    error: str
    times: int = 1


class Parent(BaseModel):
    children: int = 2
    fail: bool = False


register(
    JobType("test-steps", "cpu", Steps, "tests.support.handlers:steps", "Tests"),
    JobType("test-instant", "cpu", Steps, "tests.support.handlers:steps", "Tests"),
    JobType("test-loop", "cpu", Loop, "tests.support.handlers:loop", "Tests"),
    JobType("test-fails", "cpu", Fails, "tests.support.handlers:fails", "Tests"),
    JobType("test-unwritable", "cpu", Steps, "tests.support.handlers:steps", "Tests"),
    JobType("test-parent", "net", Parent, "tests.support.handlers:parent", "Tests"),
    JobType("test-limited", "cpu", Steps, "tests.support.handlers:steps", "Tests", limit_setting="jobs.concurrency_training"),
    JobType("test-draw", "gpu", Steps, "tests.support.handlers:device", "Tests", device="image"),
    JobType("test-train", "gpu", Steps, "tests.support.handlers:device", "Tests", device="trainer"),
)

ERRORS: dict[str, Exception] = {
    "invalid": Invalid("The prompt is empty. Write what the picture should show."),
    "memory": OutOfMemory("The card ran out of memory. Choose a smaller size."),
    "down": EngineUnavailable("The engine does not answer. Start it; the job goes on by itself."),
    "rate": RateLimited("Too many requests.", retry_after=0.1),
    "away": Unavailable("The storage does not answer."),
    "killed": ProcessKilled("The engine's process was ended from outside."),
    "bug": ZeroDivisionError("1/0"),
    "unsayable": EngineError("The engine said \x00 and half a \ud83d and ended."),
}


def steps(ctx: JobContext, payload: Steps) -> dict[str, Any]:
    def work(i: int) -> dict[str, Any]:
        threading.Event().wait(payload.pause_s)
        ctx.progress(i + 1, payload.n, "stepping")
        return {"i": i, "attempt": ctx.attempt_id}

    ctx.start_timing(Work("test", "steps", float(payload.n)))
    results = [ctx.step(f"s{i}", lambda i=i: work(i)) for i in range(payload.n)]  # type: ignore[misc]
    ctx.log(f"{payload.n} steps done")
    return {"attempts": [result["attempt"] for result in results if result], "finisher": ctx.attempt_id}


def engine(payload: Loop, stop: threading.Event) -> Generator[Event, None, None]:
    marker = Path(payload.marker)
    marker.write_text("running")
    try:
        n = 0
        while payload.deaf or not stop.wait(0.02):
            n += 1
            if payload.deaf:
                stop.wait(0.02)
            yield Progress(min(n, 1000), 1000, "looping") if n % 2 else Alive()
    finally:
        marker.unlink()


def loop(ctx: JobContext, payload: Loop) -> dict[str, Any]:
    outputs = [event for event in ctx.pump(engine(payload, threading.Event())) if isinstance(event, Output)]
    return {"outputs": len(outputs)}


def fails(ctx: JobContext, payload: Fails) -> dict[str, Any]:
    with ctx.transaction() as tx:
        attempt_n = jobs.get(tx, ctx.job_id).attempt_n
    if attempt_n <= payload.times:
        raise ERRORS[payload.error]
    return {"attempt_n": attempt_n}


def parent(ctx: JobContext, payload: Parent) -> dict[str, Any]:
    def spawn() -> None:
        for i in range(payload.children):
            payload_of_child = Fails(error="invalid", times=99 if payload.fail else 0)
            ctx.spawn_child_job(f"child-{i}", kind="test-fails", payload=payload_of_child, title=f"Child {i}")

    ctx.step("spawn", spawn)
    cards = ctx.wait_for_children()
    return {"children": [card.id for card in cards], "finisher": ctx.attempt_id}


def device(ctx: JobContext, payload: Steps) -> dict[str, Any]:
    steps(ctx, payload)
    return {"device": ctx.device}


HANDLERS = {
    "test-steps": Handler(Steps, steps),
    "test-instant": Handler(Steps, lambda ctx, payload: None),
    "test-loop": Handler(Loop, loop),
    "test-fails": Handler(Fails, fails),
    "test-unwritable": Handler(Steps, lambda ctx, payload: {"name": "no \x00 in Postgres"}),
    "test-parent": Handler(Parent, parent),
    "test-limited": Handler(Steps, steps),
    "test-draw": Handler(Steps, device),
    "test-train": Handler(Steps, device),
}
