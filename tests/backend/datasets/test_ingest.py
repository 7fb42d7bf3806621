"""What ingest takes, what it refuses and why: with real bytes, from files, archives and samples."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import pytest

from backend import assets, datasets
from backend.app import App
from backend.datasets import DatasetCard, IngestPayload, pipeline
from backend.errors import NotFound, Unavailable
from tests.backend.datasets.conftest import context, images_and_refusals, ingest, upload
from tests.factories.account import Tenant
from tests.factories.pictures import blurred_photo, photo, zipped


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
    images, refused = images_and_refusals(app, workspace, dataset.id)
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
        uploads = assets.uploads.listing(tx, "dataset", dataset.id)
    assert b"".join(app.storage.open(asset.key)) == good
    assert app.storage.stat(assets.thumb_key(asset.key, 160)).content_type == "image/webp"
    assert {upload_card.state for upload_card in uploads} == {"taken", "refused"}
    assert list(app.storage.list(f"incoming/{workspace.id}")) == []


def test_files_that_came_before_their_dataset(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    upload_ids = upload(app, workspace, assets.uploads.NEW, {"a.jpg": photo(1), "b.jpg": photo(2), "later.jpg": photo(3)})
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        keys = [assets.uploads.get(tx, upload_id).key for upload_id in upload_ids]
    with app.db.transaction(other_workspace.caller, needs="editor") as tx, pytest.raises(NotFound, match="waits for a dataset"):
        datasets.attach_uploads(tx, datasets.create(tx, name="Theirs").id, keys[:1], request_key="t")
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        card = datasets.create(tx, name="Mia", trigger_word="mia")
        job = datasets.attach_uploads(tx, card.id, keys[:2], request_key="a")
        assert (job.kind, job.subject_id) == ("dataset-ingest", card.id)
    with app.db.transaction(workspace.caller, needs="editor") as tx, pytest.raises(NotFound):
        datasets.attach_uploads(tx, card.id, keys[1:], request_key="b")
    assert ingest(app, workspace, card.id) == {"images": 2, "refused": 0}
    images, _ = images_and_refusals(app, workspace, card.id)
    assert set(images) == {"a.jpg", "b.jpg"}
    with app.db.transaction(workspace.caller) as tx:
        assert assets.uploads.count(tx, "dataset", assets.uploads.NEW) == 1


def test_an_archive_with_captions_and_rubbish(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    members = {
        "10_bella woman/1.jpg": photo(1),
        "10_bella woman/1.txt": b"bella at the beach",
        "15_bella woman close-up/2.png": photo(2, kind="PNG"),
        "10_bella woman/broken.jpg": b"nothing",
        "../../evil.jpg": photo(3),
        "__MACOSX/._1.jpg": b"x",
        "inner.zip": b"PK",
    }
    upload(app, workspace, dataset.id, {"set.zip": zipped(members), "bad.zip": b"PK\x03\x04 no archive"})
    result = ingest(app, workspace, dataset.id)
    images, refused = images_and_refusals(app, workspace, dataset.id)
    assert {name: image.repeats for name, image in images.items()} == {
        "set.zip/10_bella woman/1.jpg": 10,
        "set.zip/15_bella woman close-up/2.png": 15,
    }
    assert images["set.zip/10_bella woman/1.jpg"].caption == "bella at the beach"
    assert set(refused) == {"set.zip/10_bella woman/broken.jpg", "set.zip/../../evil.jpg", "set.zip/inner.zip", "bad.zip"}
    assert result == {"images": 2, "refused": 4}
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        states = {upload_card.filename: upload_card.state for upload_card in assets.uploads.listing(tx, "dataset", dataset.id)}
        assert (states["set.zip"], states["bad.zip"]) == ("taken", "refused")
        assert datasets.dismiss_refused(tx, dataset.id) == 4
        assert [picture.repeats for picture in datasets.training_set(tx, dataset.id)] == [10, 15]
        assert datasets.count_problems(tx, dataset.id).shown == 25
        exported = b"".join(datasets.export_zip(tx, app.storage, dataset.id))
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        assert archive.namelist() == ["10_bella/0001.jpg", "10_bella/0001.txt", "15_bella/0002.png", "manifest.json"]
        assert archive.read("10_bella/0001.txt") == b"bella at the beach"
        assert archive.read("10_bella/0001.jpg") == members["10_bella woman/1.jpg"]


def test_captions_and_folders_of_others_are_understood_and_told(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    members = {
        "img/10_bella woman/1.jpg": photo(1),
        "img/10_bella woman/1.TXT": "bella, caff\u00e8".encode("cp1252"),
        "img/10_bella woman/2.jpg": photo(2),
        "img/10_bella woman/2.txt": b"bella,\r\nsmiling",
        "reg/1_woman/3.jpg": photo(3),
        "README.txt": b"my set",
    }
    upload(app, workspace, dataset.id, {"set.zip": zipped(members), "empty.zip": zipped({})})
    upload(app, workspace, dataset.id, {"Zoe\u0301.jpg": photo(4), "Zo\u00e9.txt": "Zo\u00e9 here".encode("cp1252")})
    upload(app, workspace, dataset.id, {"Zo\u00e9.caption": b"another text", "long.jpg": photo(5), "long.txt": b"a" * 3000})
    result = ingest(app, workspace, dataset.id)
    images, refused = images_and_refusals(app, workspace, dataset.id)
    assert (result, refused.keys()) == ({"images": 5, "refused": 3}, {"set.zip/README.txt", "empty.zip", "Zo\u00e9.caption"})
    assert "no pictures in this archive" in refused["empty.zip"]
    assert "has a caption already" in refused["Zo\u00e9.caption"]
    by_stem = {name.rsplit("/", 1)[-1][0]: image for name, image in images.items()}
    assert (by_stem["1"].caption, by_stem["2"].caption) == ("bella, caff\u00e8", "bella,\nsmiling")
    assert (by_stem["Z"].caption, len(by_stem["l"].caption)) == ("Zo\u00e9 here", 2000)
    assert [image.included for image in by_stem.values()] == [name != "3" for name in by_stem]
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        notes = {
            note.sentence.split(":")[0].split(".")[0]: (note.count, note.filenames)
            for note in datasets.import_notes(tx, dataset.id)
        }
        assert notes.keys() == {
            "Its caption was read as Windows-1252",
            "From the folder “10_bella woman”",
            "From the folder “1_woman”, which holds regularisation pictures",
            "Its caption had 3,000 characters and was cut to 2,000",
        }
        assert notes["Its caption was read as Windows-1252"][0] == 2
        assert notes["From the folder “10_bella woman”"][0] == 2
        datasets.clear_import_notes(tx, dataset.id)
        assert datasets.import_notes(tx, dataset.id) == []
    assert [note["code"] for note in images_and_refusals(app, workspace, dataset.id)[0]["long.jpg"].notes] == ["caption_cut"]


def test_a_sample_character_once(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        datasets.declare_sample_rights(tx, dataset.id)
    assert ingest(app, workspace, dataset.id, character="bella") == {"images": 14, "refused": 0}
    assert ingest(app, workspace, dataset.id, character="bella") == {"images": 0, "refused": 0}
    images, _ = images_and_refusals(app, workspace, dataset.id)
    assert images["bella/00.jpg"].caption
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        assert datasets.get(tx, dataset.id).status == "ready", "nobody is asked whose pictures the studio's own are"
        assert datasets.readiness(tx, dataset.id).stats.blurred == 0
        assert len(datasets.training_set(tx, dataset.id)) == 14
    upload(app, workspace, dataset.id, {"mine.jpg": photo(3)})
    assert ingest(app, workspace, dataset.id)["images"] == 1
    with app.db.transaction(workspace.caller) as tx:
        assert not datasets.get(tx, dataset.id).rights_statement, "that was said of the sample character alone"


def test_a_sample_character_answers_to_the_datasets_trigger_word(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        card = datasets.create(tx, name="Mia", trigger_word="mia")
    ingest(app, workspace, card.id, character="bella")
    with app.db.transaction(workspace.caller) as tx:
        captions = [image.caption for image in datasets.images(tx, card.id).images]
    assert captions
    assert all("mia" in caption and "bella" not in caption for caption in captions)


def test_progress_counts_what_is_inside_archives(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    inside = zipped({f"{n}.jpg": photo(n, size=(80, 80)) for n in range(3)})
    upload(app, workspace, dataset.id, {"set.zip": inside, "one.jpg": photo(9)})
    ctx = context(app, workspace, dataset.id)
    pipeline.run(ctx, IngestPayload(dataset_id=dataset.id))
    report = ctx.take_report()
    assert (report.done, report.total, report.phase) == (4, 4, "checking pictures")


def test_a_full_set_and_a_full_disk_are_sentences(
    app: App, workspace: Tenant, dataset: DatasetCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = dataclasses.replace(app, settings=app.settings.replace(MAX_DATASET_IMAGES=2))
    upload(app, workspace, dataset.id, {f"{n}.jpg": photo(n, size=(80, 80)) for n in range(3)})
    assert ingest(small, workspace, dataset.id) == {"images": 2, "refused": 1}
    assert "may have 2 pictures" in "".join(images_and_refusals(app, workspace, dataset.id)[1].values())
    upload(app, workspace, dataset.id, {"4.jpg": photo(4)})

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pipeline, "_submit_inspections", full)
    with pytest.raises(Unavailable, match="The disk is full"):
        ingest(app, workspace, dataset.id)
