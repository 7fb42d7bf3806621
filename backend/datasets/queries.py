"""Reading datasets, their pictures, what was refused, and whether they are ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.datasets import checks, rules
from backend.datasets.edit_cards import RefusedCard, TrainItem
from backend.datasets.schemas import (
    Box,
    Code,
    DatasetCard,
    DatasetPage,
    ImageCard,
    ImageFilter,
    ImagePage,
    Readiness,
    Stats,
    Thresholds,
)
from backend.db.tables import Asset, Dataset, DatasetImage, Influencer, Job, TrainingRun, Upload
from backend.engines.image.port import ModelCard
from backend.errors import NotFound
from backend.kit.clock import now

_COVERS = 4
_SAME = (
    "id", "dataset_id", "asset_id", "filename", "width", "height", "sharpness", "brightness", "contrast", "clipped", "faces",
    "face_box", "near_duplicate_of", "near_duplicate_distance", "alike", "included", "caption", "caption_by",
    "caption_source", "caption_version", "crop_version", "mask_asset_id", "mask_version", "notes", "created_at",
)  # fmt: skip


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
    judged = checks.gate(tx, dataset_id, side=side)
    wrong = checks.conditions(judged)
    where = _where(judged, wrong, filter, text)
    query = _judged(judged, wrong).where(*where).order_by(DatasetImage.id).limit(take + 1)
    rows = tx.execute(query.where(DatasetImage.id > cursor) if cursor else query).all()
    total = None
    if counted and not cursor:
        total = tx.scalar(select(func.count()).select_from(DatasetImage).where(*where)) or 0
    cards = [_image(row, judged) for row in rows[:take]]
    return ImagePage(cards, cards[-1].id if len(rows) > take else None, total)


def chosen(tx: Session, dataset_id: str, image_ids: Sequence[str], *, side: int = 0) -> list[ImageCard]:
    """Those of the ids that are here, in the order they came in. Raises NotFound (the dataset)."""
    judged = checks.gate(tx, dataset_id, side=side)
    query = _judged(judged, checks.conditions(judged))
    mine = DatasetImage.dataset_id == dataset_id, DatasetImage.id.in_(image_ids)
    return [_image(row, judged) for row in tx.execute(query.where(*mine).order_by(DatasetImage.id))]


def matching(tx: Session, dataset_id: str, filter: ImageFilter, *, text: str = "", side: int = 0) -> list[str]:
    """Ids of all pictures that the filter and `text` (as in `images`) leave. Raises NotFound."""
    judged = checks.gate(tx, dataset_id, side=side)
    where = _where(judged, checks.conditions(judged), filter, text)
    return list(tx.scalars(select(DatasetImage.id).where(*where).order_by(DatasetImage.id)))


def refused(tx: Session, dataset_id: str) -> list[RefusedCard]:
    """Files that were not taken, in the order they came."""
    query = select(Upload).where(Upload.noun == "dataset", Upload.noun_id == dataset_id, Upload.state == "refused")
    return [RefusedCard(row.id, row.filename, row.reason) for row in tx.scalars(query.order_by(Upload.id))]


def readiness(
    tx: Session,
    dataset_id: str,
    *,
    model_card: ModelCard | None = None,
    max_images: int = 0,
    counted: Stats | None = None,
) -> Readiness:
    """With `model_card` also says which pictures are smaller than what it trains at. Raises NotFound.

    `max_images`: `settings.max_dataset_images`; 0: how many are too many is not judged. `counted`: what `count_problems`
    said for the same side while nothing has changed since (`DatasetCard.updated_at`).
    """
    side = model_card.side if model_card else None
    found = counted or count_problems(tx, dataset_id, side=side or 0)
    expired = func.coalesce(Dataset.rights_until < func.clock_timestamp(), False)
    said = select(Dataset.rights_statement, expired, Dataset.trigger_word).where(Dataset.id == dataset_id)
    rights, past, trigger_word = tx.execute(said).one()
    return rules.judge(
        found,
        trigger_word=trigger_word,
        rights=rights,
        expired=past,
        max_images=max_images,
        side=side,
    )


def count_problems(tx: Session, dataset_id: str, *, side: int = 0) -> Stats:
    """All counts of one dataset in one pass over its rows. `side`: px the model trains at. Raises NotFound."""
    judged = checks.gate(tx, dataset_id, side=side)
    included, framed = DatasetImage.included, checks.framing(judged)
    wrong = {code: included & condition for code, condition in checks.conditions(judged).items()}
    groups = func.count(DatasetImage.alike.distinct()).filter(included)
    extras = func.count(DatasetImage.alike).filter(included) - groups
    counts = [func.count().filter(condition).label(code) for code, condition in wrong.items() if code != "near_duplicates"]
    counts += [func.count().filter(included & (framed == name)).label(name) for name in checks.FRAMINGS]
    counts += [func.count().filter(included).label("included"), extras.label("near_duplicates")]
    counts.append(func.count(DatasetImage.crop_x).filter(included).label("cropped"))
    counts.append(func.count(DatasetImage.mask_asset_id).filter(included).label("masked"))
    mine = DatasetImage.dataset_id == judged.dataset_id
    row = tx.execute(select(func.count().label("images"), *counts).where(mine)).one()
    return Stats(**row._asdict())


def training_set(tx: Session, dataset_id: str) -> list[TrainItem]:
    """The included pictures in the order they came in. Raises NotFound."""
    get(tx, dataset_id)
    crop = DatasetImage.crop_x, DatasetImage.crop_y, DatasetImage.crop_w, DatasetImage.crop_h
    drawn = aliased(Asset)
    said = DatasetImage.caption, DatasetImage.filename, drawn.id.label("mask_id"), drawn.key.label("mask_key"), *crop
    query = select(Asset.id, Asset.key, *said).join(Asset, Asset.id == DatasetImage.asset_id)
    query = query.outerjoin(drawn, drawn.id == DatasetImage.mask_asset_id)
    mine = DatasetImage.dataset_id == dataset_id, DatasetImage.included, Asset.state == "stored"
    rows = tx.execute(query.where(*mine).order_by(DatasetImage.id))
    return [TrainItem(row.id, row.key, row.caption, _crop(row), row.mask_id, row.mask_key, row.filename) for row in rows]


def _crop(row: Any) -> tuple[int, int, int, int] | None:
    return None if row.crop_x is None else (row.crop_x, row.crop_y, row.crop_w, row.crop_h)


def _judged(judged: checks.Gate, wrong: dict[Code, ColumnElement[bool]]) -> Select[Any]:
    labels = [condition.label(f"is_{code}") for code, condition in wrong.items()]
    query: Any = select(DatasetImage, checks.framing(judged).label("framing"), *labels)
    judged_rows: Select[Any] = query.execution_options(populate_existing=True)
    return judged_rows


def _image(found: Any, judged: checks.Gate) -> ImageCard:
    row = found.DatasetImage
    crop = None if row.crop_x is None else Box(row.crop_x, row.crop_y, row.crop_w, row.crop_h)
    card = ImageCard(**{name: getattr(row, name) for name in _SAME}, crop=crop, framing=found.framing)
    codes = [code for code in checks.CODES if getattr(found, f"is_{code}")]
    return replace(card, reasons=checks.reasons(card, judged, codes))


def _where(
    judged: checks.Gate, wrong: dict[Code, ColumnElement[bool]], filter: ImageFilter, text: str
) -> list[ColumnElement[bool]]:
    where = [DatasetImage.dataset_id == judged.dataset_id, *_filtered(filter, judged, wrong)]
    if text.strip():
        where.append(func.lower(DatasetImage.caption).contains(text.strip().lower(), autoescape=True))
    return where


def _filtered(name: ImageFilter, judged: checks.Gate, wrong: dict[Code, ColumnElement[bool]]) -> list[ColumnElement[bool]]:
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
            return [DatasetImage.included.is_(True), or_(*wrong.values())]
        case "face" | "bust" | "body" | "unknown":
            return [checks.framing(judged) == name]
        case _:
            return [DatasetImage.included.is_(True), wrong[name]]


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
    more = ("rights_kind", "rights_note", "rights_until", "created_at", "updated_at")
    status = row.status
    past = row.rights_until is not None and row.rights_until < now()
    if (status == "training" and not busy) or (status == "ready" and past):
        stats = Stats(images=count, included=included)
        judged = rules.judge(stats, trigger_word=row.trigger_word, rights=row.rights_statement, expired=past)
        status = rules.status(judged)
    return DatasetCard(
        status=status,
        **{name: getattr(row, name) for name in same + more},
        influencer_name=who,
        images=count,
        included=included,
        thresholds=Thresholds(**row.settings),
        cover_asset_ids=tuple(covers or ()),
    )
