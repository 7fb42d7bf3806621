"""Starting, scheduling and stopping runs, and adding a checkpoint to the LoRA library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import assets, datasets, events, influencers, jobs, loras
from backend.db.tables import Dataset, Influencer, Job, Lora, TrainingCheckpoint, TrainingRun
from backend.engines.ports.image import ModelCard
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.language import joined, tr_lazy
from backend.loras import LoraCard
from backend.training import continuation, dataset_lock, rules
from backend.training.queries import get
from backend.training.schemas import NotesDraft, RunCard, RunDraft, TrainingPayload

MAX_WAIT_DAYS = 30


def start(tx: Session, *, draft: RunDraft, models: Sequence[ModelCard], request_key: str, max_images: int = 0) -> RunCard:
    """Stores a snapshot of what is trained on and enqueues the job; the same `request_key` returns the first run.

    `models`: what the trainer offers (`app.engines.trainer.models()`). `max_images`: as for `datasets.readiness`.
    Raises NotFound, Invalid, Conflict.
    """
    tx.execute(select(Dataset.id).where(Dataset.id == draft.dataset_id).with_for_update())
    if first_id := _first_run_id(tx, request_key):
        return get(tx, first_id)
    dataset = datasets.get(tx, draft.dataset_id)
    source = continuation.source_of_draft(tx, draft)
    model = choose_model(models, draft.model or (source.run.model if source else ""))
    same_pictures = draft.pictures == "snapshot" and source is not None
    _check_ready(tx, dataset.id, model, max_images, same_pictures=same_pictures)
    trigger_word = source.run.trigger_word if source and same_pictures else dataset.trigger_word
    snapshot = continuation.training_snapshot(tx, draft, source, trigger_word)
    recommended = rules.with_overrides(
        rules.recommend(len(snapshot), model, draft.preset), draft.params, sum(item.get("repeats") or 1 for item in snapshot)
    )
    params = continuation.keep_adapter_shape(recommended, draft, source, model)
    influencer_id = draft.influencer_id or dataset.influencer_id
    if influencer_id:
        influencers.get(tx, influencer_id)
    captions = [str(item["caption"]) for item in snapshot]
    run = TrainingRun(
        id=new_id("run"),
        name=loras.lora_name(draft.name or f"{trigger_word}-v1"),
        dataset_id=dataset.id,
        influencer_id=influencer_id,
        model=model.name,
        preset=draft.preset,
        params={**asdict(params), "base": model.base, "lora_weight": model.lora_weight, "image_count": len(snapshot)},
        snapshot=snapshot,
        sample_prompts=list(draft.sample_prompts or rules.sample_prompts(captions, trigger_word)),
        trigger_word=trigger_word,
        copied_from_run_id=draft.copied_from_run_id,
        notes=draft.notes,
    )
    if source and source.checkpoint:
        _start_from_checkpoint(tx, run, source)
    run.job_id = _enqueue(tx, run, request_key, draft.not_before)
    tx.add(run)
    tx.flush()
    if missing := dataset_lock.acquire(tx, run.id):
        raise Invalid(
            tr_lazy(
                "{missing} of the pictures that {run} was to train on were deleted since. Choose the current pictures.",
                missing=missing,
                run=run.name,
            )
        )
    events.record(tx, "training.started", "training", run.id, {"dataset_id": dataset.id, "steps": params.steps})
    return get(tx, run.id)


def schedule(tx: Session, run_id: str, not_before: datetime | None) -> RunCard:
    """Lets a waiting run start no earlier than `not_before` (aware); None: as soon as it is its turn.

    Raises NotFound, Conflict (it has started or ended), Invalid (too far in the future).
    """
    _check_time(not_before)
    jobs.postpone(tx, get(tx, run_id).job_id, not_before)
    return get(tx, run_id)


def set_notes(tx: Session, run_id: str, notes: str, *, before: str) -> RunCard:
    """`before`: the notes as the writer saw them. Raises NotFound, Invalid (too long), Conflict (changed meanwhile)."""
    run = tx.scalars(select(TrainingRun).where(TrainingRun.id == run_id).with_for_update()).one_or_none()
    if run is None:
        return get(tx, run_id)
    text = NotesDraft(notes=notes).notes
    if run.notes not in (before, text):
        raise Conflict(tr_lazy("Somebody else changed these notes meanwhile. Copy yours, reload the page, and add them."))
    run.notes = text
    tx.flush()
    return get(tx, run_id)


def cancel(tx: Session, run_id: str) -> RunCard:
    """Stops the run; its last checkpoint stays and can be promoted. Raises NotFound, Conflict (it has ended)."""
    run = get(tx, run_id)
    jobs.cancel(tx, run.job_id)
    return get(tx, run_id)


jobs.on_cancel("lora-training", dataset_lock.release_cancelled)


def promote(tx: Session, run_id: str, step: int, *, name: str = "") -> LoraCard:
    """Adds the checkpoint of `step` to the LoRA library; without a `name`, a second call returns the first LoRA. Raises
    NotFound."""
    run = tx.scalars(select(TrainingRun).where(TrainingRun.id == run_id).with_for_update()).one_or_none()
    checkpoint = tx.get(TrainingCheckpoint, (tx.info["tenant_id"], run_id, step)) if run else None
    if run is None or checkpoint is None:
        raise NotFound(tr_lazy("This run has no version of that step. Choose one of the list."))
    in_library = Lora.run_id == run_id, Lora.step == step, Lora.deleted_at.is_(None)
    if not name and (lora_id := tx.scalar(select(Lora.id).where(*in_library))):
        return loras.get(tx, lora_id)
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
        meta={"model": run.model, "dataset_id": run.dataset_id, "weight": run.params.get("lora_weight", 1.0)},
    )


def finish(tx: Session, run_id: str, step: int) -> LoraCard:
    """The final checkpoint becomes the run's LoRA, and the influencer's default when it had none (pipeline only)."""
    card = promote(tx, run_id, step)
    tx.execute(update(TrainingRun).where(TrainingRun.id == run_id).values(lora_id=card.id))
    if card.influencer_id:
        tx.execute(
            update(Influencer)
            .where(Influencer.id == card.influencer_id, Influencer.default_lora_id.is_(None))
            .values(default_lora_id=card.id, default_lora_weight=card.weight)
        )
    events.record(tx, "training.finished", "training", run_id, {"lora_id": card.id, "name": card.name})
    return card


def choose_model(models: Sequence[ModelCard], name: str) -> ModelCard:
    """The model called `name`, or the first trainable one. Raises Invalid listing the names there are."""
    trainable = [card for card in models if card.trainable]
    if model := next((card for card in trainable if name in ("", card.name)), None):
        return model
    if not trainable:
        raise Invalid(tr_lazy("The training engine offers no model right now. The System page says what it needs."))
    raise Invalid(
        tr_lazy(
            "The training engine has no model called {name}. It offers: {names}.",
            name=repr(name),
            names=", ".join(card.name for card in trainable),
        )
    )


def _first_run_id(tx: Session, request_key: str) -> str | None:
    query = select(TrainingRun.id).join(Job, Job.id == TrainingRun.job_id).where(Job.request_key == request_key)
    return tx.scalar(query)


def _check_ready(tx: Session, dataset_id: str, model: ModelCard, max_images: int, *, same_pictures: bool) -> None:
    """Raises Invalid when the dataset is not ready. With `same_pictures` as an earlier run only the rights are checked."""
    if same_pictures:
        if not datasets.get(tx, dataset_id).rights_statement:
            raise Invalid(tr_lazy("First declare on the dataset's page that these pictures may be trained on."))
        return
    if blockers := datasets.readiness(tx, dataset_id, model_card=model, max_images=max_images).blockers:
        raise Invalid(joined(tr_lazy("This dataset is not ready for training."), *(blocker.sentence for blocker in blockers)))


def _start_from_checkpoint(tx: Session, run: TrainingRun, source: continuation.RunSource) -> None:
    """Makes the run start with the checkpoint's weights, and keeps their files as long as this run exists."""
    checkpoint = source.checkpoint
    assert checkpoint is not None
    run.continued_from_run_id, run.continued_from_step = source.run.id, checkpoint.step
    run.start_asset_id, run.start_state_asset_id = checkpoint.asset_id, checkpoint.state_asset_id
    run.params = {**run.params, "steps_before": source.steps_before}
    for asset_id in (checkpoint.asset_id, checkpoint.state_asset_id):
        if asset_id:
            assets.use(tx, asset_id, "training", run.id)


def _check_time(not_before: datetime | None) -> None:
    if not_before and not_before > now() + timedelta(days=MAX_WAIT_DAYS):
        raise Invalid(tr_lazy("A run can wait for {days} days at most. Choose an earlier time.", days=MAX_WAIT_DAYS))


def _enqueue(tx: Session, run: TrainingRun, request_key: str, not_before: datetime | None) -> str:
    _check_time(not_before)
    job = jobs.enqueue(
        tx,
        kind="lora-training",
        payload=TrainingPayload(run_id=run.id),
        title=tr_lazy("Train {name}", name=run.name),
        request_key=request_key,
        subject=("training", run.id),
        not_before=not_before if not_before and not_before > now() else None,
    )
    return job.id
