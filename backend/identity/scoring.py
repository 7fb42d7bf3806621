"""Scoring a picture inside a job: the engine is asked, the job stays in charge, and an engine that is down stops nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from backend.engines.events import Output
from backend.engines.identity import rules as scores
from backend.engines.identity.port import IdentityRequest, Reading
from backend.errors import EngineError
from backend.identity.schemas import Judge, Verdict
from backend.jobs.context import JobContext


def read(ctx: JobContext, pictures: Sequence[Path], *, on_read: Callable[[int], None] = lambda n: None) -> list[Reading]:
    """Readings in order. The job's progress is left alone. Raises what `ctx.check` and the engine raise."""
    folder = ctx.workdir / "identity"
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Reading] = []
    events = ctx.app.engines.identity.run(IdentityRequest(tuple(pictures), folder))
    try:
        for event in events:
            ctx.check()
            if isinstance(event, Output):
                made.append(Reading.load(event.path))
                on_read(len(made))
    finally:
        events.close()
        shutil.rmtree(folder, ignore_errors=True)
    return made


def look(ctx: JobContext, judge: Judge, picture: Path) -> Verdict:
    """The picture's verdict. An engine that fails gives one without a score and with the reason."""
    if judge.reference is None:
        return Verdict(why=judge.why)
    try:
        [reading] = read(ctx, [picture])
    except EngineError as error:
        ctx.log(f"No identity score: {error.message}", level="warning")
        return Verdict(why=error.message)
    return score(judge, reading)


def score(judge: Judge, reading: Reading) -> Verdict:
    """Against the judge's reference, which must be there."""
    assert judge.reference is not None
    return Verdict(round(scores.score(judge.reference, reading), 4), judge.line, reading.embedder)
