"""Scores of a comparison's cells: likeness to the training pictures, and whether the prompt was followed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean
from typing import Any

from sqlalchemy import select, update

from backend import assets, comparisons
from backend.comparisons import verdict
from backend.comparisons.schemas import ComparisonCard, DrawnCell, ScoringInfo
from backend.db.tables import TrainingRun, Trial, TrialCell
from backend.engines.local.starter_model.words import CLOTH_COLORS, SCENES
from backend.engines.ports import identity_rules as identity
from backend.engines.ports.events import Output
from backend.engines.ports.identity import IdentityRequest, Reading
from backend.errors import EngineError, Invalid
from backend.jobs.context import JobContext
from backend.language import tr_lazy

MAX_REFERENCES = 40
_FETCHERS = 6
_PICTURES_ONLY = tr_lazy(
    "The model at IDENTITY_MODEL reads pictures only. A CLIP with its tokenizer could say how well prompts are followed."
)
_NOTHING_KNOWN = tr_lazy(
    "No prompt of this comparison names a place or a colour of clothes that the starter's classifier knows."
)


def score(ctx: JobContext, card: ComparisonCard) -> dict[str, Any]:
    """Writes scores to the cells, and how they were made to the comparison. Result: {"scored"}. A failing engine costs the
    scores, not the job.
    """
    engine = ctx.app.engines.identity
    with ctx.transaction() as tx:
        cells = comparisons.cells(tx, card.id)
    cell_values: list[dict[str, Any]] = []
    if refusal := engine.unsupported_reason(card.plan.base):
        info = ScoringInfo(no_identity=refusal, no_adherence=refusal)
    else:
        try:
            info, cell_values = _score_cells(ctx, card, cells)
        except EngineError as error:
            ctx.log(tr_lazy("The pictures could not be scored: {reason}", reason=error.message), "warning")
            info = ScoringInfo(embedder=engine.embedder, no_identity=error.message, no_adherence=error.message)
    with ctx.transaction() as tx:
        if cell_values:
            tx.execute(update(TrialCell), cell_values)
        tx.execute(update(Trial).where(Trial.id == card.id).values(judged=info.model_dump()))
    return {"scored": len(cell_values)}


def _score_cells(ctx: JobContext, card: ComparisonCard, cells: Sequence[DrawnCell]) -> tuple[ScoringInfo, list[dict[str, Any]]]:
    reference_paths = _reference_files(ctx, card)
    prompts = [card.plan.prompts[cell.prompt_n] for cell in cells]
    readings = _readings(ctx, [*reference_paths, *_cell_files(ctx, cells)], [""] * len(reference_paths) + prompts)
    references, drawn = readings[: len(reference_paths)], readings[len(reference_paths) :]
    by_words = any(reading.agreement is not None for reading in drawn)
    info = ScoringInfo(embedder=ctx.app.engines.identity.embedder, references=len(references), by_words=by_words)
    centre = None
    try:
        centre = identity.build_reference(references)
        info.own = fmean(identity.leave_one_out(references))
    except Invalid as error:
        info.no_identity = error.message
    cell_values = []
    for cell, prompt, reading in zip(cells, prompts, drawn, strict=True):
        seen_traits = verdict.adherence(prompt, reading.traits, SCENES, list(CLOTH_COLORS)) if reading.traits else {}
        values = {"identity": identity.score(centre, reading) if centre else None, "seen": seen_traits}
        cell_values.append(
            {"id": cell.id, **values, "adherence": reading.agreement if by_words else verdict.seen_share(seen_traits)}
        )
    if all(row["adherence"] is None for row in cell_values):
        info.no_adherence = _NOTHING_KNOWN if any(reading.traits for reading in drawn) else _PICTURES_ONLY
    return info, cell_values


def _readings(ctx: JobContext, pictures: Sequence[Path], prompts: Sequence[str]) -> list[Reading]:
    out = ctx.workdir / "readings"
    out.mkdir(parents=True, exist_ok=True)
    events = ctx.app.engines.identity.run(IdentityRequest(tuple(pictures), out, tuple(prompts)))
    by_number = {event.n: Reading.load(event.path) for event in ctx.pump(events) if isinstance(event, Output)}
    return [by_number[n] for n in range(len(pictures))]


def _reference_files(ctx: JobContext, card: ComparisonCard) -> list[Path]:
    """Files of the pictures the run was trained on: at most MAX_REFERENCES, evenly over the dataset."""
    with ctx.transaction() as tx:
        snapshot = tx.scalars(select(TrainingRun.snapshot).where(TrainingRun.id == card.run_id)).one()
        step = max(1, -(-len(snapshot) // MAX_REFERENCES))
        stored_assets = assets.get_many(tx, [item["asset_id"] for item in snapshot[::step]])
    keys = [asset.key for asset in stored_assets.values() if asset.state == "stored"]
    return _fetch_all(ctx, keys, "reference")


def _cell_files(ctx: JobContext, cells: Sequence[DrawnCell]) -> list[Path]:
    with ctx.transaction() as tx:
        stored_assets = assets.get_many(tx, [cell.asset_id for cell in cells])
    return _fetch_all(ctx, [stored_assets[cell.asset_id].key for cell in cells], "cell")


def _fetch_all(ctx: JobContext, keys: Sequence[str], name: str) -> list[Path]:
    paths = [ctx.workdir / f"{name}-{n:03d}{Path(key).suffix}" for n, key in enumerate(keys)]
    with ThreadPoolExecutor(_FETCHERS) as pool:
        for done, _ in enumerate(pool.map(ctx.app.storage.get_file, keys, paths), 1):
            ctx.progress(done, len(keys), tr_lazy("fetching pictures"))
            ctx.check()
    return paths
