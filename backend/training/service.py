"""Starting runs, stopping them, and taking a checkpoint into the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import assets, datasets, events, influencers, jobs, loras
from backend.db.tables import Dataset, Influencer, Job, Lora, TrainingCheckpoint, TrainingRun
from backend.engines.image.port import ModelCard
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.loras import LoraCard
from backend.training import continuation, dataset_lock, rules
from backend.training.queries import get
from backend.training.schemas import NotesDraft, RunCard, RunDraft, TrainingPayload

LONGEST_WAIT_DAYS = 30


def start(tx: Session, *, draft: RunDraft, models: Sequence[ModelCard], request_key: str, max_images: int = 0) -> RunCard:
    """Freezes what is trained on and asks for the job; the same `request_key` returns the first run.

    `models`: what the trainer offers (`app.engines.trainer.models()`). `max_images`: as for `datasets.readiness`.
    Raises NotFound, Invalid, Conflict.
    """
    tx.execute(select(Dataset.id).where(Dataset.id == draft.dataset_id).with_for_update())
    if first := _started(tx, request_key):
        return get(tx, first)
    dataset = datasets.get(tx, draft.dataset_id)
    found = continuation.source(tx, draft)
    model = choose_model(models, draft.model or (found.run.model if found else ""))
    again = draft.pictures == "snapshot" and found is not None
    _check_ready(tx, dataset.id, model, max_images, again=again)
    trigger_word = found.run.trigger_word if found and again else dataset.trigger_word
    snapshot = continuation.frozen(tx, draft, found, trigger_word)
    recommended = rules.with_overrides(rules.recommend(len(snapshot), model, draft.preset), draft.params, len(snapshot))
    params = continuation.settle(recommended, draft, found, model)
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
    if found and found.checkpoint:
        _continue(tx, run, found)
    run.job_id = _enqueue(tx, run, request_key, draft.not_before)
    tx.add(run)
    tx.flush()
    if gone := dataset_lock.hold(tx, run.id):
        raise Invalid(
            f"{gone} of the pictures that {run.name} was to train on were deleted since. Choose the current pictures."
        )
    events.record(tx, "training.started", "training", run.id, {"dataset_id": dataset.id, "steps": params.steps})
    return get(tx, run.id)


def schedule(tx: Session, run_id: str, not_before: datetime | None) -> RunCard:
    """A waiting run starts no earlier than `not_before` (aware); None: now, as soon as it is its turn.

    Raises NotFound, Conflict (it works already, or has ended), Invalid (too far away).
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
        raise Conflict("Somebody else changed these notes meanwhile. Copy yours, reload the page, and add them.")
    run.notes = text
    tx.flush()
    return get(tx, run_id)


def cancel(tx: Session, run_id: str) -> RunCard:
    """Stops it; the last checkpoint stays and can be promoted. Raises NotFound, Conflict (it has ended)."""
    run = get(tx, run_id)
    jobs.cancel(tx, run.job_id)
    return get(tx, run_id)


jobs.on_cancel("lora-training", dataset_lock.let_go)


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
    """The card called `name`, or the first trainable one. Raises Invalid with the names on offer."""
    trainable = [card for card in models if card.trainable]
    if found := next((card for card in trainable if name in ("", card.name)), None):
        return found
    if not trainable:
        raise Invalid("The training engine offers no model right now. Look at the System page to see what it needs.")
    raise Invalid(f"The training engine has no model called {name!r}. It offers: {', '.join(c.name for c in trainable)}.")


def _started(tx: Session, request_key: str) -> str | None:
    found = select(TrainingRun.id).join(Job, Job.id == TrainingRun.job_id).where(Job.request_key == request_key)
    return tx.scalar(found)


def _check_ready(tx: Session, dataset_id: str, model: ModelCard, max_images: int, *, again: bool) -> None:
    """A run that trains on an earlier one's pictures `again` needs no more than the rights to them."""
    if again:
        if not datasets.get(tx, dataset_id).rights_statement:
            raise Invalid("Say first on the dataset's page that these pictures may be trained on.")
        return
    if blockers := datasets.readiness(tx, dataset_id, model_card=model, max_images=max_images).blockers:
        raise Invalid("This dataset is not ready for training. " + " ".join(str(getattr(b, "sentence", b)) for b in blockers))


def _continue(tx: Session, run: TrainingRun, found: continuation.Source) -> None:
    """Its first weights are the checkpoint's; while this run is there, their files stay."""
    checkpoint = found.checkpoint
    assert checkpoint is not None
    run.continued_from_run_id, run.continued_from_step = found.run.id, checkpoint.step
    run.start_asset_id, run.start_state_asset_id = checkpoint.asset_id, checkpoint.state_asset_id
    run.params = {**run.params, "steps_before": found.steps_before}
    for asset_id in (checkpoint.asset_id, checkpoint.state_asset_id):
        if asset_id:
            assets.use(tx, asset_id, "training", run.id)


def _check_time(not_before: datetime | None) -> None:
    if not_before and not_before > now() + timedelta(days=LONGEST_WAIT_DAYS):
        raise Invalid(f"A run can wait for {LONGEST_WAIT_DAYS} days at most. Choose an earlier time.")


def _enqueue(tx: Session, run: TrainingRun, request_key: str, not_before: datetime | None) -> str:
    _check_time(not_before)
    job = jobs.enqueue(
        tx,
        kind="lora-training",
        payload=TrainingPayload(run_id=run.id),
        title=f"Train {run.name}",
        request_key=request_key,
        subject=("training", run.id),
        not_before=not_before if not_before and not_before > now() else None,
    )
    return job.id
