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
from backend.engines.identity import rules as scores
from backend.engines.identity.port import Reading
from backend.errors import Invalid, Rejected
from backend.identity import rules
from backend.identity.schemas import CalibrationPayload, Candidate, Check, Judge, ScoredPicture, ScoringPayload, Verdict
from backend.jobs.context import JobContext

_BATCH = 16


def calibrate(ctx: JobContext, payload: CalibrationPayload) -> dict[str, Any]:
    """Result: how many references there are, the threshold, and how many of them pass it."""
    embedder = ctx.app.engines.identity.embedder
    if not embedder:
        raise Invalid(ctx.app.engines.identity.refuses(""))
    chosen = ctx.step("choose", partial(_choose, ctx, payload.influencer_id)) or {}
    references = [Candidate(**one) for one in chosen["references"]]
    readings = _readings(ctx, references, embedder)
    common, alone = scores.reference(readings), scores.leave_one_out(readings)
    line = scores.threshold(alone, traits=len(common.traits))
    shots = [ScoredPicture(one.asset_id, mark) for one, mark in zip(references, alone, strict=True)]
    with ctx.transaction() as tx:
        first = not tx.scalar(_embedder_of(payload.influencer_id))
        identity.keep_calibration(tx, payload.influencer_id, reference=common, shots=shots, source=chosen["source"], line=line)
        if first and identity.unscored(tx, payload.influencer_id):
            engine = ctx.app.engines.identity
            identity.score_missing(tx, payload.influencer_id, engine=engine, request_key=f"{ctx.job_id}/score")
    return {"references": len(shots), "threshold": line, "passing": scores.passing(alone, line)}


def score_missing(ctx: JobContext, payload: ScoringPayload) -> dict[str, Any]:
    """Result: how many pictures were scored and how many were left out. The gate holds and rejects, and draws nothing anew."""
    bases = {card.name: card.base for card in ctx.app.engines.image.models()}
    with ctx.transaction() as tx:
        total, after = identity.unscored(tx, payload.influencer_id), ""
    done = scored = 0
    while batch := _unscored(ctx, payload.influencer_id, after):
        for picture_id, key, model in batch:
            verdict = _look(ctx, payload.influencer_id, key, bases.get(model, model))
            with ctx.transaction() as tx:
                _write(tx, payload.influencer_id, picture_id, verdict)
            done, scored, after = done + 1, scored + (verdict.score is not None), picture_id
            ctx.progress(done, total, "scoring")
    return {"scored": scored, "left": done - scored}


def _embedder_of(influencer_id: str) -> Select[str]:
    return select(IdentityProfile.embedder).where(IdentityProfile.influencer_id == influencer_id)


def _choose(ctx: JobContext, influencer_id: str) -> dict[str, Any]:
    """Fixed once a job: a retry calibrates on the same pictures."""
    with ctx.transaction() as tx:
        offered = identity.candidates(tx, influencer_id)
        picked = tx.scalar(select(IdentityProfile.picked).where(IdentityProfile.influencer_id == influencer_id)) or []
        source = identity.source(tx, influencer_id)
    wanted = [one for one in offered if one.asset_id in set(picked)] if picked else offered
    return {"references": [asdict(one) for one in rules.spread(wanted)], "source": source}


def _readings(ctx: JobContext, references: Sequence[Candidate], embedder: str) -> list[Reading]:
    """A worker that comes back with another embedder reads them anew: what the one before read is never compared with it."""
    made: list[Reading] = []
    for start in range(0, len(references), _BATCH):
        batch = references[start : start + _BATCH]
        ctx.progress(start, len(references), "reading the references")
        told = ctx.step(f"read-{start}-{embedder}", partial(_read, ctx, batch, start, len(references))) or {}
        made += [Reading.of(one) for one in told["readings"]]
    if any(one.embedder != embedder for one in made):
        raise Rejected("The embedder changed while the references were read. Calibrate again.")
    return made


def _read(ctx: JobContext, batch: Sequence[Candidate], start: int, total: int) -> dict[str, Any]:
    paths = []
    for n, one in enumerate(batch):
        paths.append(ctx.workdir / f"reference-{start + n}{Path(one.key).suffix}")
        ctx.app.storage.get_file(one.key, paths[-1])
        ctx.check()
    try:
        say = partial(_say, ctx, start, total)
        return {"readings": [asdict(reading) for reading in identity.read(ctx, paths, on_read=say)]}
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


def _say(ctx: JobContext, start: int, total: int, n: int) -> None:
    ctx.progress(start + n, total, "reading the references")


def _unscored(ctx: JobContext, influencer_id: str, after: str) -> list[tuple[str, str, str]]:
    """(picture, storage key, model) of the next ones in order of making."""
    query = select(Picture.id, Asset.key, Generation.recipe["model"].astext).join(Asset, Asset.id == Picture.asset_id)
    query = query.join(Generation, Generation.id == Picture.generation_id)
    where = Picture.influencer_id == influencer_id, Picture.identity_score.is_(None), Picture.deleted_at.is_(None)
    with ctx.transaction() as tx:
        found = tx.execute(query.where(*where, Picture.id > after).order_by(Picture.id).limit(_BATCH))
        return [(picture_id, key, model) for picture_id, key, model in found]


def _look(ctx: JobContext, influencer_id: str, key: str, base: str) -> Verdict:
    """An engine that is down fails the job, which is tried again; a file that is no picture only has no score."""
    with ctx.transaction() as tx:
        judge: Judge = identity.judge(tx, influencer_id, base=base, engine=ctx.app.engines.identity)
    if judge.reference is None:
        return Verdict(why=judge.why)
    path = ctx.workdir / f"picture{Path(key).suffix}"
    ctx.app.storage.get_file(key, path)
    try:
        [reading] = identity.read(ctx, [path])
    except Rejected as error:
        return Verdict(why=error.message)
    finally:
        path.unlink(missing_ok=True)
    return identity.score(judge, reading)


def _write(tx: Session, influencer_id: str, picture_id: str, verdict: Verdict) -> None:
    """A score is written once; what a person has decided stays."""
    gate = tx.scalar(select(IdentityProfile.gate).where(IdentityProfile.influencer_id == influencer_id)) or "off"
    decided = identity.check(tx, picture_id).decision
    values: dict[str, Any] = {"identity_score": verdict.score, "identity_line": verdict.line}
    if not decided:
        values["gate"] = rules.state(gate, verdict)  # type: ignore[arg-type]  # a CHECK keeps it to the words
    tx.execute(update(Picture).where(Picture.id == picture_id, Picture.identity_score.is_(None)).values(**values))
    identity.freeze(tx, Check(picture_id, embedder=verdict.embedder, why=verdict.why))
