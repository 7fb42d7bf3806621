"""What a crash costs, what a cancel or a shutdown leaves, and how a run goes on from there."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from backend import loras, training
from backend.db.tables import Asset, TrainingCheckpoint, TrainingPoint
from backend.errors import Cancelled, LeaseLost, Rejected, ShuttingDown
from backend.training import ParamsDraft, RunCard, RunDraft, TrainingPayload, pipeline
from tests.backend.training.runs import status_of, steps_of, train
from tests.factories.account import Tenant
from tests.factories.making import end_job
from tests.fakes.engines import FakeTrainer
from tests.support.context import make_context, next_attempt


@pytest.mark.parametrize("point", ["step-3", "checkpoint-5", "step-6", "checkpoint-15", "step-18", "checkpoint-20", "end"])
def test_a_crash_anywhere_costs_only_the_steps_since(
    studio: Any, workspace: Tenant, run: RunCard, begin: Any, trainer: FakeTrainer, point: str
) -> None:
    context = begin()

    def crash(at: str) -> None:
        if at == point:
            context.lost = True  # what a dead worker leaves behind: it can write nothing more
            raise LeaseLost("gone")

    trainer._at = crash
    with pytest.raises(LeaseLost):
        train(context, run)
    trainer._at = lambda at: None
    before = steps_of(studio, workspace, run)
    result = train(next_attempt(context), run)
    assert result
    assert steps_of(studio, workspace, run) == [5, 10, 15, 20]
    if before and before[-1] < 20:
        assert trainer.requests[-1].resume is not None
    if point == "end":
        assert len(trainer.requests) == 1, "all steps were done: nothing is trained again"
    with studio.db.transaction(workspace.caller) as tx:
        assert tx.scalar(select(func.count()).select_from(TrainingPoint)) == 20 or point == "end"
        assert loras.page(tx).total == 1
        card, untold = training.get(tx, run.id), point == "end"
        assert (card.loss_first, card.loss_last) == pytest.approx((0.945, 0.845) if untold else (1.0, 0.25))
        live = select(func.count()).select_from(TrainingCheckpoint).where(TrainingCheckpoint.state_asset_id.is_not(None))
        assert tx.scalar(live) == 0


def test_a_cancel_keeps_the_last_checkpoint(
    studio: Any, workspace: Tenant, run: RunCard, begin: Any, trainer: FakeTrainer
) -> None:
    context = begin()
    trainer._at = lambda point: setattr(context, "cancel_requested", True) if point == "step-12" else None
    with pytest.raises(Cancelled):
        train(context, run)
    assert trainer.closed == 1
    assert steps_of(studio, workspace, run) == [5, 10]
    assert status_of(studio, workspace, run) == "ready"
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        assert [point.step for point in training.points(tx, run.id)][:11] == list(range(1, 12))
        lora = training.promote(tx, run.id, 10)
        assert (lora.name, lora.step) == ("bella-v1-10", 10)


def test_an_orderly_shutdown_goes_on_where_it_stopped(
    studio: Any, workspace: Tenant, run: RunCard, begin: Any, trainer: FakeTrainer
) -> None:
    context = begin()
    trainer._at = lambda point: context.lease.stopping.set() if point == "step-12" else None
    with pytest.raises(ShuttingDown):
        train(context, run)
    assert status_of(studio, workspace, run) == "training"
    trainer._at = lambda point: None
    train(next_attempt(context), run)
    assert trainer.requests[1].resume is not None
    assert steps_of(studio, workspace, run) == [5, 10, 15, 20]


def test_a_trainer_that_stops_in_order_loses_no_step(
    studio: Any, workspace: Tenant, run: RunCard, begin: Any, trainer: FakeTrainer
) -> None:
    context, trainer.orderly = begin(), True
    trainer._at = lambda point: context.lease.stopping.set() if point == "step-12" else None
    with pytest.raises(ShuttingDown):
        train(context, run)
    assert steps_of(studio, workspace, run) == [5, 10, 12]
    trainer._at = lambda point: None
    train(next_attempt(context), run)
    assert trainer.requests[1].resume.name == "resume.state"
    with studio.db.transaction(workspace.caller) as tx:
        assert training.points(tx, run.id)[-1].step == 20


def test_a_broken_training_frees_the_dataset(
    studio: Any, workspace: Tenant, run: RunCard, begin: Any, trainer: FakeTrainer
) -> None:
    def fail(point: str) -> None:
        if point == "step-7":
            raise Rejected("The loss is not a number. Lower the learning rate.")

    trainer._at = fail
    with pytest.raises(Rejected, match="Lower the learning rate"):
        train(begin(), run)
    assert status_of(studio, workspace, run) == "ready"
    assert steps_of(studio, workspace, run) == [5]


@pytest.mark.parametrize("state", [False, True])
def test_a_run_continues_from_a_checkpoint(
    studio: Any, workspace: Tenant, run: RunCard, begin: Any, trainer: FakeTrainer, state: bool
) -> None:
    """From the last one of a cancelled run with what its optimizer knew, from any other with its weights."""
    context, trainer.orderly = begin(), True
    trainer._at = lambda point: setattr(context, "cancel_requested", True) if point == "step-12" else None
    with pytest.raises(Cancelled):
        train(context, run)
    trainer._at = lambda point: None
    models, step = studio.engines.trainer.models(), 12 if state else 5
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        end_job(tx, run.job_id, "cancelled")
        checkpoints_by_step = {checkpoint.step: checkpoint for checkpoint in training.checkpoints(tx, run.id)}
        assert (checkpoints_by_step[5].has_state, checkpoints_by_step[12].has_state) == (False, True)
        params = ParamsDraft(steps=10)
        draft = RunDraft(
            dataset_id=run.dataset_id, name="bella-v2", params=params, continued_from_run_id=run.id, continued_from_step=step
        )
        continued = training.start(tx, draft=draft, models=models, request_key="k2")
        assert training.continuations(tx, run.id) == [(continued.id, "bella-v2", step)]
    payload = TrainingPayload(run_id=continued.id)
    pipeline.run(make_context(studio, workspace, "lora-training", payload, job_id=continued.job_id), payload)
    start = trainer.requests[-1].start
    assert (start.step, start.lora.name, start.state is not None) == (step, "start.safetensors", state)
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        last = training.checkpoints(tx, continued.id)[-1]
        assert tx.scalar(select(Asset.state).where(Asset.id == checkpoints_by_step[step].asset_id)) == "stored"
        draft = RunDraft(dataset_id=run.dataset_id, continued_from_run_id=continued.id, continued_from_step=last.step)
        assert training.start(tx, draft=draft, models=models, request_key="k3").steps_before == step + 10
