"""Reading datasets, their pictures, what was refused, and whether they are ready."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from backend.datasets import rules
from backend.datasets.schemas import (
    DatasetCard,
    DatasetPage,
    ImageCard,
    ImageFilter,
    ImagePage,
    Readiness,
    RefusedCard,
    Stats,
    TrainItem,
)
from backend.engines.image.port import ModelCard
from backend.errors import NotFound
from backend.tables import Asset, Dataset, DatasetImage, Influencer, Job, TrainingRun, Upload

_COVERS = 4


def get(tx: Session, dataset_id: str) -> DatasetCard:
    """Raises NotFound, also for a deleted one."""
    row = tx.execute(_cards().where(Dataset.id == dataset_id, Dataset.deleted_at.is_(None))).first()
    if row is None:
        raise NotFound("This dataset does not exist here. It may have been deleted; open the list of datasets.")
    return _card(*row)


def page(
    tx: Session, *, influencer_id: str | None = None, text: str = "", cursor: str | None = None, take: int = 50
) -> DatasetPage:
    """Newest first; `text` looks in names. `cursor` is the id the last page ended with."""
    where: list[ColumnElement[bool]] = [Dataset.deleted_at.is_(None)]
    if influencer_id:
        where.append(Dataset.influencer_id == influencer_id)
    if text.strip():
        where.append(func.lower(Dataset.name).contains(text.strip().lower(), autoescape=True))
    query = _cards().where(*where).order_by(Dataset.id.desc()).limit(take + 1)
    rows = tx.execute(query.where(Dataset.id < cursor) if cursor else query).all()
    total = tx.scalar(select(func.count()).select_from(Dataset).where(*where)) or 0
    cards = [_card(*row) for row in rows[:take]]
    return DatasetPage(cards, cards[-1].id if len(rows) > take else None, total)


def images(tx: Session, dataset_id: str, *, cursor: str | None = None, take: int = 60, filter: ImageFilter = "") -> ImagePage:
    """Raises NotFound."""
    dataset = get(tx, dataset_id)
    line = blur_line(tx, dataset_id)
    where = [DatasetImage.dataset_id == dataset_id, *_filtered(filter, dataset.trigger_word, line)]
    query = select(DatasetImage).where(*where).order_by(DatasetImage.id).limit(take + 1)
    query = query.execution_options(populate_existing=True)
    rows = tx.scalars(query.where(DatasetImage.id > cursor) if cursor else query).all()
    total = tx.scalar(select(func.count()).select_from(DatasetImage).where(*where)) or 0
    return ImagePage([_image(row, line) for row in rows[:take]], rows[take - 1].id if len(rows) > take else None, total)


def refused(tx: Session, dataset_id: str) -> list[RefusedCard]:
    """Files that were not taken, in the order they came."""
    query = select(Upload).where(Upload.noun == "dataset", Upload.noun_id == dataset_id, Upload.state == "refused")
    return [RefusedCard(row.id, row.filename, row.reason) for row in tx.scalars(query.order_by(Upload.id))]


def readiness(tx: Session, dataset_id: str, *, model_card: ModelCard | None = None, max_images: int = 0) -> Readiness:
    """With `model_card` also says which pictures are smaller than what it trains at. Raises NotFound.

    `max_images`: `settings.max_dataset_images`; 0: how many are too many is not judged.
    """
    dataset = get(tx, dataset_id)
    side = model_card.side if model_card else None
    return rules.judge(
        stats(tx, dataset_id, trigger_word=dataset.trigger_word, side=side),
        trigger_word=dataset.trigger_word,
        rights=dataset.rights_statement,
        max_images=max_images,
        side=side,
    )


def stats(tx: Session, dataset_id: str, *, trigger_word: str, side: int | None = None) -> Stats:
    included = DatasetImage.included
    one = {
        "included": included,
        "blurred": included & (DatasetImage.sharpness < blur_line(tx, dataset_id)),
        "near_duplicates": included & DatasetImage.near_duplicate_of.is_not(None),
        "uncaptioned": included & (DatasetImage.caption == ""),
        "without_trigger": included & (DatasetImage.caption != "") & ~_has_word(trigger_word),
        "low_resolution": included & (func.least(DatasetImage.width, DatasetImage.height) < (side or 0)),
    }
    counts = [func.count().filter(condition).label(name) for name, condition in one.items()]
    row = tx.execute(select(func.count().label("images"), *counts).where(DatasetImage.dataset_id == dataset_id)).one()
    return Stats(**row._asdict())


def training_set(tx: Session, dataset_id: str) -> list[TrainItem]:
    """The included pictures in the order they came in. Raises NotFound."""
    get(tx, dataset_id)
    query = select(Asset.id, Asset.key, DatasetImage.caption).join(Asset, Asset.id == DatasetImage.asset_id)
    mine = DatasetImage.dataset_id == dataset_id, DatasetImage.included, Asset.state == "stored"
    return [TrainItem(*row) for row in tx.execute(query.where(*mine).order_by(DatasetImage.id))]


def blur_line(tx: Session, dataset_id: str) -> float:
    """The sharpness below which a picture of this set is called blurred."""
    median = func.percentile_cont(0.5).within_group(DatasetImage.sharpness)
    return rules.blur_line(tx.scalar(select(median).where(DatasetImage.dataset_id == dataset_id)))


def _image(row: DatasetImage, line: float) -> ImageCard:
    same = ("id", "dataset_id", "asset_id", "filename", "width", "height", "sharpness", "near_duplicate_of")
    more = ("near_duplicate_distance", "included", "caption", "caption_by", "caption_version", "notes", "created_at")
    return ImageCard(**{name: getattr(row, name) for name in same + more}, blurred=row.sharpness < line)


def _filtered(name: ImageFilter, trigger_word: str, line: float) -> list[ColumnElement[bool]]:
    if not name:
        return []
    filters: dict[str, ColumnElement[bool]] = {
        "included": DatasetImage.included.is_(True),
        "excluded": DatasetImage.included.is_(False),
        "blurred": DatasetImage.sharpness < line,
        "near_duplicates": DatasetImage.near_duplicate_of.is_not(None),
        "uncaptioned": DatasetImage.caption == "",
        "without_trigger": ~_has_word(trigger_word),
    }
    return [filters[name]]


def _has_word(word: str) -> ColumnElement[bool]:
    """As `rules.has_word`, for Postgres."""
    edge = "[^[:alnum:]_]"
    found: ColumnElement[bool] = DatasetImage.caption.regexp_match(f"(^|{edge}){re.escape(word)}($|{edge})", "i")
    return found


def _cards() -> Select[Any]:
    def counted(*where: ColumnElement[bool]) -> Any:
        mine = select(func.count()).where(DatasetImage.dataset_id == Dataset.id, *where)
        return mine.correlate(Dataset).scalar_subquery()

    first = select(DatasetImage.asset_id).where(DatasetImage.dataset_id == Dataset.id)
    first_ids = first.order_by(DatasetImage.id).limit(_COVERS).correlate(Dataset).subquery()
    covers = select(func.array_agg(first_ids.c.asset_id)).scalar_subquery()
    query = select(Dataset, Influencer.name, counted(), counted(DatasetImage.included.is_(True)), covers, in_training())
    query = query.outerjoin(Influencer, Influencer.id == Dataset.influencer_id)
    return query.execution_options(populate_existing=True)


def in_training() -> ColumnElement[bool]:
    """A run of the outer query's dataset waits or works: a cancel or a dead worker ends that before anybody tells the row."""
    active = TrainingRun.dataset_id == Dataset.id, Job.state.in_(("pending", "processing"))
    return select(TrainingRun.id).join(Job, Job.id == TrainingRun.job_id).where(*active).correlate(Dataset).exists()


def _card(row: Dataset, who: str | None, count: int, included: int, covers: list[str] | None, busy: bool) -> DatasetCard:
    same = ("id", "name", "influencer_id", "trigger_word", "rights_statement", "rights_by", "rights_at")
    status = row.status
    if status == "training" and not busy:
        stats = Stats(images=count, included=included)
        status = rules.status(rules.judge(stats, trigger_word=row.trigger_word, rights=row.rights_statement))
    return DatasetCard(
        status=status,
        **{name: getattr(row, name) for name in (*same, "created_at", "updated_at")},
        influencer_name=who,
        images=count,
        included=included,
        cover_asset_ids=tuple(covers or ()),
    )
