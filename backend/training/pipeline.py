"""The job that trains: everything worth keeping goes to S3 the moment it exists, so a crash costs the steps since then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, datasets, training
from backend.assets import AssetCard
from backend.db.tables import Dataset, TrainingCheckpoint, TrainingRun
from backend.engines.events import Checkpoint, Metric, Output, Sample
from backend.engines.trainer.port import Start, TrainImage, TrainRequest
from backend.errors import LeaseLost, Rejected, ShuttingDown, Unavailable
from backend.jobs import Work
from backend.jobs.context import JobContext
from backend.training import dataset_lock, estimates
from backend.training.progress_writer import Recorder, recall_losses
from backend.training.schemas import RunCard, TrainingPayload
from backend.training.service import finish

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
    """Its pictures stay until it ends. Raises NotFound (the dataset is gone), Rejected (pictures are gone for good)."""
    with ctx.transaction() as tx:
        card = training.get(tx, run_id)
        tx.execute(select(Dataset.id).where(Dataset.id == card.dataset_id).with_for_update())
        datasets.get(tx, card.dataset_id)
        gone = dataset_lock.hold(tx, run_id)
    if gone:
        _free(ctx, card)
        raise Rejected(
            f"{gone} of the {card.image_count} pictures of this run were deleted while it was not in line. "
            "Duplicate the run with the current pictures of its dataset."
        )
    return card


def _free(ctx: JobContext, card: RunCard) -> None:
    with ctx.transaction() as tx:
        tx.execute(select(Dataset.id).where(Dataset.id == card.dataset_id).with_for_update())
        dataset_lock.release(tx, card.id)
        dataset_lock.free_dataset(tx, card.dataset_id, ended=card.id)


def _trained(ctx: JobContext, card: RunCard) -> int:
    """The final step's number; an attempt that died after its last checkpoint does not train again."""
    with ctx.transaction() as tx:
        last = _last_checkpoint(tx, card.id)
    if last and last.final:
        recall_losses(ctx, card)
    else:
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
    if card.base.startswith("starter") and ctx.device in ("", "cpu"):
        share = 1 - (last.step / card.params.steps if last else 0.0)
        ctx.start_timing(Work("train", card.model, estimates.starter_s(card.params) * share, cold=True, phase="training"))
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
        start=_start(ctx, card),
        device=ctx.device,
    )


def _start(ctx: JobContext, card: RunCard) -> Start | None:
    """The checkpoint of another run that this one goes on from."""
    with ctx.transaction() as tx:
        run = tx.get_one(TrainingRun, card.id)
        found = [assets.get(tx, asset_id) if asset_id else None for asset_id in (run.start_asset_id, run.start_state_asset_id)]
    lora, state = (_fetched(ctx, asset, name) for asset, name in zip(found, ("start.safetensors", "start.state"), strict=True))
    if lora is None:
        return None
    ctx.log(f"It begins with what another run had learned after {card.steps_before} steps.")
    return Start(card.steps_before, lora, state)


def _fetched(ctx: JobContext, asset: AssetCard | None, name: str) -> Path | None:
    if asset is None:
        return None
    assets.fetch(ctx.app.storage, asset, path := ctx.workdir / name)
    return path


def _pictures(ctx: JobContext, card: RunCard) -> tuple[TrainImage, ...]:
    """Fetched several at a time, with their masks; the order is the snapshot's, so a run repeats exactly."""
    with ctx.transaction() as tx:
        snapshot = tx.scalars(select(TrainingRun.snapshot).where(TrainingRun.id == card.id)).one()
    folder = ctx.workdir / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    images = [_image(folder / f"{n:05d}", item) for n, item in enumerate(snapshot)]
    wanted = [(item["key"], image.path) for item, image in zip(snapshot, images, strict=True)]
    wanted += [(item["mask_key"], image.mask) for item, image in zip(snapshot, images, strict=True) if image.mask]
    storage = ctx.app.storage
    with ThreadPoolExecutor(_FETCHERS) as pool:
        for done, _ in enumerate(pool.map(lambda pair: storage.get_file(*pair), wanted), 1):
            ctx.progress(done, len(wanted), "fetching pictures")
            ctx.check()
    return tuple(images)


def _image(base: Path, item: dict[str, Any]) -> TrainImage:
    """`crop` and `mask_key` are not in the snapshots of older runs."""
    x, y, width, height = item.get("crop") or (0, 0, 0, 0)
    mask = base.with_suffix(f".mask{Path(item['mask_key']).suffix}") if item.get("mask_key") else None
    path = base.with_suffix(Path(item["key"]).suffix)
    return TrainImage(path, item["caption"], (x, y, width, height) if width else None, mask)


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
