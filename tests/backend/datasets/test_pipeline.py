"""Ingest with real bytes: what is taken, what is refused and why, twice is once, and a killed attempt goes on."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Mapping

import pytest
from sqlalchemy import update

from backend import assets, datasets, jobs
from backend.bootstrap import App
from backend.datasets import DatasetCard, IngestPayload, ScanPayload, keeping, pipeline
from backend.errors import Cancelled, Unavailable
from backend.tables import DatasetImage
from tests.factories.account import Tenant
from tests.factories.pictures import blurred_photo, photo, zipped
from tests.support.context import make_context, next_attempt
from workers.context import Context


@pytest.fixture
def dataset(app: App, workspace: Tenant) -> DatasetCard:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        return datasets.create(tx, name="Bella", trigger_word="bella")


def upload(app: App, who: Tenant, dataset_id: str, files: Mapping[str, bytes]) -> list[str]:
    ids = []
    for name, data in files.items():
        with app.db.transaction(who.caller, needs="editor") as tx:
            said = {"noun": "dataset", "noun_id": dataset_id, "filename": name, "size": len(data), "client_key": name}
            card = assets.uploads.begin(tx, settings=app.settings, **said)

        def open_tx() -> object:
            return app.db.transaction(who.caller, needs="editor")

        assets.uploads.receive(open_tx, app.storage, settings=app.settings, upload_id=card.id, chunks=[data])  # type: ignore[arg-type]
        ids.append(card.id)
    return ids


def context(app: App, who: Tenant, dataset_id: str, **more: str) -> Context:
    payload = IngestPayload(dataset_id=dataset_id, **more)
    return make_context(app, who, "dataset-ingest", payload, subject=("dataset", dataset_id))


def ingest(app: App, who: Tenant, dataset_id: str, **more: str) -> dict[str, object]:
    return pipeline.run(context(app, who, dataset_id, **more), IngestPayload(dataset_id=dataset_id, **more))


def seen(app: App, who: Tenant, dataset_id: str) -> tuple[dict[str, datasets.ImageCard], dict[str, str]]:
    with app.db.transaction(who.caller) as tx:
        images = datasets.images(tx, dataset_id, take=500).images
        refused = datasets.refused(tx, dataset_id)
    return {one.filename: one for one in images}, {one.filename: one.reason for one in refused}


def test_good_ones_are_taken_and_bad_ones_get_a_reason(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    good, long_name = photo(1), "😀" * 290 + ".jpg"
    upload(
        app,
        workspace,
        dataset.id,
        {
            "a.jpg": good,
            "again.jpg": good,
            "smaller.jpg": photo(1, size=(200, 200)),
            "soft.jpg": blurred_photo(2),
            "cut.jpg": good[: len(good) // 3],
            "note.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "tiny.png": photo(3, size=(20, 20), kind="PNG"),
            "really.jpg": photo(4, kind="PNG"),
            long_name: photo(5),
            "lonely.txt": b"nobody",
            "a.txt": b" portrait of bella\x00, smiling ",
        },
    )
    result = ingest(app, workspace, dataset.id)
    images, refused = seen(app, workspace, dataset.id)
    assert refused.keys() == {"again.jpg", "cut.jpg", "note.svg", "tiny.png", "lonely.txt"}
    assert result == {"images": 5, "refused": 5}
    assert set(images) == {"a.jpg", "smaller.jpg", "soft.jpg", "really.jpg", long_name}
    assert "already in this dataset, as a.jpg" in refused["again.jpg"]
    assert all(reason.endswith((".", "!")) for reason in refused.values())
    assert images["a.jpg"].caption == "portrait of bella, smiling"
    assert images["smaller.jpg"].near_duplicate_of == images["a.jpg"].id
    assert images["smaller.jpg"].near_duplicate_distance is not None
    assert images["soft.jpg"].blurred
    assert not images["a.jpg"].blurred
    assert [note["code"] for note in images["really.jpg"].notes] == ["misnamed"]
    with app.db.transaction(workspace.caller) as tx:
        asset = assets.get(tx, images["a.jpg"].asset_id)
        assert (asset.state, asset.width, asset.thumbs[0]) == ("stored", 256, 160)
        assert [(use.noun, use.noun_id) for use in assets.uses(tx, asset.id)] == [("dataset", dataset.id)]
        left = assets.uploads.listing(tx, "dataset", dataset.id)
    assert b"".join(app.storage.open(asset.key)) == good
    assert app.storage.stat(assets.thumb_key(asset.key, 160)).content_type == "image/webp"
    assert {one.state for one in left} == {"taken", "refused"}
    assert list(app.storage.list(f"incoming/{workspace.id}")) == []


def test_an_archive_with_captions_and_rubbish(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    inside = {
        "10_bella woman/1.jpg": photo(1),
        "10_bella woman/1.txt": b"bella at the beach",
        "10_bella woman/2.png": photo(2, kind="PNG"),
        "10_bella woman/broken.jpg": b"nothing",
        "../../evil.jpg": photo(3),
        "__MACOSX/._1.jpg": b"x",
        "inner.zip": b"PK",
    }
    upload(app, workspace, dataset.id, {"set.zip": zipped(inside), "bad.zip": b"PK\x03\x04 no archive"})
    result = ingest(app, workspace, dataset.id)
    images, refused = seen(app, workspace, dataset.id)
    assert set(images) == {"set.zip/10_bella woman/1.jpg", "set.zip/10_bella woman/2.png"}
    assert images["set.zip/10_bella woman/1.jpg"].caption == "bella at the beach"
    assert set(refused) == {"set.zip/10_bella woman/broken.jpg", "set.zip/../../evil.jpg", "set.zip/inner.zip", "bad.zip"}
    assert result == {"images": 2, "refused": 4}
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        states = {one.filename: one.state for one in assets.uploads.listing(tx, "dataset", dataset.id)}
        assert (states["set.zip"], states["bad.zip"]) == ("taken", "refused")
        assert datasets.dismiss_refused(tx, dataset.id) == 4
        exported = b"".join(datasets.export_zip(tx, app.storage, dataset.id))
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        assert archive.namelist() == ["10_bella/0001.jpg", "10_bella/0001.txt", "10_bella/0002.png"]
        assert archive.read("10_bella/0001.txt") == b"bella at the beach"
        assert archive.read("10_bella/0001.jpg") == inside["10_bella woman/1.jpg"]


def test_a_sample_character_once(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    assert ingest(app, workspace, dataset.id, character="bella") == {"images": 14, "refused": 0}
    assert ingest(app, workspace, dataset.id, character="bella") == {"images": 0, "refused": 0}
    images, _ = seen(app, workspace, dataset.id)
    assert images["bella/00.jpg"].caption
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        assert datasets.declare_rights(tx, dataset.id, "Bundled pictures.").status == "ready"
        assert datasets.readiness(tx, dataset.id).stats.blurred == 0
        assert len(datasets.training_set(tx, dataset.id)) == 14


@pytest.mark.parametrize("inside", [False, True])
def test_a_killed_attempt_goes_on_without_taking_anything_twice(
    app: App, workspace: Tenant, dataset: DatasetCard, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 2)
    files = {f"{n}.jpg": photo(n, size=(80, 80)) for n in range(7)} | {"bad.jpg": b"nothing"}
    upload(app, workspace, dataset.id, {"set.zip": zipped(files)} if inside else files)
    first, record = context(app, workspace, dataset.id), keeping.Keeper.record
    recorded: list[int] = []

    def killed(self: keeping.Keeper, batch: keeping.Batch) -> None:
        if len(recorded) == 2:
            raise KeyboardInterrupt
        recorded.append(1)
        record(self, batch)

    monkeypatch.setattr(keeping.Keeper, "record", killed)
    payload = IngestPayload(dataset_id=dataset.id)
    with pytest.raises(KeyboardInterrupt):
        pipeline.run(first, payload)
    monkeypatch.setattr(keeping.Keeper, "record", record)
    assert len(seen(app, workspace, dataset.id)[0]) == 4
    result = pipeline.run(next_attempt(first), payload)
    images, refused = seen(app, workspace, dataset.id)
    assert result == {"images": 3, "refused": 1}
    assert len(images) == 7
    assert len(refused) == 1


def test_cancelled_in_the_middle_keeps_what_was_taken(
    app: App, workspace: Tenant, dataset: DatasetCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 1)
    upload(app, workspace, dataset.id, {f"{n}.jpg": photo(n, size=(80, 80)) for n in range(4)})
    ctx, record = context(app, workspace, dataset.id), keeping.Keeper.record

    def then_cancelled(self: keeping.Keeper, batch: keeping.Batch) -> None:
        record(self, batch)
        ctx.cancel_requested = True

    monkeypatch.setattr(keeping.Keeper, "record", then_cancelled)
    with pytest.raises(Cancelled):
        pipeline.run(ctx, IngestPayload(dataset_id=dataset.id))
    with app.db.transaction(workspace.caller) as tx:
        assert len(assets.uploads.listing(tx, "dataset", dataset.id, states=("stored",))) >= 1
        assert 1 <= datasets.get(tx, dataset.id).images <= 3


def test_two_jobs_at_once_take_each_picture_once(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    upload(app, workspace, dataset.id, {f"{n}.jpg": photo(n, size=(80, 80)) for n in range(3)})
    ctx = context(app, workspace, dataset.id)
    other = context(app, workspace, dataset.id)
    keeper = keeping.Keeper(ctx, dataset.id)
    arrivals = list(pipeline.Arrivals(ctx, dataset.id, ""))
    with pipeline.Inspector(pipeline.Limits(2**20, 10**6, 64), processes=1) as inspector:
        [looked] = pipeline._looked(ctx, inspector, arrivals)
        batch = keeper.send(looked)
        assert pipeline.run(other, IngestPayload(dataset_id=dataset.id)) == {"images": 3, "refused": 0}
        keeper.record(batch)
    keeper.close()
    images, refused = seen(app, workspace, dataset.id)
    assert (len(images), refused) == (3, {})
    with app.db.transaction(workspace.caller) as tx:
        for asset_id, _, _ in batch.pictures:
            assert assets.get(tx, asset_id).state == "deleted"


@pytest.mark.parametrize("inside", [False, True])
def test_two_jobs_at_once_do_not_exceed_the_limit_together(
    app: App, workspace: Tenant, dataset: DatasetCard, inside: bool
) -> None:
    small = dataclasses.replace(app, settings=app.settings.model_copy(update={"max_dataset_images": 3}))
    sets = [{f"{n}.jpg": photo(n, size=(80, 80)) for n in numbers} for numbers in ((0, 1), (2, 3))]
    uploads = [upload(app, workspace, dataset.id, {f"{n}.zip": zipped(one)} if inside else one) for n, one in enumerate(sets)]
    sent: list[tuple[keeping.Keeper, keeping.Batch]] = []
    with pipeline.Inspector(pipeline.Limits(2**20, 10**6, 64), processes=1) as inspector:
        for ids in uploads:
            ctx = context(small, workspace, dataset.id)
            mine = [one for one in pipeline.Arrivals(ctx, dataset.id, "") if one.upload and one.upload.id in ids]
            [looked] = pipeline._looked(ctx, inspector, mine)
            keeper = keeping.Keeper(ctx, dataset.id)
            sent.append((keeper, keeper.send(looked)))
        for keeper, batch in sent:
            keeper.record(batch)
            keeper.close()
    assert [(keeper.taken, keeper.refused) for keeper, _ in sent] == [(2, 0), (1, 1)]
    images, refused = seen(app, workspace, dataset.id)
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


def test_a_full_set_and_a_full_disk_are_sentences(
    app: App, workspace: Tenant, dataset: DatasetCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = dataclasses.replace(app, settings=app.settings.model_copy(update={"max_dataset_images": 2}))
    upload(app, workspace, dataset.id, {f"{n}.jpg": photo(n, size=(80, 80)) for n in range(3)})
    assert ingest(small, workspace, dataset.id) == {"images": 2, "refused": 1}
    assert "may have 2 pictures" in "".join(seen(app, workspace, dataset.id)[1].values())
    upload(app, workspace, dataset.id, {"4.jpg": photo(4)})

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pipeline, "_look", full)
    with pytest.raises(Unavailable, match="disk of the machine"):
        ingest(app, workspace, dataset.id)


def test_progress_counts_what_is_inside_archives(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    inside = zipped({f"{n}.jpg": photo(n, size=(80, 80)) for n in range(3)})
    upload(app, workspace, dataset.id, {"set.zip": inside, "one.jpg": photo(9)})
    ctx = context(app, workspace, dataset.id)
    pipeline.run(ctx, IngestPayload(dataset_id=dataset.id))
    report = ctx.take_report()
    assert (report.done, report.total, report.phase) == (4, 4, "checking pictures")


def test_storage_away_leaves_everything_for_the_next_try(
    app: App, workspace: Tenant, dataset: DatasetCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(app, workspace, dataset.id, {f"{n}.jpg": photo(n, size=(80, 80)) for n in range(3)})
    ctx, put = context(app, workspace, dataset.id), assets.put

    def away(*_: object) -> None:
        raise Unavailable("The file storage does not answer right now.")

    monkeypatch.setattr(assets, "put", away)
    with pytest.raises(Unavailable):
        pipeline.run(ctx, IngestPayload(dataset_id=dataset.id))
    monkeypatch.setattr(assets, "put", put)
    assert pipeline.run(next_attempt(ctx), IngestPayload(dataset_id=dataset.id)) == {"images": 3, "refused": 0}
    images, refused = seen(app, workspace, dataset.id)
    assert (len(images), refused) == (3, {})


def test_a_sample_character_answers_to_the_datasets_trigger_word(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        card = datasets.create(tx, name="Mia", trigger_word="mia")
    ingest(app, workspace, card.id, character="bella")
    with app.db.transaction(workspace.caller) as tx:
        captions = [one.caption for one in datasets.images(tx, card.id).images]
    assert captions
    assert all("mia" in caption and "bella" not in caption for caption in captions)


def test_what_an_older_version_measured_is_measured_again(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    upload(app, workspace, dataset.id, {"a.jpg": photo(1), "again.jpg": photo(1, quality=60), "b.jpg": photo(2)})
    ingest(app, workspace, dataset.id)
    taken, _ = seen(app, workspace, dataset.id)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        old = {"measured": 0, "sharpness": 1.0, "brightness": None, "colours": "", "alike": None}
        tx.execute(update(DatasetImage).values(**old, near_duplicate_of=None))
        assert datasets.readiness(tx, dataset.id).stats.unmeasured == 3
        job = datasets.scan(tx, dataset.id, request_key="a")
        assert datasets.scan(tx, dataset.id, request_key="b").id == job.id
    payload = ScanPayload(dataset_id=dataset.id)
    ctx = make_context(app, workspace, "dataset-scan", payload, job_id=job.id, subject=("dataset", dataset.id))
    assert pipeline.scan(ctx, payload) == {"measured": 3, "unread": 0}
    again, _ = seen(app, workspace, dataset.id)
    assert {name: (one.sharpness, one.brightness, one.alike) for name, one in again.items()} == {
        name: (one.sharpness, one.brightness, one.alike) for name, one in taken.items()
    }
    assert again["again.jpg"].near_duplicate_of == again["a.jpg"].id
    assert pipeline.scan(next_attempt(ctx), payload) == {"measured": 0, "unread": 0}
