"""A saved crop reaches the trainer, also when it is changed while the run waits."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from backend import datasets, training
from backend.datasets import Box
from backend.db.tables import TrainingRun
from backend.db.transactions import Database
from backend.training import RunDraft
from backend.training.pipeline import _image
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.fakes.engines import MODEL


def test_a_run_keeps_the_crops_it_was_started_with(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        dataset_id = make_dataset(tx)
        image = datasets.images(tx, dataset_id).images[0]
        version = datasets.set_crop(tx, image.id, Box(8, 16, 128, 256), version=0)
        training.start(tx, draft=RunDraft(dataset_id=dataset_id), models=[MODEL], request_key="a")
        datasets.set_crop(tx, image.id, None, version=version)
        snapshot = tx.scalars(select(TrainingRun.snapshot)).one()
    first, second = (_image(Path("x"), item) for item in snapshot[:2])
    assert (first.crop, second.crop) == ((8, 16, 128, 256), None)
    assert _image(Path("x"), {"key": "a.jpg", "caption": "as older runs kept it"}).crop is None
