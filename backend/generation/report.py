"""What was made of an influencer: how many pictures, by which LoRA, trained on whose pictures with whose word for it."""

from __future__ import annotations

import csv
import io
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


@dataclass(frozen=True, slots=True)
class LoraLine:
    """A LoRA and the pictures drawn with it. `dataset_id` of the run that made it; None: uploaded, or the run is gone."""

    lora_id: str
    name: str
    step: int | None
    sha256: str
    pictures: int
    run: str | None
    dataset_id: str | None


@dataclass(frozen=True, slots=True)
class DatasetLine:
    """Pictures somebody vouched for: the statement, who made it (name and e-mail) and when. Empty: nobody has."""

    dataset_id: str
    name: str
    images: int
    included: int
    statement: str
    said_by: str
    said_at: datetime | None
    deleted: bool


@dataclass(frozen=True, slots=True)
class Report:
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


def report(tx: Session, influencer_id: str) -> Report:
    """Raises NotFound."""
    who = influencers.get(tx, influencer_id)
    lines = _loras(tx, influencer_id)
    return Report(
        influencer_id=influencer_id,
        influencer=who.name,
        at=now(),
        **_counts(tx, influencer_id),
        loras=tuple(lines),
        datasets=tuple(_datasets(tx, influencer_id, [line.dataset_id for line in lines if line.dataset_id])),
    )


def as_json(found: Report) -> str:
    return json.dumps({**asdict(found), "share_marked": found.share_marked}, default=str, indent=2, ensure_ascii=False)


def as_csv(found: Report) -> str:
    """One table: `part, name, figure, value`, so that a spreadsheet can filter it."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["part", "name", "figure", "value"])
    plain = asdict(found)
    for name in ("made", "marked", "deleted", "imported", "scored", "passed", "held", "rejected", "without_lora", "at"):
        rows.writerow(["pictures", _cell(found.influencer), name, plain[name]])
    for part, lines in (("lora", plain["loras"]), ("dataset", plain["datasets"])):
        for line in lines:
            rows.writerows(
                [part, _cell(line["name"]), figure, _cell(value)] for figure, value in line.items() if figure != "name"
            )
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Words a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _counts(tx: Session, influencer_id: str) -> dict[str, int]:
    here, made = Picture.deleted_at.is_(None), Picture.source == "made"
    plain = ~select(PictureLora.lora_id).where(_used(), PictureLora.picture_id == Picture.id).exists()
    marked = func.coalesce(Generation.recipe["ai_mark"].as_boolean(), True)
    wanted = {
        "made": made,
        "marked": made & marked,
        "deleted": made & ~here,
        "imported": ~made,
        "scored": made & Picture.identity_score.is_not(None),
        "passed": made & (Picture.identity_score >= Picture.identity_line),
        "held": here & (Picture.gate == "held"),
        "rejected": here & (Picture.gate == "rejected"),
        "without_lora": made & plain,
    }
    query = select(*(func.count().filter(condition).label(name) for name, condition in wanted.items()))
    query = query.select_from(Picture).join(Generation, Generation.id == Picture.generation_id)
    return dict(tx.execute(query.where(Picture.influencer_id == influencer_id)).one()._asdict())


def _used() -> Any:
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
    wanted = or_(Dataset.id.in_(trained_on), own[0] & own[1])
    images = select(
        DatasetImage.dataset_id, func.count().label("images"), func.count().filter(DatasetImage.included).label("included")
    ).group_by(DatasetImage.dataset_id).subquery()  # fmt: skip
    query = select(Dataset, User.name, User.email, images.c.images, images.c.included)
    query = query.outerjoin(User, User.id == Dataset.rights_by).outerjoin(images, images.c.dataset_id == Dataset.id)
    return [
        DatasetLine(
            dataset_id=row.id, name=row.name, images=n or 0, included=included or 0, statement=row.rights_statement,
            said_by=f"{name} <{email}>" if name else "", said_at=row.rights_at, deleted=row.deleted_at is not None,
        )
        for row, name, email, n, included in tx.execute(query.where(wanted).order_by(Dataset.id))
    ]  # fmt: skip
