"""Scores of a trial's cells: who is on them against the training pictures, and whether the prompt was listened to."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean
from typing import Any

from sqlalchemy import select, update

from backend import assets, comparisons
from backend.comparisons import verdict
from backend.comparisons.schemas import Cell, Judged, TrialCard
from backend.db.tables import TrainingRun, Trial, TrialCell
from backend.engines.events import Output
from backend.engines.identity import rules as identity
from backend.engines.identity.port import IdentityRequest, Reading
from backend.engines.starter_model.words import CLOTH_COLORS, SCENES
from backend.errors import EngineError, Invalid
from backend.jobs.context import JobContext

MOST_REFERENCES = 40
_FETCHERS = 6
_PICTURES_ONLY = (
    "The model at IDENTITY_MODEL reads pictures only. A CLIP with its tokenizer could say how well prompts are followed."
)
_NOTHING_KNOWN = "No prompt of this comparison names a place or a colour of clothes that the starter's classifier knows."


def score(ctx: JobContext, card: TrialCard) -> dict[str, Any]:
    """Writes scores to the cells, and to the trial how they came about. A failing engine costs numbers, not pictures."""
    engine = ctx.app.engines.identity
    with ctx.transaction() as tx:
        cells = comparisons.cells(tx, card.id)
    figures: list[dict[str, Any]] = []
    if why := engine.refuses(card.plan.base):
        judged = Judged(no_identity=why, no_adherence=why)
    else:
        try:
            judged, figures = _read(ctx, card, cells)
        except EngineError as error:
            ctx.log(f"The pictures could not be scored: {error.message}", "warning")
            judged = Judged(embedder=engine.embedder, no_identity=error.message, no_adherence=error.message)
    with ctx.transaction() as tx:
        if figures:
            tx.execute(update(TrialCell), figures)
        tx.execute(update(Trial).where(Trial.id == card.id).values(judged=judged.model_dump()))
    return {"scored": len(figures)}


def _read(ctx: JobContext, card: TrialCard, cells: Sequence[Cell]) -> tuple[Judged, list[dict[str, Any]]]:
    own = _references(ctx, card)
    prompts = [card.plan.prompts[cell.prompt_n] for cell in cells]
    readings = _readings(ctx, [*own, *_pictures(ctx, cells)], [""] * len(own) + prompts)
    references, drawn = readings[: len(own)], readings[len(own) :]
    by_words = any(reading.agreement is not None for reading in drawn)
    judged = Judged(embedder=ctx.app.engines.identity.embedder, references=len(references), by_words=by_words)
    centre = None
    try:
        centre = identity.reference(references)
        judged.own = fmean(identity.leave_one_out(references))
    except Invalid as error:
        judged.no_identity = error.message
    figures = []
    for cell, prompt, reading in zip(cells, prompts, drawn, strict=True):
        seen = verdict.adherence(prompt, reading.traits, SCENES, list(CLOTH_COLORS)) if reading.traits else {}
        values = {"identity": identity.score(centre, reading) if centre else None, "seen": seen}
        figures.append({"id": cell.id, **values, "adherence": reading.agreement if by_words else verdict.share(seen)})
    if all(one["adherence"] is None for one in figures):
        judged.no_adherence = _NOTHING_KNOWN if any(reading.traits for reading in drawn) else _PICTURES_ONLY
    return judged, figures


def _readings(ctx: JobContext, pictures: Sequence[Path], words: Sequence[str]) -> list[Reading]:
    out = ctx.workdir / "readings"
    out.mkdir(parents=True, exist_ok=True)
    events = ctx.app.engines.identity.run(IdentityRequest(tuple(pictures), out, tuple(words)))
    found = {event.n: Reading.load(event.path) for event in ctx.pump(events) if isinstance(event, Output)}
    return [found[n] for n in range(len(pictures))]


def _references(ctx: JobContext, card: TrialCard) -> list[Path]:
    """The pictures the run was trained on, at most 40 of them, evenly."""
    with ctx.transaction() as tx:
        snapshot = tx.scalars(select(TrainingRun.snapshot).where(TrainingRun.id == card.run_id)).one()
        step = max(1, -(-len(snapshot) // MOST_REFERENCES))
        found = assets.get_many(tx, [item["asset_id"] for item in snapshot[::step]])
    there = [one.key for one in found.values() if one.state == "stored"]
    return _fetched(ctx, there, "reference")


def _pictures(ctx: JobContext, cells: Sequence[Cell]) -> list[Path]:
    with ctx.transaction() as tx:
        found = assets.get_many(tx, [cell.asset_id for cell in cells])
    return _fetched(ctx, [found[cell.asset_id].key for cell in cells], "cell")


def _fetched(ctx: JobContext, keys: Sequence[str], name: str) -> list[Path]:
    paths = [ctx.workdir / f"{name}-{n:03d}{Path(key).suffix}" for n, key in enumerate(keys)]
    with ThreadPoolExecutor(_FETCHERS) as pool:
        for done, _ in enumerate(pool.map(ctx.app.storage.get_file, keys, paths), 1):
            ctx.progress(done, len(keys), "fetching pictures")
            ctx.check()
    return paths
