"""Reading runs, their curves, samples and checkpoints."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.engines.trainer.port import TrainParams
from backend.errors import NotFound
from backend.tables import Asset, Dataset, Job, Lora, TrainingCheckpoint, TrainingPoint, TrainingRun, TrainingSample
from backend.training.schemas import CheckpointCard, Point, RunCard, RunPage, SampleCard

_PARAMS = tuple(field.name for field in fields(TrainParams))


def get(tx: Session, run_id: str) -> RunCard:
    """Raises NotFound."""
    row = tx.execute(_cards().where(TrainingRun.id == run_id)).first()
    if row is None:
        raise NotFound("This training run does not exist here. It may have been made in another workspace.")
    return _card(*row)


def page(
    tx: Session,
    *,
    dataset_id: str | None = None,
    influencer_id: str | None = None,
    cursor: str | None = None,
    take: int = 50,
) -> RunPage:
    """Newest first. `cursor` is the id the last page ended with."""
    where = []
    if dataset_id:
        where.append(TrainingRun.dataset_id == dataset_id)
    if influencer_id:
        where.append(TrainingRun.influencer_id == influencer_id)
    query = _cards().where(*where).order_by(TrainingRun.id.desc()).limit(take + 1)
    rows = tx.execute(query.where(TrainingRun.id < cursor) if cursor else query).all()
    total = tx.scalar(select(func.count()).select_from(TrainingRun).where(*where)) or 0
    cards = [_card(*row) for row in rows[:take]]
    return RunPage(cards, cards[-1].id if len(rows) > take else None, total)


def points(tx: Session, run_id: str, after: int = 0) -> list[Point]:
    """Figures of the steps after `after`, in order."""
    found = TrainingPoint.run_id == run_id, TrainingPoint.step > after
    rows = tx.execute(
        select(TrainingPoint.step, TrainingPoint.loss, TrainingPoint.lr).where(*found).order_by(TrainingPoint.step)
    )
    return [Point(step, loss, lr) for step, loss, lr in rows]


def samples(tx: Session, run_id: str) -> list[SampleCard]:
    """By step, then by prompt."""
    columns = TrainingSample.step, TrainingSample.n, TrainingSample.prompt, TrainingSample.asset_id
    query = select(*columns).where(TrainingSample.run_id == run_id).order_by(TrainingSample.step, TrainingSample.n)
    return [SampleCard(*row) for row in tx.execute(query)]


def checkpoints(tx: Session, run_id: str) -> list[CheckpointCard]:
    """By step; those that are in the library say as what."""
    query = (
        select(TrainingCheckpoint, Asset.size_bytes)
        .join(Asset, Asset.id == TrainingCheckpoint.asset_id)
        .where(TrainingCheckpoint.run_id == run_id)
        .order_by(TrainingCheckpoint.step)
    )
    made: dict[int, list[str]] = {}
    for lora_id, step in tx.execute(select(Lora.id, Lora.step).where(Lora.run_id == run_id, Lora.deleted_at.is_(None))):
        made.setdefault(step or 0, []).append(lora_id)
    return [
        CheckpointCard(row.step, row.asset_id, row.final, size, tuple(made.get(row.step, ())), row.created_at)
        for row, size in tx.execute(query)
    ]


def _cards() -> Select[TrainingRun, str, str, str | None]:
    query = select(TrainingRun, Dataset.name, Job.state, Job.error_message)
    query = query.join(Dataset, Dataset.id == TrainingRun.dataset_id).join(Job, Job.id == TrainingRun.job_id)
    return query.execution_options(populate_existing=True)


def _card(row: TrainingRun, dataset_name: str, state: str, error_message: str | None) -> RunCard:
    same = (
        "id",
        "name",
        "dataset_id",
        "influencer_id",
        "model",
        "preset",
        "trigger_word",
        "loss_first",
        "loss_last",
        "lora_id",
    )
    return RunCard(
        **{name: getattr(row, name) for name in same},
        notes=row.notes,
        created_at=row.created_at,
        dataset_name=dataset_name,
        job_id=row.job_id or "",
        params=TrainParams(**{name: row.params[name] for name in _PARAMS if name in row.params}),
        image_count=len(row.snapshot),
        sample_prompts=tuple(row.sample_prompts),
        state=state,
        error_message=error_message,
    )
