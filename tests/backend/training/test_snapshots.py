"""A run trains on the pictures it was given, whatever becomes of its dataset meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from backend import assets, datasets, training
from backend.db.tables import Asset, DatasetImage
from backend.errors import Rejected
from backend.training import ParamsDraft, RunCard, RunDraft, TrainingPayload, pipeline
from tests.backend.training.runs import status_of, train
from tests.factories.account import Tenant
from tests.factories.making import end_job
from tests.fakes.engines import FakeTrainer
from tests.support.context import make_context, next_attempt


def test_pictures_left_out_meanwhile_make_it_a_draft(studio: Any, workspace: Tenant, run: RunCard, begin: Any) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        datasets.set_included(tx, [image.id for image in datasets.images(tx, run.dataset_id).images[:3]], False)
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
        datasets.remove_images(tx, [image.id for image in images[:3]])
        tx.execute(update(DatasetImage).values(caption="something else", included=False))
        missing_assets = [image.asset_id for image in images[:3]]
        assert {assets.get(tx, asset_id).state for asset_id in missing_assets} == {"stored"}
    train(begin(), run)
    assert [image.caption for image in trainer.requests[0].images] == [f"portrait of bella, number {n}" for n in range(6)]
    with studio.db.transaction(workspace.caller) as tx:
        assert {assets.get(tx, asset_id).state for asset_id in missing_assets} == {"deleted"}
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
