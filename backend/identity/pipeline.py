"""The jobs: read the references and calibrate; score pictures that were made while nothing could score them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from backend import identity
from backend.db.tables import Asset, Generation, IdentityProfile, Picture
from backend.engines.ports import identity_rules as scores
from backend.engines.ports.identity import Reading
from backend.errors import Invalid, Rejected
from backend.identity import rules
from backend.identity.schemas import (
    CalibrationPayload,
    Candidate,
    IdentityScore,
    PictureProvenance,
    ScoredPicture,
    ScoringContext,
    ScoringPayload,
)
from backend.jobs.context import JobContext
from backend.language import tr_lazy

_BATCH = 16


def calibrate(ctx: JobContext, payload: CalibrationPayload) -> dict[str, Any]:
    """Reads the references and sets the threshold. Result: {"references", "threshold", "passing"} (references that pass it)."""
    embedder = ctx.app.engines.identity.embedder
    if not embedder:
        raise Invalid(ctx.app.engines.identity.unsupported_reason(""))
    chosen = ctx.step("choose", partial(_choose_references, ctx, payload.influencer_id)) or {}
    references = [Candidate(**candidate) for candidate in chosen["references"]]
    readings = _read_references(ctx, references, embedder)
    common, scores_alone = scores.build_reference(readings), scores.leave_one_out(readings)
    line = scores.threshold(scores_alone, traits=len(common.traits))
    scored_references = [
        ScoredPicture(candidate.asset_id, reference_score)
        for candidate, reference_score in zip(references, scores_alone, strict=True)
    ]
    with ctx.transaction() as tx:
        first = not tx.scalar(_embedder_of(payload.influencer_id))
        identity.save_calibration(
            tx, payload.influencer_id, reference=common, references=scored_references, source=chosen["source"], line=line
        )
        if first and identity.count_unscored(tx, payload.influencer_id):
            engine = ctx.app.engines.identity
            identity.score_missing(tx, payload.influencer_id, engine=engine, request_key=f"{ctx.job_id}/score")
    return {"references": len(scored_references), "threshold": line, "passing": scores.count_passing(scores_alone, line)}


def score_missing(ctx: JobContext, payload: ScoringPayload) -> dict[str, Any]:
    """Scores pictures that have no score. Result: {"scored", "left"}. The gate holds or rejects them; none is drawn again."""
    bases = {card.name: card.base for card in ctx.app.engines.image.models()}
    with ctx.transaction() as tx:
        total, after = identity.count_unscored(tx, payload.influencer_id), ""
    done = scored = 0
    while batch := _next_unscored(ctx, payload.influencer_id, after):
        for picture_id, key, model in batch:
            score = _score_stored_picture(ctx, payload.influencer_id, key, bases.get(model, model))
            with ctx.transaction() as tx:
                _save_score(tx, payload.influencer_id, picture_id, score)
            done, scored, after = done + 1, scored + (score.score is not None), picture_id
            ctx.progress(done, total, tr_lazy("scoring"))
    return {"scored": scored, "left": done - scored}


def _embedder_of(influencer_id: str) -> Select[str]:
    return select(IdentityProfile.embedder).where(IdentityProfile.influencer_id == influencer_id)


def _choose_references(ctx: JobContext, influencer_id: str) -> dict[str, Any]:
    """The references, chosen in a step of their own so that a retry calibrates on the same pictures."""
    with ctx.transaction() as tx:
        included = identity.candidates(tx, influencer_id)
        picked = tx.scalar(select(IdentityProfile.picked).where(IdentityProfile.influencer_id == influencer_id)) or []
        source = identity.candidates_fingerprint(tx, influencer_id)
    chosen = [candidate for candidate in included if candidate.asset_id in set(picked)] if picked else included
    return {"references": [asdict(candidate) for candidate in rules.evenly_spaced(chosen)], "source": source}


def _read_references(ctx: JobContext, references: Sequence[Candidate], embedder: str) -> list[Reading]:
    """Readings of all references. The embedder is part of the step's name: a retry with another one reads everything again, as
    readings of two embedders cannot be compared.
    """
    readings: list[Reading] = []
    for start in range(0, len(references), _BATCH):
        batch = references[start : start + _BATCH]
        ctx.progress(start, len(references), tr_lazy("reading the references"))
        result = ctx.step(f"read-{start}-{embedder}", partial(_read_batch, ctx, batch, start, len(references))) or {}
        readings += [Reading.from_json(item) for item in result["readings"]]
    if any(item.embedder != embedder for item in readings):
        raise Rejected(tr_lazy("The measuring model changed while the references were read. Calibrate again."))
    return readings


def _read_batch(ctx: JobContext, batch: Sequence[Candidate], start: int, total: int) -> dict[str, Any]:
    paths = []
    for n, candidate in enumerate(batch):
        paths.append(ctx.workdir / f"reference-{start + n}{Path(candidate.key).suffix}")
        ctx.app.storage.get_file(candidate.key, paths[-1])
        ctx.check()
    try:
        report = partial(_report_progress, ctx, start, total)
        return {"readings": [asdict(reading) for reading in identity.read_pictures(ctx, paths, on_read=report)]}
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


def _report_progress(ctx: JobContext, start: int, total: int, n: int) -> None:
    ctx.progress(start + n, total, tr_lazy("reading the references"))


def _next_unscored(ctx: JobContext, influencer_id: str, after: str) -> list[tuple[str, str, str]]:
    """(picture id, storage key, model) of the next pictures without a score, oldest first."""
    query = select(Picture.id, Asset.key, Generation.recipe["model"].astext).join(Asset, Asset.id == Picture.asset_id)
    query = query.join(Generation, Generation.id == Picture.generation_id)
    where = Picture.influencer_id == influencer_id, Picture.identity_score.is_(None), Picture.deleted_at.is_(None)
    with ctx.transaction() as tx:
        rows = tx.execute(query.where(*where, Picture.id > after).order_by(Picture.id).limit(_BATCH))
        return [(picture_id, key, model) for picture_id, key, model in rows]


def _score_stored_picture(ctx: JobContext, influencer_id: str, key: str, base: str) -> IdentityScore:
    """Scores one picture. A failing engine raises, and the job is retried; an unreadable picture gets no score."""
    with ctx.transaction() as tx:
        context: ScoringContext = identity.scoring_context(tx, influencer_id, base=base, engine=ctx.app.engines.identity)
    if context.reference is None:
        return IdentityScore(why=context.why)
    path = ctx.workdir / f"picture{Path(key).suffix}"
    ctx.app.storage.get_file(key, path)
    try:
        [reading] = identity.read_pictures(ctx, [path])
    except Rejected as error:
        return IdentityScore(why=error.message)
    finally:
        path.unlink(missing_ok=True)
    return identity.score_reading(context, reading)


def _save_score(tx: Session, influencer_id: str, picture_id: str, score: IdentityScore) -> None:
    """Writes the score unless there is one; the gate only where nobody has decided."""
    gate = tx.scalar(select(IdentityProfile.gate).where(IdentityProfile.influencer_id == influencer_id)) or "off"
    decided = identity.provenance(tx, picture_id).decision
    values: dict[str, Any] = {"identity_score": score.score, "identity_line": score.line}
    if not decided:
        values["gate"] = rules.gate_state(gate, score)  # type: ignore[arg-type]  # a CHECK keeps it to the words
    tx.execute(update(Picture).where(Picture.id == picture_id, Picture.identity_score.is_(None)).values(**values))
    identity.save_provenance(tx, PictureProvenance(picture_id, embedder=score.embedder, why=score.why))
