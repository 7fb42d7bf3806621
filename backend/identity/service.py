"""Choosing references, calibrating, setting the gate, and asking for scores that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events, influencers, jobs
from backend.db.pipelining import Statement, execute_pipelined
from backend.db.tables import IdentityProfile, PictureCheck
from backend.engines.identity.port import IdentityEngine
from backend.engines.identity.rules import MIN_REFERENCES, Reference
from backend.errors import Invalid
from backend.identity.queries import candidates, profile, unscored
from backend.identity.schemas import CalibrationPayload, Check, Policy, Profile, ScoredPicture, ScoringPayload
from backend.jobs import JobCard
from backend.kit.ids import new_id


def calibrate(tx: Session, influencer_id: str, *, engine: IdentityEngine, request_key: str) -> JobCard:
    """Asks for the job that reads the references. `engine`: `app.engines.identity`.

    Raises NotFound, Invalid: no embedder here, or too few references.
    """
    now = profile(tx, influencer_id, engine=engine)
    if not engine.embedder or now.candidates < MIN_REFERENCES:
        raise Invalid(now.why or f"There are fewer than {MIN_REFERENCES} included pictures left. Include some more.")
    who = influencers.get(tx, influencer_id)
    job = jobs.enqueue(
        tx,
        kind="identity-calibration",
        payload=CalibrationPayload(influencer_id=influencer_id),
        title=f"Who is {who.name}?",
        request_key=request_key,
        subject=("influencer", influencer_id),
    )
    _set(tx, influencer_id, job_id=job.id)
    return job


def calibrate_on_first_use(tx: Session, influencer_id: str, *, base: str, engine: IdentityEngine) -> JobCard | None:
    """The first calibration, asked for once by the first pictures of somebody who has references. None: nothing to do."""
    row = tx.scalars(select(IdentityProfile).where(IdentityProfile.influencer_id == influencer_id)).one_or_none()
    if (row and (row.job_id or row.gate == "off")) or engine.refuses(base) or not engine.embedder:
        return None
    if len(candidates(tx, influencer_id)) < MIN_REFERENCES:
        return None
    return calibrate(tx, influencer_id, engine=engine, request_key=f"introduce/{influencer_id}")


def set_policy(tx: Session, influencer_id: str, policy: Policy, *, engine: IdentityEngine) -> Profile:
    """Counts for pictures drawn from now on; a score that is frozen stays as it is. Raises NotFound, Invalid."""
    now = profile(tx, influencer_id, engine=engine)
    if policy.line is not None and now.calibrated_line is None:
        raise Invalid("Calibrate first: a threshold means nothing without references.")
    own = None if policy.line == now.calibrated_line else policy.line
    _set(tx, influencer_id, gate=policy.gate, extra_max=policy.extra_max, line=own)
    events.record(tx, "identity.gate", "influencer", influencer_id, policy.model_dump())
    return profile(tx, influencer_id, engine=engine)


def pick(tx: Session, influencer_id: str, asset_ids: Sequence[str], *, engine: IdentityEngine) -> Profile:
    """These pictures are the references from the next calibration on; none: all included ones. Raises NotFound, Invalid."""
    offered = {one.asset_id for one in candidates(tx, influencer_id)}
    if set(asset_ids) - offered:
        raise Invalid("Choose references among the included pictures of this influencer's datasets.")
    if asset_ids and len(set(asset_ids)) < MIN_REFERENCES:
        raise Invalid(f"Choose at least {MIN_REFERENCES} references, or none to use all.")
    _set(tx, influencer_id, picked=list(dict.fromkeys(asset_ids)))
    return profile(tx, influencer_id, engine=engine)


def score_missing(tx: Session, influencer_id: str, *, engine: IdentityEngine, request_key: str) -> JobCard:
    """Asks for scores of pictures that have none. Raises NotFound, Invalid (not calibrated, or nothing to do)."""
    now = profile(tx, influencer_id, engine=engine)
    if not now.embedder or now.embedder != engine.embedder:
        raise Invalid(now.stale or now.why or "Calibrate first: pictures are scored against the references.")
    if not unscored(tx, influencer_id):
        raise Invalid("Every picture of this influencer has a score already.")
    return jobs.enqueue(
        tx,
        kind="identity-scoring",
        payload=ScoringPayload(influencer_id=influencer_id),
        title=f"Score {now.unscored} pictures of {influencers.get(tx, influencer_id).name}",
        request_key=request_key,
        subject=("influencer", influencer_id),
    )


def keep_calibration(
    tx: Session, influencer_id: str, *, reference: Reference, shots: Sequence[ScoredPicture], source: str, line: float
) -> None:
    """What a calibration found. A person's own threshold outlives it only for the same embedder."""
    before = tx.execute(
        select(IdentityProfile.embedder, IdentityProfile.line).where(IdentityProfile.influencer_id == influencer_id)
    ).one_or_none()
    own = before.line if before and before.embedder == reference.embedder else None
    _set(
        tx,
        influencer_id,
        embedder=reference.embedder,
        reference={"centroid": [round(x, 7) for x in reference.centroid], "traits": reference.traits},
        shots=[{"asset_id": shot.asset_id, "score": round(shot.score, 4)} for shot in shots],
        source=source,
        calibrated_line=line,
        line=own,
        calibrated_at=func.clock_timestamp(),
    )
    events.record(tx, "identity.calibrated", "influencer", influencer_id, {"embedder": reference.embedder, "line": line})


_FROZEN = ("picture_id", "embedder", "why", "loras", "template", "near_picture_id", "near_bits")
_NEW = insert(PictureCheck).values(
    {name: bindparam(name) for name in _FROZEN}
    | {"scored_at": case((bindparam("embedder", type_=Text) != "", func.clock_timestamp()))}
)
_FREEZE = _NEW.on_conflict_do_update(
    index_elements=["tenant_id", "picture_id"],
    set_={name: _NEW.excluded[name] for name in ("embedder", "why", "scored_at")},
)


def freezing(check: Check) -> Statement:
    """Writes what is frozen about a new picture, once; a later score fills in embedder and reason only."""
    loras = [{name: getattr(lora, name) for name in lora.__slots__} for lora in check.loras]
    near = {"near_picture_id": check.near_picture_id, "near_bits": check.near_bits}
    words = {"picture_id": check.picture_id, "embedder": check.embedder, "why": check.why}
    return _FREEZE, {**words, "loras": loras, "template": check.template, **near}


def freeze(tx: Session, check: Check) -> None:
    """`freezing`, alone."""
    tx.flush()
    execute_pipelined(tx, [freezing(check)])


def _set(tx: Session, influencer_id: str, **values: Any) -> None:
    new = insert(IdentityProfile).values(id=new_id("idp"), influencer_id=influencer_id, **values)
    again = {**values, "updated_at": func.clock_timestamp()}
    tx.execute(new.on_conflict_do_update(index_elements=["tenant_id", "influencer_id"], set_=again))
