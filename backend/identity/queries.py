"""Reading profiles, candidates for references, and the provenance of pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from backend import influencers
from backend.db.tables import Asset, Dataset, DatasetImage, IdentityProfile, Picture, PictureCheck
from backend.engines.ports.identity import IdentityEngine
from backend.engines.ports.identity_rules import MIN_REFERENCES, MIN_TRAITS, IdentityReference
from backend.identity.schemas import (
    Candidate,
    IdentityProfileCard,
    LoraSnapshot,
    PictureProvenance,
    ScoredPicture,
    ScoringContext,
)
from backend.language import tr_lazy

_TOO_FEW_REFERENCES = tr_lazy(
    "Include at least {n} pictures in this influencer's dataset first; 10 or more make the score steadier.", n=MIN_REFERENCES
)


def profile(tx: Session, influencer_id: str, *, engine: IdentityEngine) -> IdentityProfileCard:
    """The profile, also of an influencer that was never calibrated. `engine`: `app.engines.identity`. Raises NotFound."""
    influencers.get(tx, influencer_id)
    row = _row(tx, influencer_id) or IdentityProfile(
        influencer_id=influencer_id, embedder="", reference={}, shots=[], source="", picked=[], gate="mark", extra_max=4
    )
    count, source = tx.execute(_sources(influencer_id)).one()
    return IdentityProfileCard(
        influencer_id=influencer_id,
        embedder=row.embedder,
        traits=row.reference.get("traits", {}),
        shots=tuple(ScoredPicture(**reference) for reference in row.shots),
        picked=tuple(row.picked),
        calibrated_line=row.calibrated_line,
        own_line=row.line,
        gate=row.gate,  # type: ignore[arg-type]  # a CHECK keeps it to the words
        extra_max=row.extra_max,
        job_id=row.job_id,
        calibrated_at=row.calibrated_at,
        candidates=count,
        unscored=count_unscored(tx, influencer_id),
        stale=_stale(row, _fingerprint(source, row.picked), engine),
        why=engine.unsupported_reason("")
        if not engine.embedder
        else ""
        if count >= MIN_REFERENCES or row.embedder
        else _TOO_FEW_REFERENCES,
    )


def candidates(tx: Session, influencer_id: str) -> list[Candidate]:
    """Included pictures of the influencer's datasets, in the order they came in."""
    query = select(Asset.id, Asset.key).join(DatasetImage, DatasetImage.asset_id == Asset.id)
    query = query.join(Dataset, Dataset.id == DatasetImage.dataset_id).where(*_included_pictures(influencer_id))
    return [Candidate(*row) for row in tx.execute(query.order_by(DatasetImage.id))]


def candidates_fingerprint(tx: Session, influencer_id: str) -> str:
    """Fingerprint of the candidates and of the references picked by hand; it changes when either does."""
    row = _row(tx, influencer_id)
    return _fingerprint(tx.execute(_sources(influencer_id)).one()[1], row.picked if row else [])


def scoring_context(tx: Session, influencer_id: str | None, *, base: str, engine: IdentityEngine) -> ScoringContext:
    """How pictures of this influencer, drawn by a model of family `base`, are scored now."""
    row = _row(tx, influencer_id) if influencer_id else None
    if row is None or row.gate == "off" or not row.embedder:
        return ScoringContext()
    gate: dict[str, Any] = {"gate": row.gate, "extra_max": row.extra_max}
    if refusal := engine.unsupported_reason(base):
        return ScoringContext(**gate, why=refusal)
    if row.embedder != engine.embedder:
        return ScoringContext(**gate, why=_other_embedder(row.embedder, engine.embedder))
    stored = row.reference
    reference = IdentityReference(row.embedder, tuple(stored.get("centroid", ())), stored.get("traits", {}))
    line = row.calibrated_line if row.line is None else row.line
    return ScoringContext(reference, line or 0.0, **gate)


def count_unscored(tx: Session, influencer_id: str) -> int:
    where = Picture.influencer_id == influencer_id, Picture.identity_score.is_(None), Picture.deleted_at.is_(None)
    return tx.scalar(select(func.count()).select_from(Picture).where(*where)) or 0


def provenance(tx: Session, picture_id: str) -> PictureProvenance:
    """How a picture was made; empty for one that was made before this was stored."""
    row = tx.scalars(select(PictureCheck).where(PictureCheck.picture_id == picture_id)).one_or_none()
    if row is None:
        return PictureProvenance(picture_id)
    columns = ("picture_id", "embedder", "why", "near_picture_id", "near_bits", "decision", "decided_by", "decided_at")
    return PictureProvenance(
        **{name: getattr(row, name) for name in columns},
        loras=tuple(LoraSnapshot(**lora) for lora in row.loras),
        template=row.template,
    )


def _row(tx: Session, influencer_id: str) -> IdentityProfile | None:
    query = select(IdentityProfile).where(IdentityProfile.influencer_id == influencer_id)
    return tx.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _included_pictures(influencer_id: str) -> tuple[Any, ...]:
    own_datasets = Dataset.influencer_id == influencer_id, Dataset.deleted_at.is_(None)
    return *own_datasets, DatasetImage.included, Asset.state == "stored"


def _sources(influencer_id: str) -> Select[Any]:
    ids = func.string_agg(Asset.id, aggregate_order_by(func.chr(44), Asset.id))
    query = select(func.count(), func.md5(ids)).select_from(Asset)
    query = query.join(DatasetImage, DatasetImage.asset_id == Asset.id).join(Dataset, Dataset.id == DatasetImage.dataset_id)
    return query.where(*_included_pictures(influencer_id))


def _fingerprint(offered: str | None, picked: Sequence[str]) -> str:
    chosen = hashlib.sha256(",".join(picked).encode()).hexdigest()[:12] if picked else "all"
    return f"{offered or ''}:{chosen}"


def _stale(row: IdentityProfile, source: str, engine: IdentityEngine) -> str:
    if not row.embedder:
        return ""
    if engine.embedder and row.embedder != engine.embedder:
        return _other_embedder(row.embedder, engine.embedder)
    if row.source != source:
        return tr_lazy(
            "The pictures to choose from have changed since the references were read. Calibrate again to include them."
        )
    if 0 < len(row.reference.get("traits", {})) < MIN_TRAITS:
        return tr_lazy(
            "The references agree on one trait only, so scores say little. Choose pictures of one person, then calibrate again."
        )
    return ""


def _other_embedder(before: str, now: str) -> str:
    return tr_lazy(
        "The references were read by {before}, but {now} reads pictures now. Calibrate again: until then nothing is scored.",
        before=before,
        now=now,
    )
