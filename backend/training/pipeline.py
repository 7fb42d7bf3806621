"""The job that trains: checkpoints, samples and points are stored as soon as they exist, so a crash costs only the steps since
the last checkpoint."""

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
from backend.engines.ports.events import Checkpoint, Metric, Output, Sample
from backend.engines.ports.trainer import StartCheckpoint, TrainImage, TrainRequest
from backend.errors import LeaseLost, Rejected, ShuttingDown, Unavailable
from backend.jobs import Work
from backend.jobs.context import JobContext
from backend.language import tr_lazy, tr_lazy_plural
from backend.training import dataset_lock, resource_needs
from backend.training.progress_writer import ProgressWriter, restore_losses
from backend.training.schemas import RunCard, TrainingPayload
from backend.training.service import finish

_FETCHERS = 6


def run(ctx: JobContext, payload: TrainingPayload) -> dict[str, Any]:
    """Result: {loraId, name, steps, assetId, s3Key}."""
    card = _acquire_pictures(ctx, payload.run_id)
    try:
        final_step = _train_to_end(ctx, card)
        result = ctx.step("library", partial(_finish_run, ctx, card, final_step))
    except (LeaseLost, ShuttingDown, Unavailable):
        raise  # the run has not ended: another attempt continues it
    except BaseException:
        _release(ctx, card)
        raise
    _release(ctx, card)
    return result or {}


def _acquire_pictures(ctx: JobContext, run_id: str) -> RunCard:
    """Keeps the run's pictures from being deleted. Raises NotFound (the dataset was deleted), Rejected (pictures were
    purged)."""
    with ctx.transaction() as tx:
        card = training.get(tx, run_id)
        tx.execute(select(Dataset.id).where(Dataset.id == card.dataset_id).with_for_update())
        datasets.get(tx, card.dataset_id)
        missing = dataset_lock.acquire(tx, run_id)
    if missing:
        _release(ctx, card)
        raise Rejected(
            tr_lazy(
                "{missing} of the {n} pictures of this run were deleted while it was not in line. "
                "Duplicate the run with the current pictures of its dataset.",
                missing=missing,
                n=card.image_count,
            )
        )
    return card


def _release(ctx: JobContext, card: RunCard) -> None:
    with ctx.transaction() as tx:
        tx.execute(select(Dataset.id).where(Dataset.id == card.dataset_id).with_for_update())
        dataset_lock.release_pictures(tx, card.id)
        dataset_lock.unlock_dataset(tx, card.dataset_id, ended=card.id)


def _train_to_end(ctx: JobContext, card: RunCard) -> int:
    """Trains unless an earlier attempt has saved the final checkpoint; returns the final step."""
    with ctx.transaction() as tx:
        last = _last_checkpoint(tx, card.id)
    if last and last.final:
        restore_losses(ctx, card)
    else:
        _train(ctx, card, last)
        with ctx.transaction() as tx:
            last = _last_checkpoint(tx, card.id)
    if last is None or not last.final:
        raise Rejected(tr_lazy("The training ended without a finished LoRA. Check the log, then start it again."))
    return last.step


def _finish_run(ctx: JobContext, card: RunCard, step: int) -> dict[str, Any]:
    with ctx.transaction() as tx:
        lora = finish(tx, card.id, step)
        file = assets.get(tx, lora.asset_id)
    ctx.log(tr_lazy("{name} is in the LoRA library.", name=lora.name))
    return {"loraId": lora.id, "name": lora.name, "steps": step, **file.names}


def _train(ctx: JobContext, card: RunCard, last: TrainingCheckpoint | None) -> None:
    request = _request(ctx, card, last)
    ctx.log(
        tr_lazy_plural(
            "Training {name} on {n:,} picture: {steps:,} steps on {model}.",
            "Training {name} on {n:,} pictures: {steps:,} steps on {model}.",
            len(request.images),
            name=card.name,
            steps=card.params.steps,
            model=card.model,
        )
    )
    trainer = ctx.app.engines.trainer
    if card.base.startswith("starter") and ctx.device in ("", "cpu"):
        share_left = 1 - (last.step / card.params.steps if last else 0.0)
        ctx.start_timing(
            Work("train", card.model, resource_needs.starter_s(card.params) * share_left, cold=True, phase="training")
        )
    with ProgressWriter(ctx, card, last_checkpoint=partial(trainer.newest_checkpoint, request.workdir)) as writer:
        for event in ctx.pump(trainer.run(request, ctx.handle)):
            match event:
                case Metric():
                    writer.metric(event)
                case Sample():
                    writer.sample(event)
                case Checkpoint():
                    writer.checkpoint(event)
                case Output():
                    writer.losses(event)


