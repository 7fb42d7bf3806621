"""Ingest that is killed, cancelled, doubled or cut off from its storage: nothing is taken twice, nothing is lost."""

from __future__ import annotations

import dataclasses

import pytest

from backend import assets, datasets, jobs
from backend.app import App
from backend.datasets import DatasetCard, IngestPayload, image_writer, pipeline
from backend.errors import Cancelled, Unavailable
from tests.backend.datasets.conftest import context, images_and_refusals, upload
from tests.factories.account import Tenant
from tests.factories.pictures import photo, zipped
from tests.support.context import make_context, next_attempt


@pytest.mark.parametrize("inside", [False, True])
def test_a_killed_attempt_goes_on_without_taking_anything_twice(
    app: App, workspace: Tenant, dataset: DatasetCard, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 2)
    files = {f"{n}.jpg": photo(n, size=(80, 80)) for n in range(7)} | {"bad.jpg": b"nothing"}
    upload(app, workspace, dataset.id, {"set.zip": zipped(files)} if inside else files)
    first, record = context(app, workspace, dataset.id), image_writer.ImageWriter.record
    recorded: list[int] = []

    def killed(self: image_writer.ImageWriter, batch: image_writer.ImageBatch) -> None:
        if len(recorded) == 2:
            raise KeyboardInterrupt
        recorded.append(1)
        record(self, batch)

    monkeypatch.setattr(image_writer.ImageWriter, "record", killed)
    payload = IngestPayload(dataset_id=dataset.id)
    with pytest.raises(KeyboardInterrupt):
        pipeline.run(first, payload)
    monkeypatch.setattr(image_writer.ImageWriter, "record", record)
    assert len(images_and_refusals(app, workspace, dataset.id)[0]) == 4
    result = pipeline.run(next_attempt(first), payload)
    images, refused = images_and_refusals(app, workspace, dataset.id)
    assert result == {"images": 3, "refused": 1}
    assert len(images) == 7
    assert len(refused) == 1


def test_cancelled_in_the_middle_keeps_what_was_taken(
    app: App, workspace: Tenant, dataset: DatasetCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 1)
    upload(app, workspace, dataset.id, {f"{n}.jpg": photo(n, size=(80, 80)) for n in range(4)})
    ctx, record = context(app, workspace, dataset.id), image_writer.ImageWriter.record

    def then_cancelled(self: image_writer.ImageWriter, batch: image_writer.ImageBatch) -> None:
        record(self, batch)
        ctx.cancel_requested = True

    monkeypatch.setattr(image_writer.ImageWriter, "record", then_cancelled)
    with pytest.raises(Cancelled):
        pipeline.run(ctx, IngestPayload(dataset_id=dataset.id))
    with app.db.transaction(workspace.caller) as tx:
        assert len(assets.uploads.listing(tx, "dataset", dataset.id, states=("stored",))) >= 1
        assert 1 <= datasets.get(tx, dataset.id).images <= 3


def test_two_jobs_at_once_take_each_picture_once(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    upload(app, workspace, dataset.id, {f"{n}.jpg": photo(n, size=(80, 80)) for n in range(3)})
    ctx = context(app, workspace, dataset.id)
    other = context(app, workspace, dataset.id)
    writer = image_writer.ImageWriter(ctx, dataset.id)
    sources = list(pipeline.SourceFiles(ctx, dataset.id, ""))
    with pipeline.Inspector(pipeline.PictureLimits(2**20, 10**6, 64), processes=1) as inspector:
        [inspected] = pipeline._inspected_batches(ctx, inspector, sources)
        batch = writer.send(inspected)
        assert pipeline.run(other, IngestPayload(dataset_id=dataset.id)) == {"images": 3, "refused": 0}
        writer.record(batch)
    writer.close()
    images, refused = images_and_refusals(app, workspace, dataset.id)
    assert (len(images), refused) == (3, {})
    with app.db.transaction(workspace.caller) as tx:
        for asset_id, _, _ in batch.pictures:
            assert assets.get(tx, asset_id).state == "deleted"


@pytest.mark.parametrize("inside", [False, True])
def test_two_jobs_at_once_do_not_exceed_the_limit_together(
    app: App, workspace: Tenant, dataset: DatasetCard, inside: bool
) -> None:
    small = dataclasses.replace(app, settings=app.settings.replace(MAX_DATASET_IMAGES=3))
    files_of_jobs = [{f"{n}.jpg": photo(n, size=(80, 80)) for n in numbers} for numbers in ((0, 1), (2, 3))]
    uploads = [
        upload(app, workspace, dataset.id, {f"{n}.zip": zipped(source)} if inside else source)
        for n, source in enumerate(files_of_jobs)
    ]
    writers: list[tuple[image_writer.ImageWriter, image_writer.ImageBatch]] = []
    with pipeline.Inspector(pipeline.PictureLimits(2**20, 10**6, 64), processes=1) as inspector:
        for ids in uploads:
            ctx = context(small, workspace, dataset.id)
            own_sources = [
                source for source in pipeline.SourceFiles(ctx, dataset.id, "") if source.upload and source.upload.id in ids
            ]
            [inspected] = pipeline._inspected_batches(ctx, inspector, own_sources)
            writer = image_writer.ImageWriter(ctx, dataset.id)
            writers.append((writer, writer.send(inspected)))
        for writer, batch in writers:
            writer.record(batch)
            writer.close()
    assert [(writer.taken, writer.refused) for writer, _ in writers] == [(2, 0), (1, 1)]
    images, refused = images_and_refusals(app, workspace, dataset.id)
    assert len(images) == 3
    assert [reason.startswith("The dataset is full") for reason in refused.values()] == [True]


def test_uploads_after_the_last_look_start_a_job_of_their_own(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    upload(app, workspace, dataset.id, {"1.jpg": photo(1)})
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        first = datasets.ingest(tx, dataset.id, request_key="a")
    ctx = make_context(
        app, workspace, "dataset-ingest", IngestPayload(dataset_id=dataset.id), job_id=first.id, subject=("dataset", dataset.id)
    )
    upload(app, workspace, dataset.id, {"2.jpg": photo(2)})
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        assert datasets.ingest(tx, dataset.id, request_key="b").id == first.id
    assert pipeline.run(ctx, IngestPayload(dataset_id=dataset.id)) == {"images": 2, "refused": 0}
    upload(app, workspace, dataset.id, {"3.jpg": photo(3)})
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        assert datasets.ingest(tx, dataset.id, request_key="c").id != first.id
        assert len(jobs.page(tx, kinds=("dataset-ingest",)).cards) == 2


def test_storage_away_leaves_everything_for_the_next_try(
    app: App, workspace: Tenant, dataset: DatasetCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(app, workspace, dataset.id, {f"{n}.jpg": photo(n, size=(80, 80)) for n in range(3)})
    ctx, upload_file = context(app, workspace, dataset.id), assets.upload_file

    def unavailable(*_: object) -> None:
        raise Unavailable("The file storage does not answer right now.")

    monkeypatch.setattr(assets, "upload_file", unavailable)
    with pytest.raises(Unavailable):
        pipeline.run(ctx, IngestPayload(dataset_id=dataset.id))
    monkeypatch.setattr(assets, "upload_file", upload_file)
    assert pipeline.run(next_attempt(ctx), IngestPayload(dataset_id=dataset.id)) == {"images": 3, "refused": 0}
    images, refused = images_and_refusals(app, workspace, dataset.id)
    assert (len(images), refused) == (3, {})
