"""The job that trains: everything worth keeping goes to S3 the moment it exists, so a crash costs the steps since then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Select, delete, exists, or_, select
from sqlalchemy.orm import Session

from backend import assets, datasets, training
from backend.engines.events import Checkpoint, Metric, Output, Sample
from backend.engines.trainer.port import TrainImage, TrainRequest
from backend.errors import Conflict, LeaseLost, Rejected, ShuttingDown, Unavailable
from backend.jobs.context import JobContext
from backend.tables import Dataset, Job, JobStep, TrainingCheckpoint, TrainingRun
from backend.training.recording import Recorder
from backend.training.schemas import RunCard, TrainingPayload
from backend.training.service import finish, free_dataset, set_dataset_status

CLAIMED = "dataset"
"""Step of a training job with which an attempt takes its dataset."""
_FETCHERS = 6


def run(ctx: JobContext, payload: TrainingPayload) -> dict[str, Any]:
    """Result: the LoRA it made."""
    card = _claim(ctx, payload.run_id)
    try:
        step = _trained(ctx, card)
        result = ctx.step("library", partial(_finish, ctx, card, step))
    except (LeaseLost, ShuttingDown, Unavailable):
        raise  # not the end of this run: another attempt goes on
    except BaseException:
        _free(ctx, card)
        raise
    _free(ctx, card)
    return result or {}


def _claim(ctx: JobContext, run_id: str) -> RunCard:
    """The dataset is this run's until it ends. Raises NotFound (the dataset is gone), Conflict (another run has it)."""
    with ctx.transaction() as tx:
        card = training.get(tx, run_id)
        tx.execute(select(Dataset.id).where(Dataset.id == card.dataset_id).with_for_update())
        datasets.get(tx, card.dataset_id)
        if rival := tx.scalar(_rivals(card)):
            raise Conflict(
                f"Another run, {rival}, trains on this dataset. Wait for it to end or cancel it, then try this one again."
            )
        tx.execute(delete(JobStep).where(JobStep.job_id == ctx.job_id, JobStep.name == CLAIMED))
        tx.add(JobStep(job_id=ctx.job_id, name=CLAIMED, attempt_id=ctx.attempt_id, result=None))
        set_dataset_status(tx, card.dataset_id, "training")
    return card


def _rivals(card: RunCard) -> Select[Any]:
    """Runs that have this dataset, and newer ones in line for it: an old run that is tried again comes after them."""
    steps = JobStep.job_id == Job.id, JobStep.name == CLAIMED, JobStep.attempt_id == Job.attempt_id
    has_it = (Job.state == "processing") & exists().where(*steps)
    newer = Job.state.in_(("pending", "processing")) & (TrainingRun.id > card.id)
    others = TrainingRun.dataset_id == card.dataset_id, TrainingRun.id != card.id, or_(has_it, newer)
    return select(TrainingRun.name).join(Job, Job.id == TrainingRun.job_id).where(*others).limit(1)


def _free(ctx: JobContext, card: RunCard) -> None:
    with ctx.transaction() as tx:
        free_dataset(tx, card.dataset_id)


def _trained(ctx: JobContext, card: RunCard) -> int:
    """The final step's number; an attempt that died after its last checkpoint does not train again."""
    with ctx.transaction() as tx:
        last = _last_checkpoint(tx, card.id)
    if not (last and last.final):
        _train(ctx, card, last)
        with ctx.transaction() as tx:
            last = _last_checkpoint(tx, card.id)
    if last is None or not last.final:
        raise Rejected("The training ended without a finished LoRA. Look at the log, then start it again.")
    return last.step


def _finish(ctx: JobContext, card: RunCard, step: int) -> dict[str, Any]:
    with ctx.transaction() as tx:
        lora = finish(tx, card.id, step)
    ctx.log(f"{lora.name} is in the LoRA library.")
    return {"lora_id": lora.id, "name": lora.name, "steps": step}


def _train(ctx: JobContext, card: RunCard, last: TrainingCheckpoint | None) -> None:
    request = _request(ctx, card, last)
    ctx.log(f"Training {card.name} on {len(request.images)} pictures: {card.params.steps} steps on {card.model}.")
    trainer = ctx.app.engines.trainer
    with Recorder(ctx, card, left=partial(trainer.left, request.workdir)) as recorder:
        for event in ctx.pump(trainer.run(request, ctx.handle)):
            match event:
                case Metric():
                    recorder.metric(event)
                case Sample():
                    recorder.sample(event)
                case Checkpoint():
                    recorder.checkpoint(event)
                case Output():
                    recorder.losses(event)


def _request(ctx: JobContext, card: RunCard, last: TrainingCheckpoint | None) -> TrainRequest:
    out = ctx.workdir / "out"
    out.mkdir(parents=True, exist_ok=True)
    return TrainRequest(
        model=card.model,
        name=card.name,
        images=_pictures(ctx, card),
        params=card.params,
        sample_prompts=card.sample_prompts if card.params.sample_every else (),
        sample_negative="",
        workdir=out,
        resume=_state(ctx, last) if last and last.state_asset_id else None,
    )


def _pictures(ctx: JobContext, card: RunCard) -> tuple[TrainImage, ...]:
    """Fetched several at a time; the order is the snapshot's, so a run repeats exactly."""
    with ctx.transaction() as tx:
        snapshot = tx.scalars(select(TrainingRun.snapshot).where(TrainingRun.id == card.id)).one()
    folder = ctx.workdir / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{n:05d}{Path(item['key']).suffix}" for n, item in enumerate(snapshot)]
    storage = ctx.app.storage
    with ThreadPoolExecutor(_FETCHERS) as pool:
        fetched = pool.map(lambda pair: storage.get_file(pair[0]["key"], pair[1]), zip(snapshot, paths, strict=True))
        for done, _ in enumerate(fetched, 1):
            ctx.progress(done, len(paths), "fetching pictures")
            ctx.check()
    return tuple(TrainImage(path, item["caption"]) for item, path in zip(snapshot, paths, strict=True))


def _state(ctx: JobContext, last: TrainingCheckpoint) -> Path:
    with ctx.transaction() as tx:
        asset = assets.get(tx, str(last.state_asset_id))
    path = ctx.workdir / "resume.state"
    assets.fetch(ctx.app.storage, asset, path)
    ctx.log(f"Going on from step {last.step}.")
    return path


def _last_checkpoint(tx: Session, run_id: str) -> TrainingCheckpoint | None:
    query = select(TrainingCheckpoint).where(TrainingCheckpoint.run_id == run_id).order_by(TrainingCheckpoint.step.desc())
    return tx.scalars(query.limit(1)).first()
