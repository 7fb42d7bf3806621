"""Reads datasets, their pictures, refused files, and whether they are ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.datasets import checks, rules
from backend.datasets.edit_cards import RefusedFile, TrainingPicture
from backend.datasets.schemas import (
    Box,
    DatasetCard,
    DatasetMetadata,
    DatasetPage,
    DatasetSort,
    DatasetStatus,
    ImageCard,
    ImageFilter,
    ImagePage,
    ProblemCode,
    Readiness,
    Stats,
    Thresholds,
)
from backend.db.tables import Asset, Dataset, DatasetImage, Influencer, Job, TrainingRun, Upload
from backend.engines.ports.image import ModelCard
from backend.errors import NotFound
from backend.language import tr_lazy

_MAX_COVERS = 4
_IMAGE_FIELDS = (
    "id", "dataset_id", "asset_id", "filename", "width", "height", "sharpness", "brightness", "contrast", "clipped", "faces",
    "face_box", "near_duplicate_of", "near_duplicate_distance", "alike", "included", "caption", "caption_by",
    "caption_source", "caption_version", "crop_version", "mask_asset_id", "mask_version", "notes", "created_at", "repeats",
)  # fmt: skip


def get(tx: Session, dataset_id: str) -> DatasetCard:
    """Raises NotFound, also for a deleted one."""
    row = tx.execute(_select_datasets().where(Dataset.id == dataset_id, Dataset.deleted_at.is_(None))).first()
    if row is None:
        raise NotFound(tr_lazy("This dataset does not exist here. It may have been deleted; open the list of datasets."))
    return _dataset_card(*row)


def page(
    tx: Session,
    *,
    influencer_id: str | None = None,
    status: DatasetStatus | None = None,
    text: str = "",
    cursor: str | None = None,
    take: int = 50,
    skip: int = 0,
    sort: DatasetSort = "created_at",
    ascending: bool = False,
) -> DatasetPage:
    """Newest first unless sorted otherwise; `text` looks in names. `cursor` is the id the last page ended with, by
    `created_at` only."""
    where: list[ColumnElement[bool]] = [Dataset.deleted_at.is_(None)]
    if influencer_id:
        where.append(Dataset.influencer_id == influencer_id)
    if text.strip():
        where.append(func.lower(Dataset.name).contains(text.strip().lower(), autoescape=True))
    if status:
        where.append(_status() == status)
    by_id = sort == "created_at"
    columns = [Dataset.id] if by_id else [getattr(Dataset, sort), Dataset.id]
    query = _select_datasets().where(*where).order_by(*(column.asc() if ascending else column.desc() for column in columns))
    if cursor and by_id:
        query = query.where(Dataset.id > cursor if ascending else Dataset.id < cursor)
    rows = tx.execute(query.limit(take + 1).offset(skip)).all()
    total = tx.scalar(select(func.count()).select_from(Dataset).where(*where)) or 0
    cards = [_dataset_card(*row) for row in rows[:take]]
    return DatasetPage(cards, cards[-1].id if by_id and len(rows) > take else None, total)


def images(
    tx: Session,
    dataset_id: str,
    *,
    cursor: str | None = None,
    take: int = 60,
    filter: ImageFilter = "",
    text: str = "",
    side: int = 0,
    counted: bool = True,
) -> ImagePage:
    """`cursor`: the id the last page ended with. `text`: only captions that contain it. `side`: px the model trains at.

    `counted` False: nobody asks how many there are. Raises NotFound.
    """
    limits = checks.check_limits(tx, dataset_id, side=side)
    problems = checks.problem_conditions(limits)
    where = _image_conditions(limits, problems, filter, text)
    query = _select_images(limits, problems).where(*where).order_by(DatasetImage.id).limit(take + 1)
    rows = tx.execute(query.where(DatasetImage.id > cursor) if cursor else query).all()
    total = None
    if counted and not cursor:
        total = tx.scalar(select(func.count()).select_from(DatasetImage).where(*where)) or 0
    cards = [_image_card(row, limits) for row in rows[:take]]
    return ImagePage(cards, cards[-1].id if len(rows) > take else None, total)


def get_images(tx: Session, dataset_id: str, image_ids: Sequence[str], *, side: int = 0) -> list[ImageCard]:
    """The pictures of `image_ids` that are in the dataset, in the order they were added. Raises NotFound (the dataset)."""
    limits = checks.check_limits(tx, dataset_id, side=side)
    query = _select_images(limits, checks.problem_conditions(limits))
    conditions = DatasetImage.dataset_id == dataset_id, DatasetImage.id.in_(image_ids)
    return [_image_card(row, limits) for row in tx.execute(query.where(*conditions).order_by(DatasetImage.id))]


def matching_ids(tx: Session, dataset_id: str, filter: ImageFilter, *, text: str = "", side: int = 0) -> list[str]:
    """Ids of all pictures that match the filter and `text` (as in `images`). Raises NotFound."""
    limits = checks.check_limits(tx, dataset_id, side=side)
    where = _image_conditions(limits, checks.problem_conditions(limits), filter, text)
    return list(tx.scalars(select(DatasetImage.id).where(*where).order_by(DatasetImage.id)))


def refused_files(tx: Session, dataset_id: str) -> list[RefusedFile]:
    """Files that were refused, oldest first."""
    query = select(Upload).where(Upload.noun == "dataset", Upload.noun_id == dataset_id, Upload.state == "refused")
    return [RefusedFile(row.id, row.filename, row.reason) for row in tx.scalars(query.order_by(Upload.id))]


def readiness(
    tx: Session,
    dataset_id: str,
    *,
    model_card: ModelCard | None = None,
    max_images: int = 0,
    counted: Stats | None = None,
) -> Readiness:
    """With `model_card` also says which pictures are smaller than what it trains at. Raises NotFound.

    `max_images`: the setting; 0: no limit. `counted`: result of `count_problems` for the same side, valid
    while `DatasetCard.updated_at` is unchanged.
    """
    side = model_card.side if model_card else None
    stats = counted or count_problems(tx, dataset_id, side=side or 0)
    is_expired = func.coalesce(Dataset.rights_until < func.clock_timestamp(), False)
    query = select(Dataset.rights_statement, is_expired, Dataset.trigger_word).where(Dataset.id == dataset_id)
    rights, expired, trigger_word = tx.execute(query).one()
    return rules.assess_readiness(
        stats,
        trigger_word=trigger_word,
        rights=rights,
        expired=expired,
        max_images=max_images,
        side=side,
    )


def count_problems(tx: Session, dataset_id: str, *, side: int = 0) -> Stats:
    """All counts of one dataset in one pass over its rows. `side`: px the model trains at. Raises NotFound."""
    limits = checks.check_limits(tx, dataset_id, side=side)
    included, framing = DatasetImage.included, checks.framing_column(limits)
    problems = {code: included & condition for code, condition in checks.problem_conditions(limits).items()}
    groups = func.count(DatasetImage.alike.distinct()).filter(included)
    extras = func.count(DatasetImage.alike).filter(included) - groups
    counts = [func.count().filter(condition).label(code) for code, condition in problems.items() if code != "near_duplicates"]
    counts += [func.count().filter(included & (framing == name)).label(name) for name in checks.FRAMINGS]
    counts += [func.count().filter(included).label("included"), extras.label("near_duplicates")]
    counts.append(func.coalesce(func.sum(DatasetImage.repeats).filter(included), 0).label("shown"))
    counts.append(func.count(DatasetImage.crop_x).filter(included).label("cropped"))
    counts.append(func.count(DatasetImage.mask_asset_id).filter(included).label("masked"))
    conditions = DatasetImage.dataset_id == limits.dataset_id
    row = tx.execute(select(func.count().label("images"), *counts).where(conditions)).one()
    return Stats(**row._asdict())


def training_set(tx: Session, dataset_id: str) -> list[TrainingPicture]:
    """The included pictures in the order they were added. Raises NotFound."""
    get(tx, dataset_id)
    crop = DatasetImage.crop_x, DatasetImage.crop_y, DatasetImage.crop_w, DatasetImage.crop_h
    mask = aliased(Asset)
    mask_columns = mask.id.label("mask_id"), mask.key.label("mask_key")
    columns = DatasetImage.caption, DatasetImage.filename, DatasetImage.repeats, *mask_columns, *crop
    query = select(Asset.id, Asset.key, *columns).join(Asset, Asset.id == DatasetImage.asset_id)
    query = query.outerjoin(mask, mask.id == DatasetImage.mask_asset_id)
    conditions = DatasetImage.dataset_id == dataset_id, DatasetImage.included, Asset.state == "stored"
    rows = tx.execute(query.where(*conditions).order_by(DatasetImage.id))
    return [
        TrainingPicture(row.id, row.key, row.caption, _crop(row), row.mask_id, row.mask_key, row.filename, row.repeats)
        for row in rows
    ]


def _crop(row: Any) -> tuple[int, int, int, int] | None:
    return None if row.crop_x is None else (row.crop_x, row.crop_y, row.crop_w, row.crop_h)


def _select_images(limits: checks.CheckLimits, problems: dict[ProblemCode, ColumnElement[bool]]) -> Select[Any]:
    labels = [condition.label(f"is_{code}") for code, condition in problems.items()]
    query: Any = select(DatasetImage, checks.framing_column(limits).label("framing"), *labels)
    judged_rows: Select[Any] = query.execution_options(populate_existing=True)
    return judged_rows


def _image_card(result: Any, limits: checks.CheckLimits) -> ImageCard:
    row = result.DatasetImage
    crop = None if row.crop_x is None else Box(row.crop_x, row.crop_y, row.crop_w, row.crop_h)
    card = ImageCard(**{name: getattr(row, name) for name in _IMAGE_FIELDS}, crop=crop, framing=result.framing)
    codes = [code for code in checks.CODES if getattr(result, f"is_{code}")]
    return replace(card, reasons=checks.problem_reasons(card, limits, codes))


def _image_conditions(
    limits: checks.CheckLimits, problems: dict[ProblemCode, ColumnElement[bool]], filter: ImageFilter, text: str
) -> list[ColumnElement[bool]]:
    where = [DatasetImage.dataset_id == limits.dataset_id, *_filter_conditions(filter, limits, problems)]
    if text.strip():
        where.append(func.lower(DatasetImage.caption).contains(text.strip().lower(), autoescape=True))
    return where


def _filter_conditions(
    name: ImageFilter, limits: checks.CheckLimits, problems: dict[ProblemCode, ColumnElement[bool]]
) -> list[ColumnElement[bool]]:
    match name:
        case "":
            return []
        case "included":
            return [DatasetImage.included.is_(True)]
        case "excluded":
            return [DatasetImage.included.is_(False)]
        case "cropped":
            return [DatasetImage.crop_x.is_not(None)]
        case "masked":
            return [DatasetImage.mask_asset_id.is_not(None)]
        case "problems":
            return [DatasetImage.included.is_(True), or_(*problems.values())]
        case "face" | "bust" | "body" | "unknown":
            return [checks.framing_column(limits) == name]
        case _:
            return [DatasetImage.included.is_(True), problems[name]]


def _select_datasets() -> Select[Any]:
    image_ids = select(DatasetImage.asset_id).where(DatasetImage.dataset_id == Dataset.id)
    cover_ids = image_ids.order_by(DatasetImage.id).limit(_MAX_COVERS).correlate(Dataset).subquery()
    covers = select(func.array_agg(cover_ids.c.asset_id)).scalar_subquery()
    query = select(Dataset, Influencer.name, _image_count(), _image_count(DatasetImage.included.is_(True)), covers, _status())
    query = query.outerjoin(Influencer, Influencer.id == Dataset.influencer_id)
    return query.execution_options(populate_existing=True)


def _image_count(*where: ColumnElement[bool]) -> Any:
    counted = select(func.count()).where(DatasetImage.dataset_id == Dataset.id, *where)
    return counted.correlate(Dataset).scalar_subquery()


def _status() -> Any:
    """SQL: the status as it is now. The column may be late: it says training for a moment after a run was cancelled or its
    worker died, and ready when the rights statement has ended since."""
    holds = func.coalesce(Dataset.rights_until >= func.clock_timestamp(), True)
    enough = _image_count(DatasetImage.included.is_(True)) >= rules.MIN_IMAGES
    could_train = holds & (Dataset.rights_statement != "") & (Dataset.trigger_word != "") & enough
    return case(
        ((Dataset.status == "training") & in_training(), "training"),
        ((Dataset.status == "ready") & holds, "ready"),
        ((Dataset.status == "training") & could_train, "ready"),
        else_="draft",
    )


def in_training() -> ColumnElement[bool]:
    """SQL: whether a training run of the outer query's dataset is active. Read from the job, because `datasets.status` still
    says training for a moment after a run was cancelled or its worker died."""
    active = TrainingRun.dataset_id == Dataset.id, Job.state.in_(("pending", "processing"))
    return select(TrainingRun.id).join(Job, Job.id == TrainingRun.job_id).where(*active).correlate(Dataset).exists()


def _dataset_card(
    row: Dataset, influencer_name: str | None, count: int, included: int, covers: list[str] | None, status: str
) -> DatasetCard:
    fields = ("id", "name", "influencer_id", "trigger_word", "rights_statement", "rights_by", "rights_at")
    rights_fields = ("rights_kind", "rights_note", "rights_until", "created_at", "updated_at")
    return DatasetCard(
        status=status,
        **{name: getattr(row, name) for name in fields + rights_fields},
        influencer_name=influencer_name,
        images=count,
        included=included,
        thresholds=Thresholds(**row.settings),
        metadata=DatasetMetadata(**row.meta),
        cover_asset_ids=tuple(covers or ()),
    )
