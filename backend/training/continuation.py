"""Runs that follow others: with the same pictures, or from a checkpoint's weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, datasets
from backend.db.tables import TrainingCheckpoint, TrainingRun
from backend.engines.image.port import ModelCard
from backend.engines.trainer.port import TrainParams
from backend.errors import Conflict, Invalid, NotFound
from backend.training import rules
from backend.training.schemas import RunDraft

FIXED = ("network_dim", "network_alpha", "train_convolutions")
"""Parameters that shape the adapters: a continued run keeps them."""


@dataclass(frozen=True, slots=True)
class Source:
    """The run a draft follows. `checkpoint`: what it continues from, None when it only repeats."""

    run: TrainingRun
    checkpoint: TrainingCheckpoint | None

    @property
    def steps_before(self) -> int:
        """Steps that the weights it continues from have behind them."""
        return int(self.run.params.get("steps_before", 0)) + self.checkpoint.step if self.checkpoint else 0


def source(tx: Session, draft: RunDraft) -> Source | None:
    """Raises NotFound, Conflict (the checkpoint's file was deleted).

    The checkpoint is locked: a run that still works forgets all states but its newest, and waits until this one is in use.
    """
    if draft.source_run_id is None:
        return None
    run = tx.get(TrainingRun, draft.source_run_id)
    if run is None:
        raise NotFound("The run to start from does not exist here. Open the list of runs and choose another one.")
    if draft.continued_from_step is None:
        return Source(run, None)
    place = tx.info["tenant_id"], run.id, draft.continued_from_step
    checkpoint = tx.get(TrainingCheckpoint, place, with_for_update=True, populate_existing=True)
    if checkpoint is None:
        raise NotFound(f"{run.name} has no checkpoint of step {draft.continued_from_step}. Choose one of its list.")
    if assets.get(tx, checkpoint.asset_id).state != "stored":
        raise Conflict("The file of this checkpoint was deleted. Choose another checkpoint.")
    return Source(run, checkpoint)


def settle(params: TrainParams, draft: RunDraft, found: Source | None, model: ModelCard) -> TrainParams:
    """What must stay as it was when a run is continued. Raises Invalid naming what was changed."""
    if found is None or found.checkpoint is None:
        return params
    run = found.run
    if model.name != run.model:
        raise Invalid(f"A checkpoint can only be continued on its own model, {run.model}. Choose that one, or start anew.")
    asked = draft.params.model_dump(exclude_none=True)
    changed = [name for name in FIXED if name in asked and asked[name] != run.params[name]]
    with_text = params.text_encoder_lr > 0
    if "text_encoder_lr" not in asked:
        params = TrainParams(**asdict(params) | {"text_encoder_lr": run.params["text_encoder_lr"]})
    elif with_text != (run.params["text_encoder_lr"] > 0):
        changed.append("text_encoder_lr")
    if changed:
        words = ", ".join(rules.PARAMETERS[name] for name in changed)
        raise Invalid(f"A continued run keeps the shape of its LoRA. Leave as it was: {words}. Or duplicate the run instead.")
    return TrainParams(**asdict(params) | {name: run.params[name] for name in FIXED})


def frozen(tx: Session, draft: RunDraft, found: Source | None, trigger_word: str) -> list[dict[str, Any]]:
    """What is trained on, as plain rows. Raises Invalid (no longer all there, or another dataset's)."""
    if draft.pictures == "current" or found is None:
        items = datasets.training_set(tx, draft.dataset_id)
        return [asdict(item) | {"caption": rules.with_trigger(item.caption, trigger_word)} for item in items]
    if found.run.dataset_id != draft.dataset_id:
        raise Invalid(f"{found.run.name} was trained on another dataset. Choose the current pictures.")
    return [dict(item) for item in found.run.snapshot]


def continued_by(tx: Session, run_id: str) -> list[tuple[str, str, int]]:
    """(id, name, step) of the runs that continue this one."""
    columns = TrainingRun.id, TrainingRun.name, TrainingRun.continued_from_step
    rows = tx.execute(select(*columns).where(TrainingRun.continued_from_run_id == run_id).order_by(TrainingRun.id))
    return [(found_id, name, step or 0) for found_id, name, step in rows]
