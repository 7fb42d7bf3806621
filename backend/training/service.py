"""Starting runs, stopping them, and taking a checkpoint into the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from backend import datasets, events, influencers, jobs, loras
from backend.engines.image.port import ModelCard
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.loras import LoraCard
from backend.tables import Dataset, Influencer, Job, Lora, TrainingCheckpoint, TrainingRun
from backend.training import rules
from backend.training.queries import get
from backend.training.schemas import RunCard, RunDraft, TrainingPayload


def start(tx: Session, *, draft: RunDraft, models: Sequence[ModelCard], request_key: str, max_images: int = 0) -> RunCard:
    """Freezes what is trained on and asks for the job; the same `request_key` returns the first run.

    `models`: what the trainer offers (`app.engines.trainer.models()`). `max_images`: as for `datasets.readiness`.
    Raises NotFound, Invalid, Conflict.
    """
    tx.execute(select(Dataset.id).where(Dataset.id == draft.dataset_id).with_for_update())
    if first := _started(tx, request_key):
        return get(tx, first)
    dataset = datasets.get(tx, draft.dataset_id)
    model = choose_model(models, draft.model)
    _check_ready(tx, dataset.id, model, max_images)
    items = datasets.training_set(tx, dataset.id)
    trigger_word = dataset.trigger_word
    captions = [rules.with_trigger(item.caption, trigger_word) for item in items]
    params = rules.with_overrides(rules.recommend(len(items), model, draft.preset), draft.params, len(items))
    influencer_id = draft.influencer_id or dataset.influencer_id
    if influencer_id:
        influencers.get(tx, influencer_id)
    run = TrainingRun(
        id=new_id("run"),
        name=loras.as_name(draft.name or f"{trigger_word}-v1"),
        dataset_id=dataset.id,
        influencer_id=influencer_id,
        model=model.name,
        preset=draft.preset,
        params={**asdict(params), "base": model.base},
        snapshot=[{"asset_id": i.asset_id, "key": i.key, "caption": c} for i, c in zip(items, captions, strict=True)],
        sample_prompts=list(draft.sample_prompts or rules.sample_prompts(captions, trigger_word)),
        trigger_word=trigger_word,
        notes=draft.notes,
    )
    run.job_id = _enqueue(tx, run, request_key)
    tx.add(run)
    tx.flush()
    set_dataset_status(tx, dataset.id, "training")
    events.record(tx, "training.started", "training", run.id, {"dataset_id": dataset.id, "steps": params.steps})
    return get(tx, run.id)


def cancel(tx: Session, run_id: str) -> RunCard:
    """Stops it; the last checkpoint stays and can be promoted. Raises NotFound, Conflict (it has ended)."""
    run = get(tx, run_id)
    jobs.cancel(tx, run.job_id)
    free_datasets(tx)
    return get(tx, run_id)


def promote(tx: Session, run_id: str, step: int, *, name: str = "") -> LoraCard:
    """Puts the checkpoint of `step` into the library (once: the second time returns the first entry). Raises NotFound."""
    run = tx.scalars(select(TrainingRun).where(TrainingRun.id == run_id).with_for_update()).one_or_none()
    checkpoint = tx.get(TrainingCheckpoint, (tx.info["tenant_id"], run_id, step)) if run else None
    if run is None or checkpoint is None:
        raise NotFound("This run has no checkpoint of that step. Choose one of the list.")
    here = Lora.run_id == run_id, Lora.step == step, Lora.deleted_at.is_(None)
    if not name and (first := tx.scalar(select(Lora.id).where(*here))):
        return loras.get(tx, first)
    default_name = run.name if checkpoint.final else f"{run.name}-{step}"
    return loras.add_trained(
        tx,
        name=name or default_name,
        asset_id=checkpoint.asset_id,
        base=run.params["base"],
        dim=run.params["network_dim"],
        alpha=run.params["network_alpha"],
        trigger_word=run.trigger_word,
        influencer_id=run.influencer_id,
        run_id=run_id,
        step=step,
        meta={"model": run.model, "dataset_id": run.dataset_id},
    )


def finish(tx: Session, run_id: str, step: int) -> LoraCard:
    """The final checkpoint becomes the run's LoRA, and the influencer's default when it had none (pipeline only)."""
    card = promote(tx, run_id, step)
    tx.execute(update(TrainingRun).where(TrainingRun.id == run_id).values(lora_id=card.id))
    if card.influencer_id:
        tx.execute(
            update(Influencer)
            .where(Influencer.id == card.influencer_id, Influencer.default_lora_id.is_(None))
            .values(default_lora_id=card.id, default_lora_weight=1.0)
        )
    events.record(tx, "training.finished", "training", run_id, {"lora_id": card.id, "name": card.name})
    return card


def choose_model(models: Sequence[ModelCard], name: str) -> ModelCard:
    """The card called `name`, or the first trainable one. Raises Invalid with the names on offer."""
    trainable = [card for card in models if card.trainable]
    if found := next((card for card in trainable if name in ("", card.name)), None):
        return found
    if not trainable:
        raise Invalid("The training engine offers no model right now. Look at the System page to see what it needs.")
    raise Invalid(f"The training engine has no model called {name!r}. It offers: {', '.join(c.name for c in trainable)}.")


def set_dataset_status(tx: Session, dataset_id: str, status: str) -> None:
    values = {"status": status, "updated_at": func.clock_timestamp()}
    tx.execute(update(Dataset).where(Dataset.id == dataset_id).values(**values))


def free_dataset(tx: Session, dataset_id: str) -> None:
    """draft or ready again, as its pictures now are. Raises NotFound."""
    set_dataset_status(tx, dataset_id, datasets.status(datasets.readiness(tx, dataset_id)))


def free_datasets(tx: Session) -> int:
    """Frees datasets marked as training without a run that is waiting or working (a killed worker, a cancel)."""
    marked = select(Dataset.id).where(Dataset.status == "training", Dataset.deleted_at.is_(None))
    tx.execute(marked.with_for_update())  # nobody starts a run on one of these until `tx` ends
    idle = tx.scalars(marked.where(~_busy().exists())).all()
    for dataset_id in idle:
        free_dataset(tx, dataset_id)
    return len(idle)


def _busy() -> Select[Any]:
    """Runs of the dataset of the outer query that wait or work."""
    waiting = TrainingRun.dataset_id == Dataset.id, Job.state.in_(("pending", "processing"))
    return select(TrainingRun.id).join(Job, Job.id == TrainingRun.job_id).where(*waiting).correlate(Dataset)


def _started(tx: Session, request_key: str) -> str | None:
    found = select(TrainingRun.id).join(Job, Job.id == TrainingRun.job_id).where(Job.request_key == request_key)
    return tx.scalar(found)


def _check_ready(tx: Session, dataset_id: str, model: ModelCard, max_images: int) -> None:
    if tx.scalar(select(Dataset.id).where(Dataset.id == dataset_id, _busy().exists())):
        raise Conflict("This dataset is being trained on right now. Wait for that run to end, or cancel it on the Jobs page.")
    if blockers := datasets.readiness(tx, dataset_id, model_card=model, max_images=max_images).blockers:
        raise Invalid("This dataset is not ready for training. " + " ".join(str(getattr(b, "sentence", b)) for b in blockers))


def _enqueue(tx: Session, run: TrainingRun, request_key: str) -> str:
    job = jobs.enqueue(
        tx,
        kind="lora-training",
        payload=TrainingPayload(run_id=run.id),
        title=f"Train {run.name}",
        request_key=request_key,
        subject=("training", run.id),
    )
    return job.id
