"""Stores a trainer's progress: points about once a second, samples and checkpoints at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets
from backend.assets import AssetCard
from backend.db.tables import TrainingCheckpoint, TrainingPoint, TrainingRun, TrainingSample
from backend.engines.ports.events import Checkpoint, Metric, Output, Sample
from backend.errors import Cancelled, LeaseLost, ShuttingDown
from backend.jobs.context import JobContext
from backend.language import tr_lazy
from backend.media.images.ai_mark import deliver_png
from backend.training.schemas import RunCard

_FLUSH_S = 1.0
_AVERAGED_STEPS = 32
"""How many first and last steps are averaged where the trainer did not report its first and last loss."""


class ProgressWriter:
    """Writes the progress of one attempt at a run. Its exit stores the points that are left, however the training ended.

    `last_checkpoint()`: the checkpoint that the trainer wrote when it was stopped, if any; the exit stores it too.
    """

    def __init__(self, ctx: JobContext, card: RunCard, *, last_checkpoint: Callable[[], Checkpoint | None]) -> None:
        self._ctx = ctx
        self._card = card
        self._last_checkpoint = last_checkpoint
        self._kept_step = 0
        self._points: dict[int, Metric] = {}
        self._flushed_at = time.monotonic()

    def __enter__(self) -> ProgressWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, LeaseLost):
            return
        self._flush()
        if isinstance(error, (Cancelled, ShuttingDown)) and (last := self._last_checkpoint()) and last.step > self._kept_step:
            self._keep(last)

    def metric(self, event: Metric) -> None:
        self._points[event.step] = event
        if time.monotonic() - self._flushed_at >= _FLUSH_S:
            self._flush()

    def sample(self, event: Sample) -> None:
        marked = event.path.with_suffix(".marked.png")
        deliver_png(event.path, marked)
        stored = self._store(marked, "image", f"sample-{event.step:06d}-{event.n}.png", "image/png", thumbs=True)
        key = {"run_id": self._card.id, "step": event.step, "n": event.n}
        with self._ctx.transaction() as tx:
            earlier = tx.get(TrainingSample, {"tenant_id": self._ctx.tenant_id, **key})
            if earlier is not None:  # an earlier attempt drew this sample already
                assets.unuse(tx, earlier.asset_id, "training", self._card.id)
                earlier.asset_id = stored.id
            else:
                tx.add(TrainingSample(**key, prompt=event.prompt, asset_id=stored.id))
            assets.use(tx, stored.id, "training", self._card.id)
        marked.unlink()
        event.path.unlink(missing_ok=True)

    def checkpoint(self, event: Checkpoint) -> None:
        self._flush()
        self._ctx.step(f"checkpoint-{event.step}", partial(self._keep, event))
        self._ctx.log(tr_lazy("Kept the LoRA of step {step}.", step=event.step))

    def losses(self, event: Output) -> None:
        """Stores the first and last loss, which the trainer reports at the end."""
        first, last = event.meta.get("loss_first"), event.meta.get("loss_last")
        _save_losses(self._ctx, self._card, first, last, event.meta.get("loss_over") or tr_lazy("{n} fixed draws", n=32))

    def _keep(self, event: Checkpoint) -> dict[str, Any]:
        lora = self._store(event.path, "lora", f"step-{event.step:06d}.safetensors", "application/octet-stream")
        state = None
        if event.state_path and not event.final:
            state = self._store(event.state_path, "state", f"step-{event.step:06d}.state", "application/octet-stream")
        with self._ctx.transaction() as tx:
            _delete_older_states(tx, self._card.id)
            values = {"asset_id": lora.id, "state_asset_id": state.id if state else None, "final": event.final}
            row = insert(TrainingCheckpoint).values(run_id=self._card.id, step=event.step, **values)
            tx.execute(row.on_conflict_do_update(index_elements=["tenant_id", "run_id", "step"], set_=values))
            for stored in (lora, state):
                if stored:
                    assets.use(tx, stored.id, "training", self._card.id)
        if event.state_path:
            event.state_path.unlink(missing_ok=True)
        self._kept_step = event.step
        return {"step": event.step, "asset_id": lora.id}

    def _store(self, path: Path, kind: str, name: str, content_type: str, *, thumbs: bool = False) -> AssetCard:
        ctx = self._ctx
        return assets.store(
            ctx.transaction,
            ctx.app.storage,
            path=path,
            kind=kind,
            key=assets.key_for("lora", tenant_id=ctx.tenant_id, lora_id=self._card.id, name=f"{ctx.attempt_id}-{name}"),
            content_type=content_type,
            filename=f"{self._card.name}-{name}",
            job_id=ctx.job_id,
            attempt_id=ctx.attempt_id,
            thumbs=thumbs,
        )

    def _flush(self) -> None:
        self._flushed_at = time.monotonic()
        if not self._points:
            return
        rows = [{"run_id": self._card.id, "step": p.step, "loss": p.loss, "lr": p.lr} for p in self._points.values()]
        with self._ctx.transaction() as tx:
            rows_insert = insert(TrainingPoint).values(rows)
            on_conflict = {"loss": rows_insert.excluded.loss, "lr": rows_insert.excluded.lr}
            tx.execute(rows_insert.on_conflict_do_update(index_elements=["tenant_id", "run_id", "step"], set_=on_conflict))
        self._points.clear()


def restore_losses(ctx: JobContext, card: RunCard) -> None:
    """Computes the first and last loss from the points, for an attempt that died between its final checkpoint and the report.

    Points are stored before a checkpoint is. Does nothing when the losses are stored already or there are too few points.
    """
    of_run = TrainingPoint.run_id == card.id
    with ctx.transaction() as tx:
        if tx.scalar(select(TrainingRun.loss_last).where(TrainingRun.id == card.id)) is not None:
            return
        losses = tx.scalars(select(TrainingPoint.loss).where(of_run).order_by(TrainingPoint.step)).all()
    n = min(_AVERAGED_STEPS, len(losses) // 2)
    if n:
        first, last = sum(losses[:n]) / n, sum(losses[-n:]) / n
        _save_losses(ctx, card, first, last, tr_lazy("the first and the last {n} steps", n=n))


def _save_losses(ctx: JobContext, card: RunCard, first: float | None, last: float | None, over: str) -> None:
    with ctx.transaction() as tx:
        tx.execute(update(TrainingRun).where(TrainingRun.id == card.id).values(loss_first=first, loss_last=last))
    if first is not None and last is not None:
        ctx.log(tr_lazy("Loss over {over}: {first:.4f} before, {last:.4f} after.", over=over, first=first, last=last))


def _delete_older_states(tx: Session, run_id: str) -> None:
    """Deletes the optimizer states of earlier checkpoints: they are large, and only the newest is used to resume."""
    with_state = TrainingCheckpoint.run_id == run_id, TrainingCheckpoint.state_asset_id.is_not(None)
    old = [str(asset_id) for asset_id in tx.scalars(select(TrainingCheckpoint.state_asset_id).where(*with_state))]
    if not old:
        return
    tx.execute(update(TrainingCheckpoint).where(*with_state).values(state_asset_id=None))
    for asset_id in old:
        assets.unuse(tx, asset_id, "training", run_id)
    still_used = {asset_id for asset_id in old if assets.uses(tx, asset_id)}  # a run that continues this one
    assets.delete(tx, [asset_id for asset_id in old if asset_id not in still_used])
