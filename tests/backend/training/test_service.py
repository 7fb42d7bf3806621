"""Starting runs against real Postgres: checked again, frozen, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from backend import assets, datasets, jobs, loras, training
from backend.db.tables import Dataset, DatasetImage, Job, TrainingCheckpoint, TrainingRun
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from backend.training import ParamsDraft, RunCard, RunDraft
from tests.factories.account import Tenant
from tests.factories.making import end_job, make_asset, make_dataset, make_influencer
from tests.fakes.engines import MODEL, OTHER

MODELS = [OTHER, MODEL]


def begin(db: Database, tenant: Tenant, dataset_id: str, *, key: str = "k1", **values: object) -> RunCard:
    with db.transaction(tenant.editor.caller, needs="editor") as tx:
        return training.start(tx, draft=RunDraft(dataset_id=dataset_id, **values), models=MODELS, request_key=key)


@pytest.fixture
def dataset_id(db: Database, workspace: Tenant) -> str:
    with db.transaction(workspace.caller, needs="editor") as tx:
        return make_dataset(tx)


def test_a_run_freezes_what_it_trains_on(db: Database, workspace: Tenant, dataset_id: str) -> None:
    run = begin(db, workspace, dataset_id, name="Bella v1", params=ParamsDraft(steps=80))
    assert (run.name, run.model, run.state, run.image_count, run.params.steps) == ("bella-v1", "tiny", "pending", 6, 80)
    with db.transaction(workspace.caller) as tx:
        assert datasets.get(tx, dataset_id).status == "training"
        job = jobs.get(tx, run.job_id)
        snapshot = tx.scalars(select(TrainingRun.snapshot)).one()
    assert (job.kind, job.title, job.subject_id) == ("lora-training", "Train bella-v1", run.id)
    assert {item["caption"] for item in snapshot} == {f"portrait of bella, number {n}" for n in range(6)}


def test_captions_get_the_trigger_word(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        tx.execute(update(DatasetImage).values(caption="at the beach"))
    begin(db, workspace, dataset_id)
    with db.transaction(workspace.caller) as tx:
        assert all(item["caption"] == "bella, at the beach" for item in tx.scalars(select(TrainingRun.snapshot)).one())


def test_two_clicks_are_one_run(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: begin(db, workspace, dataset_id), range(4)))
    assert len({run.id for run in runs}) == 1
    with db.transaction(workspace.caller) as tx:
        assert training.page(tx).total == 1
        assert tx.scalar(select(func.count()).select_from(Job)) == 1


def test_several_runs_of_a_dataset_wait_for_their_turn(db: Database, workspace: Tenant, dataset_id: str) -> None:
    """Each has its own snapshot, so none is in another's way; the dataset is free when the last has ended."""
    first, second = begin(db, workspace, dataset_id), begin(db, workspace, dataset_id, key="k2")
    assert first.id != second.id
    with db.transaction(workspace.caller, needs="editor") as tx:
        assert training.cancel(tx, first.id).state == "cancelled"
        assert datasets.get(tx, dataset_id).status == "training"
        training.cancel(tx, second.id)
        assert datasets.get(tx, dataset_id).status == "ready"


def test_a_run_cancelled_among_the_jobs_frees_its_dataset_at_once(db: Database, workspace: Tenant, dataset_id: str) -> None:
    run = begin(db, workspace, dataset_id)
    with db.transaction(workspace.caller, needs="editor") as tx:
        shown = datasets.images(tx, dataset_id).images
        datasets.set_included(tx, [entry.id for entry in shown[:3]], False)
        datasets.remove_images(tx, [shown[5].id])
        assert assets.get(tx, shown[5].asset_id).state == "stored"
        assert datasets.get(tx, dataset_id).status == "training"
        with pytest.raises(Conflict, match="being trained on"):
            datasets.delete(tx, dataset_id)
        jobs.cancel(tx, run.job_id)
        assert tx.scalar(select(Dataset.status)) == datasets.get(tx, dataset_id).status == "draft"
        assert assets.get(tx, shown[5].asset_id).state == "deleted"
        assert {use.noun for use in assets.uses(tx, shown[0].asset_id)} == {"dataset"}
        datasets.delete(tx, dataset_id)


