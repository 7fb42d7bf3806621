"""Pictures that come in, to the gallery and to a dataset: their jobs die at every moment there is."""

from __future__ import annotations

from contextlib import AbstractContextManager
from itertools import count
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import datasets, gallery
from backend.datasets import IngestPayload
from backend.datasets import pipeline as ingests
from backend.db.tables import AssetUse, DatasetImage, Job, Picture, Upload
from backend.gallery import pipeline as imports
from backend.gallery.schemas import ImportPayload
from backend.kit.ids import new_id
from tests.backend.datasets.conftest import context, upload
from tests.backend.gallery.arriving import upload_files
from tests.factories.account import Tenant
from tests.factories.pictures import photo
from tests.support.context import make_context
from tests.support.crashing import crash_at_every_write
from workers.context import Context


def test_each_file_is_one_picture_of_the_gallery(worker_app: Any, workspace: Tenant) -> None:
    numbers = count(1)

    def opened() -> AbstractContextManager[Session]:
        entered: AbstractContextManager[Session] = worker_app.db.transaction(workspace.editor.caller, needs="editor")
        return entered

    def begin() -> Context:
        upload_files(worker_app, opened, {f"{n}.jpg": photo(n) for n in (next(numbers), next(numbers))})
        with opened() as tx:
            job = gallery.start_import(tx, request_key=new_id("key"))
            payload = ImportPayload.model_validate(tx.get_one(Job, job.id).payload)
        return make_context(worker_app, workspace, "picture-import", payload, job_id=job.id)

    def run(ctx: Context) -> object:
        return imports.run_import(ctx, ImportPayload.model_validate(ctx.claim.payload))

    def check(ctx: Context) -> None:
        with opened() as tx:
            pictures = tx.scalars(select(Picture)).all()
            arrived = set(tx.scalars(select(Upload.filename)))
            assert sorted(picture.origin["filename"] for picture in pictures) == sorted(arrived)
            assert set(tx.scalars(select(Upload.state))) == {"taken"}
            assert set(tx.scalars(select(AssetUse.asset_id))) == {picture.asset_id for picture in pictures}

    assert crash_at_every_write(begin, run, check) > 10


def test_each_file_is_one_picture_of_the_dataset(app: Any, workspace: Tenant) -> None:
    files = {"1.png": photo(1, kind="PNG"), "2.jpg": photo(2), "1.txt": b"a caption", "3.png": b"no picture"}

    def begin() -> Context:
        with app.db.transaction(workspace.caller, needs="editor") as tx:
            made = datasets.create(tx, name=new_id("set"), trigger_word="bella")
        upload(app, workspace, made.id, files)
        return context(app, workspace, made.id)

    def run(ctx: Context) -> object:
        return ingests.run(ctx, IngestPayload.model_validate(ctx.claim.payload))

    def check(ctx: Context) -> None:
        dataset_id = ctx.claim.payload["dataset_id"]
        with app.db.transaction(workspace.caller) as tx:
            images = tx.scalars(select(DatasetImage).where(DatasetImage.dataset_id == dataset_id)).all()
            assert {image.filename: image.caption for image in images} == {"1.png": "a caption", "2.jpg": ""}
            states = tx.execute(select(Upload.state, func.count()).where(Upload.noun_id == dataset_id).group_by(Upload.state))
            assert {state: n for state, n in states} == {"taken": 3, "refused": 1}
            kept = select(AssetUse.asset_id).where(AssetUse.noun == "dataset", AssetUse.noun_id == dataset_id)
            assert set(tx.scalars(kept)) == {image.asset_id for image in images}

    assert crash_at_every_write(begin, run, check) > 10
