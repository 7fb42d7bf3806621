"""Proposing, starting, exporting and deleting a comparison, and adding its winner to the LoRA library."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events, influencers, jobs, training
from backend.comparisons import rules
from backend.comparisons.queries import get
from backend.comparisons.schemas import (
    MAX_PICTURES,
    Arm,
    ComparisonCard,
    ComparisonDraft,
    ComparisonPayload,
    ComparisonPlan,
    Proposal,
)
from backend.db.tables import TrainingRun, Trial, TrialCell, TrialVote
from backend.engines.ports.image import ModelCard
from backend.errors import Conflict, Invalid, NotFound
from backend.generation import choose_model
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import tr_lazy, tr_lazy_plural
from backend.loras import LoraCard

NOUN = "trial"


def propose(tx: Session, run_id: str) -> Proposal:
    """What the form starts with. Raises NotFound, Invalid (no version yet)."""
    run = training.get(tx, run_id)
    steps = [pictures_per_seed.step for pictures_per_seed in training.checkpoints(tx, run_id)]
    if not steps:
        raise Invalid(tr_lazy("This run has no version yet. Wait for the first one to be saved, then compare."))
    chosen = rules.evenly_spaced_steps(steps)
    captions = [item["caption"] for item in _run(tx, run_id).snapshot]
    prompts = rules.default_prompts(run.sample_prompts, captions, run.trigger_word)
    draft = ComparisonDraft(run_id=run_id, steps=chosen, prompts=prompts)
    pictures_per_seed = rules.picture_count(len(chosen), len(draft.strengths), len(prompts), 1, control=draft.control)
    negative = influencers.get(tx, run.influencer_id).look_negative if run.influencer_id else ""
    return Proposal(
        steps, draft.model_copy(update={"seeds": rules.default_seeds(pictures_per_seed), "negative_prompt": negative})
    )


def start(tx: Session, *, draft: ComparisonDraft, models: Sequence[ModelCard], request_key: str) -> ComparisonCard:
    """Fixes the plan and enqueues the job; the same `request_key` returns the first comparison.

    `models`: what the image engine offers (`app.engines.image.models()`). Raises NotFound, Invalid.
    """
    if first_job := jobs.find_by_key(tx, request_key):
        return get(tx, first_job.subject_id)
    plan = _plan(tx, draft, models)
    row = Trial(id=new_id("trial"), run_id=draft.run_id, plan=plan.model_dump(), created_by=tx.info["user_id"])
    n = len(rules.planned_cells(plan))
    row.job_id = jobs.enqueue(
        tx,
        kind="lora-trial",
        payload=ComparisonPayload(trial_id=row.id),
        title=tr_lazy_plural(
            "Compare {n} version of {run} ({pictures:,} pictures)",
            "Compare {n} versions of {run} ({pictures:,} pictures)",
            len(plan.steps),
            run=training.get(tx, draft.run_id).name,
            pictures=n,
        ),
        request_key=request_key,
        subject=(NOUN, row.id),
    ).id
    tx.add(row)
    tx.flush()
    events.record(tx, "trial.started", NOUN, row.id, {"run_id": draft.run_id, "pictures": n})
    return get(tx, row.id)


def delete(tx: Session, trial_id: str) -> None:
    """Cancels its job and deletes its votes and pictures. Raises NotFound."""
    card = get(tx, trial_id, lock=True)
    if card.state in ("pending", "processing"):
        jobs.cancel(tx, card.job_id)
    tx.execute(update(Trial).where(Trial.id == trial_id).values(deleted_at=func.clock_timestamp(), grid_asset_id=None))
    release_pictures(tx, trial_id, card.grid_asset_id)
    events.record(tx, "trial.deleted", NOUN, trial_id, {"run_id": card.run_id})


def release_pictures(tx: Session, trial_id: str, *other_asset_ids: str | None) -> None:
    """Deletes votes and cells with their pictures, and `other_asset_ids`."""
    tx.execute(delete_rows(TrialVote).where(TrialVote.trial_id == trial_id))
    asset_ids = tx.scalars(delete_rows(TrialCell).where(TrialCell.trial_id == trial_id).returning(TrialCell.asset_id)).all()
    assets.delete(tx, [*asset_ids, *(asset_id for asset_id in other_asset_ids if asset_id)], force=True)


def start_grid_export(tx: Session, trial_id: str, *, request_key: str) -> JobCard:
    """Enqueues the labelled grid as one PNG; after the job it is the comparison's `grid_asset_id`. Raises NotFound, Invalid."""
    card = get(tx, trial_id)
    if not card.done:
        raise Invalid(tr_lazy("This comparison has no pictures yet. Wait for the first ones, then export."))
    payload = ComparisonPayload(trial_id=trial_id)
    title = tr_lazy("Labelled grid of {run}", run=card.run_name)
    return jobs.enqueue(tx, kind="trial-grid", payload=payload, title=title, request_key=request_key, subject=(NOUN, trial_id))