def _request(ctx: JobContext, card: RunCard, last: TrainingCheckpoint | None) -> TrainRequest:
    out = ctx.workdir / "out"
    out.mkdir(parents=True, exist_ok=True)
    return TrainRequest(
        model=card.model,
        name=card.name,
        images=_fetch_pictures(ctx, card),
        params=card.params,
        sample_prompts=card.sample_prompts if card.params.sample_every else (),
        sample_negative="",
        workdir=out,
        resume=_fetch_state(ctx, last) if last and last.state_asset_id else None,
        start=_start_point(ctx, card),
        device=ctx.device,
    )


def _start_point(ctx: JobContext, card: RunCard) -> StartCheckpoint | None:
    """The checkpoint of another run that this one continues, downloaded; None: it starts from the base model."""
    with ctx.transaction() as tx:
        run = tx.get_one(TrainingRun, card.id)
        stored = [assets.get(tx, asset_id) if asset_id else None for asset_id in (run.start_asset_id, run.start_state_asset_id)]
    lora, state = (_fetch(ctx, asset, name) for asset, name in zip(stored, ("start.safetensors", "start.state"), strict=True))
    if lora is None:
        return None
    ctx.log(tr_lazy("It begins with what another run had learned after {n:,} steps.", n=card.steps_before))
    return StartCheckpoint(card.steps_before, lora, state)


def _fetch(ctx: JobContext, asset: AssetCard | None, name: str) -> Path | None:
    if asset is None:
        return None
    assets.fetch(ctx.app.storage, asset, path := ctx.workdir / name)
    return path


def _fetch_pictures(ctx: JobContext, card: RunCard) -> tuple[TrainImage, ...]:
    """Downloads the pictures and their masks in parallel; in the order of the snapshot, so that a run can be repeated
    exactly."""
    with ctx.transaction() as tx:
        snapshot = tx.scalars(select(TrainingRun.snapshot).where(TrainingRun.id == card.id)).one()
    folder = ctx.workdir / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    images = [_image(folder / f"{n:05d}", item) for n, item in enumerate(snapshot)]
    downloads = [(item["key"], image.path) for item, image in zip(snapshot, images, strict=True)]
    downloads += [(item["mask_key"], image.mask) for item, image in zip(snapshot, images, strict=True) if image.mask]
    storage = ctx.app.storage
    with ThreadPoolExecutor(_FETCHERS) as pool:
        for done, _ in enumerate(pool.map(lambda pair: storage.get_file(*pair), downloads), 1):
            ctx.progress(done, len(downloads), tr_lazy("fetching pictures"))
            ctx.check()
    return tuple(images)


def _image(base: Path, item: dict[str, Any]) -> TrainImage:
    """One picture of the snapshot. Snapshots of older runs have no `crop`, `mask_key` or `repeats`."""
    x, y, width, height = item.get("crop") or (0, 0, 0, 0)
    mask = base.with_suffix(f".mask{Path(item['mask_key']).suffix}") if item.get("mask_key") else None
    path = base.with_suffix(Path(item["key"]).suffix)
    return TrainImage(path, item["caption"], (x, y, width, height) if width else None, mask, item.get("repeats") or 1)


def _fetch_state(ctx: JobContext, last: TrainingCheckpoint) -> Path:
    with ctx.transaction() as tx:
        asset = assets.get(tx, str(last.state_asset_id))
    path = ctx.workdir / "resume.state"
    assets.fetch(ctx.app.storage, asset, path)
    ctx.log(tr_lazy("Going on from step {step}.", step=last.step))
    return path


def _last_checkpoint(tx: Session, run_id: str) -> TrainingCheckpoint | None:
    query = select(TrainingCheckpoint).where(TrainingCheckpoint.run_id == run_id).order_by(TrainingCheckpoint.step.desc())
    return tx.scalars(query.limit(1)).first()
