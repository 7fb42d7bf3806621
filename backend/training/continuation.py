"""Runs based on earlier ones: with the same pictures, or continuing from a checkpoint's weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import assets, datasets
from backend.db.tables import TrainingCheckpoint, TrainingRun
from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import TrainParams
from backend.errors import Conflict, Invalid, NotFound
from backend.language import tr_lazy
from backend.training import rules
from backend.training.schemas import RunDraft

FIXED_PARAMETERS = ("network_dim", "network_alpha", "train_convolutions")
"""Parameters that determine the shape of the adapters: a continued run must keep them."""


@dataclass(frozen=True, slots=True)
class RunSource:
    """The run a draft is based on. `checkpoint`: what it continues from; None: the run is only repeated."""

    run: TrainingRun
    checkpoint: TrainingCheckpoint | None

    @property
    def steps_before(self) -> int:
        """How many steps the weights it continues from were trained for, all earlier runs together."""
        return int(self.run.params.get("steps_before", 0)) + self.checkpoint.step if self.checkpoint else 0


def source_of_draft(tx: Session, draft: RunDraft) -> RunSource | None:
    """The run that `draft` is based on, if any. Raises NotFound, Conflict (the checkpoint's file was deleted).

    Locks the checkpoint: a run that is still training deletes its older states, and has to wait until this one is marked as
    used.
    """
    if draft.source_run_id is None:
        return None
    run = tx.get(TrainingRun, draft.source_run_id)
    if run is None:
        raise NotFound(tr_lazy("The run to start from does not exist here. Open the list of runs and choose another one."))
    if draft.continued_from_step is None:
        return RunSource(run, None)
    key = tx.info["tenant_id"], run.id, draft.continued_from_step
    checkpoint = tx.get(TrainingCheckpoint, key, with_for_update=True, populate_existing=True)
    if checkpoint is None:
        raise NotFound(
            tr_lazy(
                "{run} has no version of step {step}. Choose one of its list.",
                run=run.name,
                step=draft.continued_from_step or 0,
            )
        )
    if assets.get(tx, checkpoint.asset_id).state != "stored":
        raise Conflict(tr_lazy("The file of this version was deleted. Choose another version."))
    return RunSource(run, checkpoint)


def keep_adapter_shape(params: TrainParams, draft: RunDraft, source: RunSource | None, model: ModelCard) -> TrainParams:
    """`params` with what a continued run must keep of its source. Raises Invalid naming parameters that the draft changed."""
    if source is None or source.checkpoint is None:
        return params
    run = source.run
    if model.name != run.model:
        raise Invalid(
            tr_lazy(
                "A version can only be continued on its own model, {model}. Choose that one, or start a new run.",
                model=run.model,
            )
        )
    requested = draft.params.model_dump(exclude_none=True)
    changed = [name for name in FIXED_PARAMETERS if name in requested and requested[name] != run.params[name]]
    trains_text = params.text_encoder_lr > 0
    if "text_encoder_lr" not in requested:
        params = TrainParams(**asdict(params) | {"text_encoder_lr": run.params["text_encoder_lr"]})
    elif trains_text != (run.params["text_encoder_lr"] > 0):
        changed.append("text_encoder_lr")
    if changed:
        labels = ", ".join(rules.PARAMETERS[name] for name in changed)
        raise Invalid(
            tr_lazy(
                "A continued run keeps the shape of its LoRA. Leave as it was: {parameters}. Or duplicate the run instead.",
                parameters=labels,
            )
        )
    return TrainParams(**asdict(params) | {name: run.params[name] for name in FIXED_PARAMETERS})


def training_snapshot(tx: Session, draft: RunDraft, source: RunSource | None, trigger_word: str) -> list[dict[str, Any]]:
    """The pictures and captions to train on, as JSON rows. Raises Invalid (the source was trained on another dataset)."""
    if draft.pictures == "current" or source is None:
        items = datasets.training_set(tx, draft.dataset_id)
        return [asdict(item) | {"caption": rules.with_trigger_word(item.caption, trigger_word)} for item in items]
    if source.run.dataset_id != draft.dataset_id:
        raise Invalid(tr_lazy("{run} was trained on another dataset. Choose the current pictures.", run=source.run.name))
    return [dict(item) for item in source.run.snapshot]


def continuations(tx: Session, run_id: str) -> list[tuple[str, str, int]]:
    """(id, name, step) of the runs that continue this one."""
    columns = TrainingRun.id, TrainingRun.name, TrainingRun.continued_from_step
    rows = tx.execute(select(*columns).where(TrainingRun.continued_from_run_id == run_id).order_by(TrainingRun.id))
    return [(run_id_, name, step or 0) for run_id_, name, step in rows]
