"""Reading runs, their curves, samples and checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, defer

from backend.db.tables import Asset, Dataset, Job, Lora, TrainingCheckpoint, TrainingPoint, TrainingRun, TrainingSample
from backend.engines.ports.trainer import TrainParams
from backend.errors import NotFound
from backend.language import tr_lazy
from backend.training.schemas import LossPoint, RunCard, RunPage, SampleCard, TrainingCheckpointCard

_PARAMS = tuple(field.name for field in fields(TrainParams))


def get(tx: Session, run_id: str) -> RunCard:
    """Raises NotFound."""
    row = tx.execute(_cards().where(TrainingRun.id == run_id)).first()
    if row is None:
        raise NotFound(tr_lazy("This training run does not exist here. It may have been made in another workspace."))
    return _card(*row)


def page(
    tx: Session,
    *,
    dataset_id: str | None = None,
    influencer_id: str | None = None,
    state: str | None = None,
    cursor: str | None = None,
    take: int = 50,
    skip: int = 0,
) -> RunPage:
    """Newest first. `state`: of their jobs. `cursor` is the id the last page ended with; `skip` leaves out the first ones."""
    where = []
    if dataset_id:
        where.append(TrainingRun.dataset_id == dataset_id)
    if influencer_id:
        where.append(TrainingRun.influencer_id == influencer_id)
    counted = select(func.count()).select_from(TrainingRun)
    if state:
        where.append(Job.state == state)
        counted = counted.join(Job, Job.id == TrainingRun.job_id)
    query = _cards().where(*where).order_by(TrainingRun.id.desc()).limit(take + 1).offset(skip)
    rows = tx.execute(query.where(TrainingRun.id < cursor) if cursor else query).all()
    total = tx.scalar(counted.where(*where)) or 0
    cards = [_card(*row) for row in rows[:take]]
    return RunPage(cards, cards[-1].id if len(rows) > take else None, total)


def get_many(tx: Session, run_ids: Sequence[str]) -> list[RunCard]:
    """The runs that exist, in the order of `run_ids`, each once."""
    rows = tx.execute(_cards().where(TrainingRun.id.in_(run_ids))) if run_ids else ()
    cards_by_id = {card.id: card for card in (_card(*row) for row in rows)}
    return [cards_by_id[run_id] for run_id in dict.fromkeys(run_ids) if run_id in cards_by_id]


def curves(tx: Session, run_ids: Sequence[str], *, limit: int = 2000) -> dict[str, list[LossPoint]]:
    """Run id -> its points, thinned evenly to about `limit`; the last step is always included."""
    of_runs = TrainingPoint.run_id.in_(run_ids)
    last_steps = select(TrainingPoint.run_id, func.max(TrainingPoint.step).label("last")).where(of_runs)
    last_step_by_run = last_steps.group_by(TrainingPoint.run_id).subquery()
    every = func.greatest(last_step_by_run.c.last // limit, 1)
    columns = TrainingPoint.run_id, TrainingPoint.step, TrainingPoint.loss, TrainingPoint.lr
    query = select(*columns).join(last_step_by_run, last_step_by_run.c.run_id == TrainingPoint.run_id)
    query = query.where(or_(TrainingPoint.step % every == 0, TrainingPoint.step == last_step_by_run.c.last))
    points_by_run: dict[str, list[LossPoint]] = {run_id: [] for run_id in run_ids}
    for run_id, step, loss, lr in tx.execute(query.order_by(TrainingPoint.run_id, TrainingPoint.step)):
        points_by_run[run_id].append(LossPoint(step, loss, lr))
    return points_by_run


def samples_by_run(tx: Session, run_ids: Sequence[str]) -> dict[str, list[SampleCard]]:
    """Run id -> its samples by step, then by prompt."""
    columns = TrainingSample.run_id, TrainingSample.step, TrainingSample.n, TrainingSample.prompt, TrainingSample.asset_id
    query = select(*columns).where(TrainingSample.run_id.in_(run_ids)).order_by(TrainingSample.step, TrainingSample.n)
    cards_by_run: dict[str, list[SampleCard]] = {run_id: [] for run_id in run_ids}
    for run_id, step, n, prompt, asset_id in tx.execute(query):
        cards_by_run[run_id].append(SampleCard(step, n, prompt, asset_id))
    return cards_by_run


def newest_samples(tx: Session, run_ids: Sequence[str]) -> dict[str, str]:
    """Run id -> asset id of the first sample of its newest step, of those that have one."""
    columns = TrainingSample.run_id, TrainingSample.asset_id
    query = select(*columns).ext(distinct_on(TrainingSample.run_id)).where(TrainingSample.run_id.in_(run_ids))
    rows = tx.execute(query.order_by(TrainingSample.run_id, TrainingSample.step.desc(), TrainingSample.n)) if run_ids else ()
    return {run_id: asset_id for run_id, asset_id in rows}


def points(tx: Session, run_id: str, after: int = 0) -> list[LossPoint]:
    """Points of the steps after `after`, in order."""
    after_step = TrainingPoint.run_id == run_id, TrainingPoint.step > after
    rows = tx.execute(
        select(TrainingPoint.step, TrainingPoint.loss, TrainingPoint.lr).where(*after_step).order_by(TrainingPoint.step)
    )
    return [LossPoint(step, loss, lr) for step, loss, lr in rows]


def samples(tx: Session, run_id: str) -> list[SampleCard]:
    """Samples of a run by step, then by prompt."""
    columns = TrainingSample.step, TrainingSample.n, TrainingSample.prompt, TrainingSample.asset_id
    query = select(*columns).where(TrainingSample.run_id == run_id).order_by(TrainingSample.step, TrainingSample.n)
    return [SampleCard(*row) for row in tx.execute(query)]


def checkpoints(tx: Session, run_id: str) -> list[TrainingCheckpointCard]:
    """Checkpoints of a run by step, with the LoRAs that the library has of them."""
    query = (
        select(TrainingCheckpoint, Asset.size_bytes)
        .join(Asset, Asset.id == TrainingCheckpoint.asset_id)
        .where(TrainingCheckpoint.run_id == run_id)
        .order_by(TrainingCheckpoint.step)
    )
    loras_by_step: dict[int, list[str]] = {}
    for lora_id, step in tx.execute(select(Lora.id, Lora.step).where(Lora.run_id == run_id, Lora.deleted_at.is_(None))):
        loras_by_step.setdefault(step or 0, []).append(lora_id)
    return [
        TrainingCheckpointCard(
            row.step,
            row.asset_id,
            row.final,
            size,
            tuple(loras_by_step.get(row.step, ())),
            row.created_at,
            bool(row.state_asset_id),
        )
        for row, size in tx.execute(query)
    ]


def _cards() -> Select[TrainingRun, str, str, str | None, datetime | None, int]:
    """The columns of a card. Snapshots are deferred: those of a list of runs may be many megabytes together."""
    waits_until = case(((Job.state == "pending") & (Job.not_before > func.clock_timestamp()), Job.not_before))
    stored_count = TrainingRun.params["image_count"].as_integer()
    images = func.coalesce(stored_count, func.jsonb_array_length(TrainingRun.snapshot))
    query = select(TrainingRun, Dataset.name, Job.state, Job.error_message, waits_until, images)
    query = query.join(Dataset, Dataset.id == TrainingRun.dataset_id).join(Job, Job.id == TrainingRun.job_id)
    return query.options(defer(TrainingRun.snapshot)).execution_options(populate_existing=True)


def _card(
    row: TrainingRun, dataset_name: str, state: str, error_message: str | None, not_before: datetime | None, images: int
) -> RunCard:
    columns = (
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
        "copied_from_run_id",
        "continued_from_run_id",
        "continued_from_step",
    )
    return RunCard(
        **{name: getattr(row, name) for name in columns},
        notes=row.notes,
        created_at=row.created_at,
        dataset_name=dataset_name,
        job_id=row.job_id or "",
        params=TrainParams(**{name: row.params[name] for name in _PARAMS if name in row.params}),
        image_count=images,
        sample_prompts=tuple(row.sample_prompts),
        state=state,
        error_message=error_message,
        steps_before=row.params.get("steps_before", 0),
        not_before=not_before,
        base=row.params.get("base", ""),
    )