def rescore(tx: Session, trial_id: str, *, request_key: str) -> JobCard:
    """Enqueues scoring all pictures again, for after an embedder was set up or has failed. Raises NotFound."""
    title, payload = (
        tr_lazy("Score the comparison of {run}", run=get(tx, trial_id).run_name),
        ComparisonPayload(trial_id=trial_id),
    )
    return jobs.enqueue(
        tx, kind="trial-scores", payload=payload, title=title, request_key=request_key, subject=(NOUN, trial_id)
    )


def promote(tx: Session, trial_id: str, arm: Arm, *, name: str = "", make_default: bool = False) -> LoraCard:
    """Adds the arm's version to the LoRA library; with `make_default` it becomes the influencer's default at the arm's
    strength.

    Raises NotFound, Invalid (the control is no LoRA; the run belongs to nobody).
    """
    card = get(tx, trial_id)
    if arm.control:
        raise Invalid(
            tr_lazy("This is the base model without a LoRA: there is nothing to add to the library. Choose a version.")
        )
    if arm not in rules.arms(card.plan):
        raise NotFound(tr_lazy("This comparison has no such version and strength. Choose one of the grid."))
    if make_default and not card.influencer_id:
        raise Invalid(
            tr_lazy("This run belongs to no influencer. Add the version to the library, then choose its influencer there.")
        )
    lora = training.promote(tx, card.run_id, arm.step, name=name)
    if make_default and card.influencer_id:
        influencers.set_default_lora(tx, card.influencer_id, lora.id, arm.strength)
    events.record(tx, "trial.promoted", NOUN, trial_id, {"lora_id": lora.id, "step": arm.step, "strength": arm.strength})
    return lora


def _plan(tx: Session, draft: ComparisonDraft, models: Sequence[ModelCard]) -> ComparisonPlan:
    run = training.get(tx, draft.run_id)
    saved = [checkpoint.step for checkpoint in training.checkpoints(tx, draft.run_id)]
    steps = sorted(set(draft.steps)) or list(rules.evenly_spaced_steps(saved))
    if not steps or not set(steps) <= set(saved):
        raise Conflict(tr_lazy("A version of this choice is no longer there. Reload the page and choose again."))
    if not draft.prompts:
        raise Invalid(tr_lazy("Write at least one prompt: what should the compared pictures show?"))
    model = choose_model(models, run.model)
    plan = ComparisonPlan(
        steps=steps,
        strengths=sorted(set(draft.strengths)),
        prompts=list(dict.fromkeys(rules.with_trigger_word(prompt, run.trigger_word) for prompt in draft.prompts)),
        seeds=[draft.first_seed + i for i in range(draft.seeds)],
        negative_prompt=draft.negative_prompt,
        control=draft.control,
        model=model.name,
        base=model.base,
        width=model.side,
        height=model.side,
        sampler=model.sampler,
        sampling_steps=model.steps,
        cfg=model.cfg,
        ai_mark=influencers.get(tx, run.influencer_id).ai_mark if run.influencer_id else True,
    )
    if (n := len(rules.planned_cells(plan))) > MAX_PICTURES:
        raise Invalid(
            tr_lazy(
                "That would be {n:,} pictures; at most {most} at once. Remove versions, prompts or seeds.",
                n=n,
                most=MAX_PICTURES,
            )
        )
    return plan


def _run(tx: Session, run_id: str) -> TrainingRun:
    return tx.scalars(select(TrainingRun).where(TrainingRun.id == run_id)).one()