def test_a_dataset_of_a_dead_run_is_freed(db: Database, workspace: Tenant, dataset_id: str) -> None:
    run = begin(db, workspace, dataset_id)
    with db.transaction(workspace.caller, needs="editor") as tx:
        assert training.unlock_datasets(tx) == 0
        end_job(tx, run.job_id, "failed")
        assert training.unlock_datasets(tx) == 1
        assert datasets.get(tx, dataset_id).status == "ready"


def test_a_freed_dataset_is_a_draft_when_it_is_no_longer_ready(db: Database, workspace: Tenant, dataset_id: str) -> None:
    run = begin(db, workspace, dataset_id)
    with db.transaction(workspace.caller, needs="editor") as tx:
        datasets.set_included(tx, [image.id for image in datasets.images(tx, dataset_id).images[:3]], False)
        end_job(tx, run.job_id, "failed")
        assert training.unlock_datasets(tx) == 1
        assert tx.scalar(select(Dataset.status)) == datasets.get(tx, dataset_id).status == "draft"


def test_the_limit_of_pictures_is_the_settings(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        assert datasets.readiness(tx, dataset_id, max_images=6).ready
        draft = RunDraft(dataset_id=dataset_id)
        with pytest.raises(Invalid, match="Leave out 1 picture: a dataset may have at most 5"):
            training.start(tx, draft=draft, models=MODELS, request_key="k", max_images=5)
        assert training.start(tx, draft=draft, models=MODELS, request_key="k", max_images=6).image_count == 6


def test_readiness_is_checked_again(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        without_rights = make_dataset(tx, rights="")
        too_few = make_dataset(tx, images=2, name="Few")
    for dataset_id in (without_rights, too_few):
        with pytest.raises(Invalid, match="not ready for training"):
            begin(db, workspace, dataset_id, key=dataset_id)


@pytest.mark.parametrize(("model", "sentence"), [("nope", "It offers: tiny"), ("big", "It offers: tiny")])
def test_only_trainable_models(db: Database, workspace: Tenant, dataset_id: str, model: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        begin(db, workspace, dataset_id, model=model)


def test_viewers_and_strangers(db: Database, workspace: Tenant, other_workspace: Tenant, dataset_id: str) -> None:
    with pytest.raises(NotFound):
        begin(db, other_workspace, dataset_id)
    run = begin(db, workspace, dataset_id)
    with db.transaction(other_workspace.caller, needs="editor") as tx:
        for verb in (training.get, training.cancel):
            with pytest.raises(NotFound):
                verb(tx, run.id)
        with pytest.raises(NotFound):
            training.promote(tx, run.id, 50)
    with pytest.raises(NotPermitted), db.transaction(workspace.viewer.caller, needs="editor"):
        pass


def test_promote_takes_a_checkpoint_into_the_library_once(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        influencer = make_influencer(tx)
    run = begin(db, workspace, dataset_id, name="bella-v1", influencer_id=influencer.id)
    with db.transaction(workspace.caller, needs="editor") as tx:
        tx.add(TrainingCheckpoint(run_id=run.id, step=50, asset_id=make_asset(tx, kind="lora")))
        tx.flush()
        first, second = training.promote(tx, run.id, 50), training.promote(tx, run.id, 50)
        named = training.promote(tx, run.id, 50, name="bella-soft")
        assert (first.name, first.base, first.dim, first.step, first.influencer_id) == (
            "bella-v1-50",
            "starter-128",
            16,
            50,
            influencer.id,
        )
        assert second.id == first.id
        assert named.name == "bella-soft"
        assert set(training.checkpoints(tx, run.id)[0].lora_ids) == {first.id, named.id}
        assert loras.page(tx, influencer_id=influencer.id).total == 2
        with pytest.raises(NotFound, match="no version of that step"):
            training.promote(tx, run.id, 51)
