"""Runs that repeat others with changes, that start later, and what people write about them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from backend import assets, datasets, jobs, training
from backend.db.tables import Asset, DatasetImage, TrainingCheckpoint, TrainingRun
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid, NotFound, Unavailable
from backend.kit.clock import now
from backend.training import ParamsDraft, RunCard, RunDraft
from backend.training.progress_writer import _delete_older_states
from tests.factories.account import Tenant
from tests.factories.making import end_job, make_asset, make_dataset
from tests.fakes.engines import MODEL, OTHER


def begin(db: Database, tenant: Tenant, dataset_id: str, key: str = "k1", **values: object) -> RunCard:
    with db.transaction(tenant.editor.caller, needs="editor") as tx:
        return training.start(tx, draft=RunDraft(dataset_id=dataset_id, **values), models=[OTHER, MODEL], request_key=key)


@pytest.fixture
def dataset_id(db: Database, workspace: Tenant) -> str:
    with db.transaction(workspace.caller, needs="editor") as tx:
        return make_dataset(tx)


@pytest.fixture
def run(db: Database, workspace: Tenant, dataset_id: str) -> RunCard:
    """Ended at step 50 of 80."""
    started = begin(db, workspace, dataset_id, name="bella-v1", params=ParamsDraft(steps=80, network_dim=8, network_alpha=4))
    with db.transaction(workspace.caller, needs="editor") as tx:
        end_job(tx, started.job_id, "failed")
        tx.add(TrainingCheckpoint(run_id=started.id, step=50, asset_id=make_asset(tx, kind="lora")))
        return training.get(tx, started.id)


def test_a_copy_takes_the_pictures_it_was_given_or_those_there_are_now(db: Database, workspace: Tenant, run: RunCard) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        tx.execute(update(DatasetImage).values(caption="new words"))
        last = datasets.images(tx, run.dataset_id).images[-1]
        datasets.remove_images(tx, [last.id])
    repeated = begin(db, workspace, run.dataset_id, "k2", copied_from_run_id=run.id, pictures="snapshot")
    fresh = begin(db, workspace, run.dataset_id, "k3", copied_from_run_id=run.id, pictures="current")
    assert (repeated.image_count, fresh.image_count, repeated.copied_from_run_id) == (6, 5, run.id)
    assert "number" in repeated.sample_prompts[0]
    assert fresh.sample_prompts == ("bella, new words",)


def test_a_copy_of_pictures_that_are_gone_says_so(db: Database, workspace: Tenant, run: RunCard) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        missing_assets = [image.asset_id for image in datasets.images(tx, run.dataset_id).images[:2]]
        tx.execute(update(Asset).where(Asset.id.in_(missing_assets)).values(state="purged"))
    with pytest.raises(Invalid, match="2 of the pictures"):
        begin(db, workspace, run.dataset_id, "k2", copied_from_run_id=run.id, pictures="snapshot")
    with db.transaction(workspace.caller) as tx:
        assert training.page(tx).total == 1
        assert datasets.get(tx, run.dataset_id).status == "ready"


def test_a_continued_run_keeps_the_shape_of_its_lora(db: Database, workspace: Tenant, run: RunCard) -> None:
    follow = {"continued_from_run_id": run.id, "continued_from_step": 50}
    with pytest.raises(Invalid, match="Leave as it was: Rank"):
        begin(db, workspace, run.dataset_id, "k2", params=ParamsDraft(network_dim=32), **follow)
    with pytest.raises(Invalid, match="text encoder"):
        begin(db, workspace, run.dataset_id, "k2", params=ParamsDraft(text_encoder_lr=1e-4), **follow)
    with pytest.raises(NotFound, match="no version of step 51"):
        begin(db, workspace, run.dataset_id, "k2", **follow | {"continued_from_step": 51})
    with pytest.raises(Invalid, match="Give both"):
        RunDraft(dataset_id=run.dataset_id, continued_from_run_id=run.id)
    continued = begin(db, workspace, run.dataset_id, "k2", params=ParamsDraft(steps=30, unet_lr=5e-4), **follow)
    assert (continued.params.network_dim, continued.params.network_alpha, continued.params.steps) == (8, 4, 30)
    assert (continued.continued_from_run_id, continued.continued_from_step, continued.steps_before) == (run.id, 50, 50)


def test_another_workspaces_run_is_followed_by_nobody(
    db: Database, workspace: Tenant, other_workspace: Tenant, run: RunCard
) -> None:
    with db.transaction(other_workspace.caller, needs="editor") as tx:
        foreign_dataset = make_dataset(tx)
    with pytest.raises(NotFound):
        begin(db, other_workspace, foreign_dataset, copied_from_run_id=run.id)


def test_a_run_waits_for_the_night_and_can_start_now_all_the_same(db: Database, workspace: Tenant, dataset_id: str) -> None:
    night = now() + timedelta(hours=6)
    run = begin(db, workspace, dataset_id, not_before=night)
    assert run.not_before == night
    with db.transaction(workspace.caller, needs="editor") as tx:
        assert training.schedule(tx, run.id, night + timedelta(hours=1)).not_before == night + timedelta(hours=1)
        assert training.schedule(tx, run.id, None).not_before is None
        assert jobs.get(tx, run.job_id).queue_position == 1
        with pytest.raises(Invalid, match="30 days at most"):
            training.schedule(tx, run.id, night + timedelta(days=40))
        end_job(tx, run.job_id, "completed")
        with pytest.raises(Conflict, match="Only a job that waits"):
            training.schedule(tx, run.id, night)
    assert begin(db, workspace, dataset_id, "k2", not_before=now() - timedelta(hours=1)).not_before is None


def test_notes_are_not_overwritten_by_who_did_not_see_them(db: Database, workspace: Tenant, run: RunCard) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        assert training.set_notes(tx, run.id, " too soft ", before="").notes == "too soft"
        assert training.set_notes(tx, run.id, "too soft", before="").notes == "too soft"
        with pytest.raises(Conflict, match="Somebody else"):
            training.set_notes(tx, run.id, "too hard", before="")
        with pytest.raises(Invalid, match="Notes"):
            training.set_notes(tx, run.id, "x" * 2001, before="too soft")
        with pytest.raises(NotFound):
            training.set_notes(tx, "run_0", "x", before="")
        assert training.set_notes(tx, run.id, "", before="too soft").notes == ""


def test_a_state_that_a_run_is_about_to_continue_from_is_not_forgotten(db: Database, workspace: Tenant, run: RunCard) -> None:
    """The run it belongs to goes on at that moment, and keeps only its newest state."""
    with db.transaction(workspace.caller, needs="editor") as tx:
        state = make_asset(tx, kind="state")
        assets.use(tx, state, "training", run.id)
        tx.get_one(TrainingCheckpoint, (workspace.id, run.id, 50)).state_asset_id = state

    def forget() -> None:
        with db.transaction(workspace.caller) as tx:
            tx.execute(text("SET LOCAL lock_timeout = '50ms'"))
            _delete_older_states(tx, run.id)

    draft = RunDraft(dataset_id=run.dataset_id, continued_from_run_id=run.id, continued_from_step=50)
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        continued = training.start(tx, draft=draft, models=[OTHER, MODEL], request_key="k2")
        with pytest.raises(Unavailable):
            forget()
    forget()
    with db.transaction(workspace.caller) as tx:
        assert tx.get_one(TrainingRun, continued.id).start_state_asset_id == state
        assert assets.get(tx, state).state == "stored"
