"""Choosing references, calibrating, setting the gate, and starting jobs that score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events, influencers, jobs
from backend.db.tables import IdentityProfile, PictureCheck
from backend.engines.ports.identity import IdentityEngine
from backend.engines.ports.identity_rules import MIN_REFERENCES, IdentityReference
from backend.errors import Invalid
from backend.identity.queries import candidates, count_unscored, profile
from backend.identity.schemas import (
    CalibrationPayload,
    GatePolicy,
    IdentityProfileCard,
    PictureProvenance,
    ScoredPicture,
    ScoringPayload,
)
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import tr_lazy, tr_lazy_plural
from backend.undo import watch


def calibrate(tx: Session, influencer_id: str, *, engine: IdentityEngine, request_key: str) -> JobCard:
    """Enqueues the job that reads the references. `engine`: `app.engines.identity`.

    Raises NotFound, Invalid: no embedder here, or too few references.
    """
    current = profile(tx, influencer_id, engine=engine)
    if not engine.embedder or current.candidates < MIN_REFERENCES:
        too_few = tr_lazy("There are fewer than {n} included pictures left. Include some more.", n=MIN_REFERENCES)
        raise Invalid(current.why or too_few)
    influencer = influencers.get(tx, influencer_id)
    job = jobs.enqueue(
        tx,
        kind="identity-calibration",
        payload=CalibrationPayload(influencer_id=influencer_id),
        title=tr_lazy("Learn {name}'s face", name=influencer.name),
        request_key=request_key,
        subject=("influencer", influencer_id),
    )
    _upsert_profile(tx, influencer_id, job_id=job.id)
    return job


def calibrate_on_first_use(tx: Session, influencer_id: str, *, base: str, engine: IdentityEngine) -> JobCard | None:
    """Enqueues the first calibration when pictures are drawn of an influencer who has enough references. None: nothing to
    do."""
    row = tx.scalars(select(IdentityProfile).where(IdentityProfile.influencer_id == influencer_id)).one_or_none()
    if (row and (row.job_id or row.gate == "off")) or engine.unsupported_reason(base) or not engine.embedder:
        return None
    if len(candidates(tx, influencer_id)) < MIN_REFERENCES:
        return None
    return calibrate(tx, influencer_id, engine=engine, request_key=f"introduce/{influencer_id}")


def set_policy(tx: Session, influencer_id: str, policy: GatePolicy, *, engine: IdentityEngine) -> IdentityProfileCard:
    """Sets gate and threshold for pictures drawn from now on; stored scores do not change. Raises NotFound, Invalid."""
    influencers.get_locked(tx, influencer_id)
    current = profile(tx, influencer_id, engine=engine)
    if policy.line is not None and current.calibrated_line is None:
        raise Invalid(tr_lazy("Calibrate first: a threshold means nothing without references."))
    own_line = None if policy.line == current.calibrated_line else policy.line
    with watch(tx, "influencer.face_check", influencer_id):
        store_policy(tx, influencer_id, gate=policy.gate, extra_max=policy.extra_max, line=own_line)
    return profile(tx, influencer_id, engine=engine)


def store_policy(tx: Session, influencer_id: str, *, gate: str, extra_max: int, line: float | None) -> None:
    """`line` None: the calibrated one."""
    _upsert_profile(tx, influencer_id, gate=gate, extra_max=extra_max, line=line)
    events.record(tx, "identity.gate", "influencer", influencer_id, {"gate": gate, "extra_max": extra_max, "line": line})


def choose_references(
    tx: Session, influencer_id: str, asset_ids: Sequence[str], *, engine: IdentityEngine
) -> IdentityProfileCard:
    """Sets the references for the next calibration; an empty list: all included pictures. Raises NotFound, Invalid."""
    influencers.get_locked(tx, influencer_id)
    included = {candidate.asset_id for candidate in candidates(tx, influencer_id)}
    if set(asset_ids) - included:
        raise Invalid(tr_lazy("Choose references among the included pictures of this influencer's datasets."))
    if asset_ids and len(set(asset_ids)) < MIN_REFERENCES:
        raise Invalid(tr_lazy("Choose at least {n} references, or none to use all.", n=MIN_REFERENCES))
    _upsert_profile(tx, influencer_id, picked=list(dict.fromkeys(asset_ids)))
    return profile(tx, influencer_id, engine=engine)


def score_missing(tx: Session, influencer_id: str, *, engine: IdentityEngine, request_key: str) -> JobCard:
    """Enqueues the job that scores pictures without a score. Raises NotFound, Invalid (not calibrated, or nothing to do)."""
    current = profile(tx, influencer_id, engine=engine)
    if not current.embedder or current.embedder != engine.embedder:
        raise Invalid(current.stale or current.why or tr_lazy("Calibrate first: pictures are scored against the references."))
    if not count_unscored(tx, influencer_id):
        raise Invalid(tr_lazy("Every picture of this influencer has a score already."))
    return jobs.enqueue(
        tx,
        kind="identity-scoring",
        payload=ScoringPayload(influencer_id=influencer_id),
        title=tr_lazy_plural(
            "Score {n:,} picture of {name}",
            "Score {n:,} pictures of {name}",
            current.unscored,
            name=influencers.get(tx, influencer_id).name,
        ),
        request_key=request_key,
        subject=("influencer", influencer_id),
    )


def save_calibration(
    tx: Session,
    influencer_id: str,
    *,
    reference: IdentityReference,
    references: Sequence[ScoredPicture],
    source: str,
    line: float,
) -> None:
    """Stores the result of a calibration. A threshold set by hand is kept only if the embedder is still the same."""
    before = tx.execute(
        select(IdentityProfile.embedder, IdentityProfile.line).where(IdentityProfile.influencer_id == influencer_id)
    ).one_or_none()
    own_line = before.line if before and before.embedder == reference.embedder else None
    _upsert_profile(
        tx,
        influencer_id,
        embedder=reference.embedder,
        reference={"centroid": [round(x, 7) for x in reference.centroid], "traits": reference.traits},
        shots=[
            {"asset_id": reference_picture.asset_id, "score": round(reference_picture.score, 4)}
            for reference_picture in references
        ],
        source=source,
        calibrated_line=line,
        line=own_line,
        calibrated_at=func.clock_timestamp(),
    )
    events.record(tx, "identity.calibrated", "influencer", influencer_id, {"embedder": reference.embedder, "line": line})


_NOW = func.clock_timestamp()


def provenance_row(record: PictureProvenance) -> PictureCheck:
    """The row of a new picture, to be inserted with it. Its `scored_at` is the time of the insert, if there is a score."""
    row = PictureCheck(**_provenance_values(record))
    if record.embedder:
        row.scored_at = _NOW
    return row


def save_provenance(tx: Session, record: PictureProvenance) -> None:
    """Stores how a picture was made. If that is stored already, only embedder, reason and time of the score are updated."""
    tx.flush()
    row = insert(PictureCheck).values(**_provenance_values(record), scored_at=_NOW if record.embedder else None)
    new_score = {name: row.excluded[name] for name in ("embedder", "why", "scored_at")}
    tx.execute(row.on_conflict_do_update(index_elements=["tenant_id", "picture_id"], set_=new_score))


def _provenance_values(record: PictureProvenance) -> dict[str, Any]:
    return {
        "picture_id": record.picture_id,
        "embedder": record.embedder,
        "why": record.why,
        "loras": [{name: getattr(lora, name) for name in lora.__slots__} for lora in record.loras],
        "template": record.template,
        "near_picture_id": record.near_picture_id,
        "near_bits": record.near_bits,
    }


def _upsert_profile(tx: Session, influencer_id: str, **values: Any) -> None:
    row = insert(IdentityProfile).values(id=new_id("idp"), influencer_id=influencer_id, **values)
    on_conflict = {**values, "updated_at": func.clock_timestamp()}
    tx.execute(row.on_conflict_do_update(index_elements=["tenant_id", "influencer_id"], set_=on_conflict))
