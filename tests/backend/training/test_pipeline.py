"""The training job with a fake trainer on real Postgres and S3: what is kept, what a crash costs, what a cancel leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from backend import assets, datasets, influencers, jobs, loras, training
from backend.bootstrap import App, bootstrap
from backend.errors import Cancelled, LeaseLost, Rejected, ShuttingDown
from backend.settings import Settings
from backend.tables import Asset, DatasetImage, TrainingCheckpoint, TrainingPoint
from backend.training import ParamsDraft, RunCard, RunDraft, TrainingPayload, pipeline
from tests.factories.account import Tenant
from tests.factories.making import end_job, make_dataset, make_influencer, make_lora
from tests.fakes.engines import FakeImageEngine, FakeTrainer
from tests.support.context import make_context, next_attempt


@pytest.fixture
def trainer() -> FakeTrainer:
    return FakeTrainer()


@pytest.fixture
def studio(settings: Settings, trainer: FakeTrainer) -> Iterator[App]:
    built = bootstrap(settings, engines=SimpleNamespace(trainer=trainer, image=FakeImageEngine()))
    yield built
    built.close()


@pytest.fixture
def run(studio: Any, workspace: Tenant) -> RunCard:
    """20 steps, a checkpoint every 5, samples every 10, for an influencer without a LoRA."""
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        who = make_influencer(tx)
        dataset_id = make_dataset(tx, storage=studio.storage, influencer_id=who.id)
        draft = RunDraft(dataset_id=dataset_id, name="bella-v1", params=ParamsDraft(steps=20, save_every=5, sample_every=10))
        return training.start(tx, draft=draft, models=studio.engines.trainer.models(), request_key="k")


@pytest.fixture
def begin(studio: Any, workspace: Tenant, run: RunCard) -> Callable[[], Any]:
    return lambda: make_context(studio, workspace, "lora-training", TrainingPayload(run_id=run.id), job_id=run.job_id)


def train(context: Any, run: RunCard) -> dict[str, Any] | None:
    return pipeline.run(context, TrainingPayload(run_id=run.id))


def steps_of(studio: Any, workspace: Tenant, run: RunCard) -> list[int]:
    with studio.db.transaction(workspace.caller) as tx:
        return [card.step for card in training.checkpoints(tx, run.id)]


def status_of(studio: Any, workspace: Tenant, run: RunCard) -> str:
    with studio.db.transaction(workspace.caller) as tx:
        return datasets.get(tx, run.dataset_id).status


def test_a_whole_run(studio: Any, workspace: Tenant, run: RunCard, begin: Any, trainer: FakeTrainer) -> None:
    result = train(begin(), run)
    request = trainer.requests[0]
    assert [image.caption for image in request.images] == [f"portrait of bella, number {n}" for n in range(6)]
    assert (request.params.steps, request.resume, trainer.closed) == (20, None, 0)
    with studio.db.transaction(workspace.caller) as tx:
        card = training.get(tx, run.id)
        lora = loras.get(tx, str(card.lora_id))
        points = training.points(tx, run.id)
        samples = training.samples(tx, run.id)
        kept = training.checkpoints(tx, run.id)
        who = influencers.get(tx, str(run.influencer_id))
        states = tx.scalar(select(func.count()).select_from(Asset).where(Asset.kind == "state", Asset.state == "stored"))
        assert assets.get(tx, samples[0].asset_id).thumbs
    assert result == {"lora_id": lora.id, "name": "bella-v1", "steps": 20}
    assert (card.loss_first, card.loss_last) == (1.0, 0.25)
    assert [point.step for point in points] == list(range(1, 21))
    assert points[6].loss == pytest.approx(0.93)
    assert [(sample.step, sample.n) for sample in samples] == [(10, 0), (10, 1), (20, 0), (20, 1)]
    assert [(each.step, each.final) for each in kept] == [(5, False), (10, False), (15, False), (20, True)]
    assert (lora.step, lora.trigger_word, lora.base) == (20, "bella", "starter-128")
    assert who.default_lora_id == lora.id
    assert states == 0
    assert status_of(studio, workspace, run) == "ready"


def test_the_pictures_arrive_whole(studio: Any, run: RunCard, begin: Any, trainer: FakeTrainer) -> None:
    seen: list[bytes] = []
    trainer._at = lambda point: (
        seen.extend(i.path.read_bytes() for i in trainer.requests[0].images) if point == "step-1" else None
    )
    train(begin(), run)
    assert len(seen) == len(set(seen)) == 6
    assert all(data.startswith(b"\xff\xd8") for data in seen)


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


def test_pictures_left_out_meanwhile_make_it_a_draft(studio: Any, workspace: Tenant, run: RunCard, begin: Any) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        datasets.set_included(tx, [one.id for one in datasets.images(tx, run.dataset_id).images[:3]], False)
    train(begin(), run)
    assert status_of(studio, workspace, run) == "draft"


def test_a_run_that_ends_leaves_the_dataset_to_those_that_wait(
    studio: Any, workspace: Tenant, run: RunCard, begin: Any, trainer: FakeTrainer
) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        draft = RunDraft(dataset_id=run.dataset_id, name="bella-v2", params=ParamsDraft(steps=20, sample_every=0))
        second = training.start(tx, draft=draft, models=studio.engines.trainer.models(), request_key="k2")
    train(begin(), run)
    assert status_of(studio, workspace, run) == "training"
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        end_job(tx, run.job_id, "completed")
    payload = TrainingPayload(run_id=second.id)
    pipeline.run(make_context(studio, workspace, "lora-training", payload, job_id=second.job_id), payload)
    assert status_of(studio, workspace, run) == "ready"
    assert len(trainer.requests) == 2


def test_pictures_taken_out_of_the_dataset_are_trained_on_all_the_same(
    studio: Any, workspace: Tenant, run: RunCard, begin: Any, trainer: FakeTrainer
) -> None:
    """What a person changes while a run waits does not change the run; afterwards nothing keeps what they deleted."""
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        images = datasets.images(tx, run.dataset_id).images
        datasets.remove_images(tx, [one.id for one in images[:3]])
        tx.execute(update(DatasetImage).values(caption="something else", included=False))
        gone = [one.asset_id for one in images[:3]]
        assert {assets.get(tx, asset_id).state for asset_id in gone} == {"stored"}
    train(begin(), run)
    assert [image.caption for image in trainer.requests[0].images] == [f"portrait of bella, number {n}" for n in range(6)]
    with studio.db.transaction(workspace.caller) as tx:
        assert {assets.get(tx, asset_id).state for asset_id in gone} == {"deleted"}
        assert assets.get(tx, images[3].asset_id).state == "stored"


def test_a_run_tried_again_takes_its_pictures_back_or_says_that_they_are_gone(
    studio: Any, workspace: Tenant, run: RunCard, begin: Any, trainer: FakeTrainer
) -> None:
    context = begin()

    def fail(point: str) -> None:
        raise Rejected("Not today")

    trainer._at = fail
    with pytest.raises(Rejected, match="Not today"):
        train(context, run)
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        one, two, *_ = datasets.images(tx, run.dataset_id).images
        datasets.remove_images(tx, [one.id, two.id])
        assert assets.get(tx, one.asset_id).state == "deleted"
    trainer._at = lambda point: None
    train(next_attempt(context), run)
    assert len(trainer.requests[-1].images) == 6

    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        tx.execute(update(Asset).where(Asset.id == two.asset_id).values(state="purged"))
    with pytest.raises(Rejected, match="1 of the 6 pictures of this run were deleted"):
        train(next_attempt(context), run)


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
        kept = {one.step: one for one in training.checkpoints(tx, run.id)}
        assert (kept[5].has_state, kept[12].has_state) == (False, True)
        params = ParamsDraft(steps=10)
        draft = RunDraft(
            dataset_id=run.dataset_id, name="bella-v2", params=params, continued_from_run_id=run.id, continued_from_step=step
        )
        more = training.start(tx, draft=draft, models=models, request_key="k2")
        assert training.continued_by(tx, run.id) == [(more.id, "bella-v2", step)]
    payload = TrainingPayload(run_id=more.id)
    pipeline.run(make_context(studio, workspace, "lora-training", payload, job_id=more.job_id), payload)
    start = trainer.requests[-1].start
    assert (start.step, start.lora.name, start.state is not None) == (step, "start.safetensors", state)
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        last = training.checkpoints(tx, more.id)[-1]
        assert tx.scalar(select(Asset.state).where(Asset.id == kept[step].asset_id)) == "stored"
        draft = RunDraft(dataset_id=run.dataset_id, continued_from_run_id=more.id, continued_from_step=last.step)
        assert training.start(tx, draft=draft, models=models, request_key="k3").steps_before == step + 10


def test_another_default_lora_stays(studio: Any, workspace: Tenant, run: RunCard, begin: Any) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        mine = make_lora(tx, "bella-v1")
        influencers.set_default_lora(tx, str(run.influencer_id), mine.id)
    result = train(begin(), run)
    with studio.db.transaction(workspace.caller) as tx:
        assert influencers.get(tx, str(run.influencer_id)).default_lora_id == mine.id
        assert loras.get(tx, (result or {})["lora_id"]).name == "bella-v2"


def test_the_jobs_log_tells_the_story(studio: Any, workspace: Tenant, run: RunCard, begin: Any) -> None:
    context = begin()
    train(context, run)
    lines = [line for _, line in context.take_report().lines]
    assert lines[0] == "Training bella-v1 on 6 pictures: 20 steps on tiny."
    assert "Loss over fixed draws: 1.0000 before, 0.2500 after." in lines
    assert lines[-1] == "bella-v1 is in the LoRA library."
    assert jobs.KINDS["lora-training"].max_retries == 1
