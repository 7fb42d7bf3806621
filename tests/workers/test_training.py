"""The main way through real workers and the real starter model: train, die half-way, go on, draw with what was learned."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from backend import datasets, generation, jobs, loras, training
from backend.app import App
from backend.db.tables import DatasetImage
from backend.engines.local.starter_model import characters
from backend.generation import GenerationDraft, LoraPick
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.training import ParamsDraft, RunDraft
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_dataset
from tests.support.processes import Workers
from tests.support.wait import until


@pytest.fixture
def dataset_id(app: App, workspace: Tenant) -> str:
    """The pictures of a sample character, as an ingest would leave them."""
    sample = characters()[0]
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        dataset = make_dataset(tx, images=0)
        for path in sorted(sample.folder.glob("*.jpg")):
            add_picture(tx, app, dataset, path)
    return dataset


def add_picture(tx: Session, app: App, dataset_id: str, path: Path) -> None:
    asset_id = make_asset(tx, storage=app.storage, data=path.read_bytes(), key=f"datasets/tests/{dataset_id}/{path.name}")
    row = DatasetImage(id=new_id("img"), dataset_id=dataset_id, asset_id=asset_id, filename=path.name, sha256=path.stem)
    row.width = row.height = 512
    row.dhash, row.sharpness = f"{int(path.stem) * 0x1111_1111_1111:016x}", 900.0
    row.caption = path.with_suffix(".txt").read_text()
    tx.add(row)


@pytest.mark.model
@pytest.mark.kill
def test_training_survives_its_worker_and_the_lora_draws(
    app: App, workspace: Tenant, workers: Workers, dataset_id: str
) -> None:
    def job(job_id: str) -> JobCard:
        with app.db.transaction(workspace.caller) as tx:
            return jobs.get(tx, job_id)

    draft = RunDraft(
        dataset_id=dataset_id,
        name="bella-v1",
        params=ParamsDraft(steps=6, save_every=2, sample_every=6, batch=1, prior_weight=0),
    )
    with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        run = training.start(tx, draft=draft, models=app.engines.trainer.models(), request_key="k")
    gpu = {"queues": "gpu", "handlers": "", "JOB_LEASE_S": "3"}
    dead = workers.start(**gpu, FAULT_STEP="lora-training:checkpoint-4+:kill")
    until(lambda: dead.poll() is not None, 150, what="death of the worker")
    with app.db.transaction(workspace.caller) as tx:
        assert [card.step for card in training.checkpoints(tx, run.id)] == [2, 4]

    workers.start(**gpu)
    until(lambda: job(run.job_id).ended, 150, what="end of the training")
    ended = job(run.job_id)
    assert ended.state == "completed", (ended.error_message, workers.logs()[-3000:])
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        card = training.get(tx, run.id)
        log = [line.line for line in jobs.log(tx, run.job_id)]
        lora = loras.get(tx, str(card.lora_id))
        assert len(training.points(tx, run.id)) == 6
        assert [sample.step for sample in training.samples(tx, run.id)] == [6, 6]
        assert datasets.get(tx, dataset_id).status == "ready"
        image_draft = GenerationDraft(
            prompt="portrait of bella, at the beach", n=2, steps=4, loras=(LoraPick(lora_id=lora.id),)
        )
        request = generation.start(tx, draft=image_draft, models=app.engines.image.models(), request_key="g")
    assert "Going on from step 4." in log
    assert ended.attempt_n == 2
    assert card.loss_first
    assert card.loss_last
    until(lambda: job(request.job_id).ended, 150, what="end of the drawing")
    with app.db.transaction(workspace.caller) as tx:
        assert job(request.job_id).state == "completed", job(request.job_id).error_message
        assert len(generation.pictures_of(tx, request.id)) == 2
