"""The report of an influencer: how many pictures were made, by which LoRAs, trained on which datasets, and who declared the
rights in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backend import influencers
from backend.db.tables import Asset, Dataset, DatasetImage, Generation, Lora, Picture, PictureLora, TrainingRun, User
from backend.kit.clock import now
from backend.kit.spreadsheets import csv_text


@dataclass(frozen=True, slots=True)
class LoraLine:
    """A LoRA and how many pictures were drawn with it. `run`, `dataset_id`: of the training run; None: uploaded, or deleted."""

    lora_id: str
    name: str
    step: int | None
    sha256: str
    pictures: int
    run: str | None
    dataset_id: str | None


@dataclass(frozen=True, slots=True)
class DatasetLine:
    """A dataset and its declaration of rights: the statement, who made it (name and e-mail) and when. Empty: nobody did."""

    dataset_id: str
    name: str
    images: int
    included: int
    statement: str
    said_by: str
    said_at: datetime | None
    deleted: bool


@dataclass(frozen=True, slots=True)
class InfluencerReport:
    """Counts of pictures made here, deleted ones included in `made`. `marked`: of `made`, those that say they are AI-made.

    `scored`: with an identity score, `passed` of them; `held` and `rejected`: where they are now. `imported`: brought in.
    """

    influencer_id: str
    influencer: str
    at: datetime
    made: int
    marked: int
    deleted: int
    imported: int
    scored: int
    passed: int
    held: int
    rejected: int
    without_lora: int
    loras: tuple[LoraLine, ...]
    datasets: tuple[DatasetLine, ...]

    @property
    def share_marked(self) -> float | None:
        return self.marked / self.made if self.made else None


def influencer_report(tx: Session, influencer_id: str) -> InfluencerReport:
    """Raises NotFound."""
    influencer = influencers.get(tx, influencer_id)
    lines = _loras(tx, influencer_id)
    return InfluencerReport(
        influencer_id=influencer_id,
        influencer=influencer.name,
        at=now(),
        **_counts(tx, influencer_id),
        loras=tuple(lines),
        datasets=tuple(_datasets(tx, influencer_id, [line.dataset_id for line in lines if line.dataset_id])),
    )


def report_json(report: InfluencerReport) -> str:
    return json.dumps({**asdict(report), "share_marked": report.share_marked}, default=str, indent=2, ensure_ascii=False)


def report_csv(report: InfluencerReport) -> str:
    """One table: `part, name, figure, value`, so that a spreadsheet can filter it."""
    values = asdict(report)
    rows: list[tuple[Any, ...]] = [("part", "name", "figure", "value")]
    for name in ("made", "marked", "deleted", "imported", "scored", "passed", "held", "rejected", "without_lora", "at"):
        rows.append(("pictures", report.influencer, name, values[name]))
    for part, lines in (("lora", values["loras"]), ("dataset", values["datasets"])):
        for line in lines:
            rows += [(part, line["name"], figure, value) for figure, value in line.items() if figure != "name"]
    return csv_text(rows)


def _counts(tx: Session, influencer_id: str) -> dict[str, int]:
    not_deleted, made_here = Picture.deleted_at.is_(None), Picture.source == "made"
    without_lora = ~select(PictureLora.lora_id).where(_same_tenant(), PictureLora.picture_id == Picture.id).exists()
    marked = func.coalesce(Generation.recipe["ai_mark"].as_boolean(), True)
    conditions = {
        "made": made_here,
        "marked": made_here & marked,
        "deleted": made_here & ~not_deleted,
        "imported": ~made_here,
        "scored": made_here & Picture.identity_score.is_not(None),
        "passed": made_here & (Picture.identity_score >= Picture.identity_line),
        "held": not_deleted & (Picture.gate == "held"),
        "rejected": not_deleted & (Picture.gate == "rejected"),
        "without_lora": made_here & without_lora,
    }
    query = select(*(func.count().filter(condition).label(name) for name, condition in conditions.items()))
    query = query.select_from(Picture).join(Generation, Generation.id == Picture.generation_id)
    return dict(tx.execute(query.where(Picture.influencer_id == influencer_id)).one()._asdict())


def _same_tenant() -> Any:
    return PictureLora.tenant_id == Picture.tenant_id


def _loras(tx: Session, influencer_id: str) -> list[LoraLine]:
    """Most used first."""
    used = select(PictureLora.lora_id, func.count().label("pictures")).join(Picture, Picture.id == PictureLora.picture_id)
    used_by = used.where(Picture.influencer_id == influencer_id).group_by(PictureLora.lora_id).subquery()
    query = select(
        Lora.id, Lora.name, Lora.step, Asset.sha256, used_by.c.pictures, TrainingRun.name, TrainingRun.dataset_id
    ).join(used_by, used_by.c.lora_id == Lora.id)
    query = query.join(Asset, Asset.id == Lora.asset_id).outerjoin(TrainingRun, TrainingRun.id == Lora.run_id)
    rows = tx.execute(query.order_by(used_by.c.pictures.desc(), Lora.id))
    return [LoraLine(lora, name, step, sha or "", n, run, dataset) for lora, name, step, sha, n, run, dataset in rows]


def _datasets(tx: Session, influencer_id: str, trained_on: Sequence[str]) -> list[DatasetLine]:
    """The influencer's own and those its LoRAs were trained on, deleted ones too: what was trained stays trained."""
    own = Dataset.influencer_id == influencer_id, Dataset.deleted_at.is_(None)
    own_or_trained_on = or_(Dataset.id.in_(trained_on), own[0] & own[1])
    images = (
        select(
            DatasetImage.dataset_id, func.count().label("images"), func.count().filter(DatasetImage.included).label("included")
        )
        .group_by(DatasetImage.dataset_id)
        .subquery()
    )
    query = select(Dataset, User.name, User.email, images.c.images, images.c.included)
    query = query.outerjoin(User, User.id == Dataset.rights_by).outerjoin(images, images.c.dataset_id == Dataset.id)
    return [
        DatasetLine(
            dataset_id=row.id,
            name=row.name,
            images=image_count or 0,
            included=included or 0,
            statement=row.rights_statement,
            said_by=f"{name} <{email}>" if name else "",
            said_at=row.rights_at,
            deleted=row.deleted_at is not None,
        )
        for row, name, email, image_count, included in tx.execute(query.where(own_or_trained_on).order_by(Dataset.id))
    ]
