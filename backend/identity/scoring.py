"""Scoring a picture inside a job. A failing engine costs the score, not the job."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from backend.engines.ports import identity_rules as scores
from backend.engines.ports.events import Output
from backend.engines.ports.identity import IdentityRequest, Reading
from backend.errors import EngineError
from backend.identity.schemas import IdentityScore, ScoringContext
from backend.jobs.context import JobContext
from backend.language import tr_lazy


def read_pictures(
    ctx: JobContext, pictures: Sequence[Path], *, on_read: Callable[[int], None] = lambda n: None
) -> list[Reading]:
    """Readings in order. The job's progress is left alone. Raises what `ctx.check` and the engine raise."""
    folder = ctx.workdir / "identity"
    folder.mkdir(parents=True, exist_ok=True)
    readings: list[Reading] = []
    events = ctx.app.engines.identity.run(IdentityRequest(tuple(pictures), folder))
    try:
        for event in events:
            ctx.check()
            if isinstance(event, Output):
                readings.append(Reading.load(event.path))
                on_read(len(readings))
    finally:
        events.close()
        shutil.rmtree(folder, ignore_errors=True)
    return readings


def score_picture(ctx: JobContext, context: ScoringContext, picture: Path) -> IdentityScore:
    """The picture's score. When the engine fails: no score, and the reason in `why`."""
    if context.reference is None:
        return IdentityScore(why=context.why)
    try:
        [reading] = read_pictures(ctx, [picture])
    except EngineError as error:
        ctx.log(tr_lazy("No face match: {reason}", reason=error.message), level="warning")
        return IdentityScore(why=error.message)
    return score_reading(context, reading)


def score_reading(context: ScoringContext, reading: Reading) -> IdentityScore:
    """Compares a reading with the context's reference, which must not be None."""
    assert context.reference is not None
    return IdentityScore(round(scores.score(context.reference, reading), 4), context.line, reading.embedder)
