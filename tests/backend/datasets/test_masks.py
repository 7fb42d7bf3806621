"""Masks: taken from an upload, kept against the version they were drawn on, cleared in bulk, put back, frozen in a run."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from backend import assets, datasets, training
from backend.app import App
from backend.db.tables import TrainingRun
from backend.engines.ports.trainer import uses_masks
from backend.errors import Conflict, Invalid
from backend.training import RunDraft
from backend.training.pipeline import _image
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.fakes.engines import MODEL, FakeTrainer


def png(level: int = 255) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA", (64, 64), (level, level, level, 255)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def images(app: App, workspace: Tenant) -> list[Any]:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        return datasets.images(tx, make_dataset(tx, storage=app.storage)).images


def save_mask(app: App, tenant: Tenant, image: Any, *, data: bytes = b"", version: int = 0) -> str:
    """As the page does it: announced, sent, taken. Returns the mask's asset."""
    data = data or png()
    with app.db.transaction(tenant.caller, needs="editor") as tx:
        announcement = {
            "noun": "dataset-mask",
            "noun_id": image.id,
            "filename": "mask.png",
            "client_key": f"{version}{data[:40]!r}",
        }
        upload = assets.uploads.announce(tx, settings=app.settings, size=len(data), **announcement)
    open_tx = partial(app.db.transaction, tenant.caller, needs="editor")
    assets.uploads.receive(open_tx, app.storage, settings=app.settings, upload_id=upload.id, chunks=[data])
    arguments = {"image_id": image.id, "upload_id": upload.id, "version": version}
    return datasets.save_mask(open_tx, app.storage, settings=app.settings, **arguments).id


def test_a_mask_is_kept_replaced_cleared_and_put_back(app: App, workspace: Tenant, images: list[Any]) -> None:
    first_image, second_image, *_ = images
    first = save_mask(app, workspace, first_image)
    second = save_mask(app, workspace, first_image, version=1)
    save_mask(app, workspace, second_image)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        assert (assets.get(tx, first).state, assets.get(tx, second).state) == ("deleted", "stored")
        assert datasets.readiness(tx, first_image.dataset_id).stats.masked == 2
        assert datasets.matching_ids(tx, first_image.dataset_id, "masked") == [first_image.id, second_image.id]
        all_ids = [image.id for image in images]
        assert datasets.clear_masks(tx, first_image.dataset_id, all_ids, request_key="c") == 2
        assert datasets.clear_masks(tx, first_image.dataset_id, all_ids, request_key="c") == 2
        assert datasets.readiness(tx, first_image.dataset_id).stats.masked == 0
        assert assets.get(tx, second).state == "deleted"
        with pytest.raises(Invalid, match="None of these"):
            datasets.clear_masks(tx, first_image.dataset_id, all_ids)
        edit = datasets.list_edits(tx, first_image.dataset_id)[0]
        assert edit.title == "Removed 2 masks"
        assert datasets.undo_edit(tx, edit.id).count == 2
        image = datasets.images(tx, first_image.dataset_id).images[0]
        assert (image.mask_asset_id, image.mask_version, image.tile()["masked"]) == (second, 4, True)
        assert assets.get(tx, second).state == "stored"


def test_two_people_do_not_overwrite_each_others_mask(app: App, workspace: Tenant, images: list[Any]) -> None:
    mask_id = save_mask(app, workspace, images[0])
    with pytest.raises(Conflict, match="Somebody else"):
        save_mask(app, workspace, images[0], data=png(0))
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        assert datasets.images(tx, images[0].dataset_id).images[0].mask_asset_id == mask_id
        with pytest.raises(Conflict, match="Somebody else"):
            datasets.clear_mask(tx, images[0].id, version=0)
        datasets.clear_mask(tx, images[0].id, version=1)
        assert datasets.images(tx, images[0].dataset_id).images[0].mask_asset_id is None


def test_what_is_no_picture_is_no_mask(app: App, workspace: Tenant, images: list[Any]) -> None:
    with pytest.raises(Invalid, match="SVG"):
        save_mask(app, workspace, images[0], data=b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    with app.db.transaction(workspace.caller) as tx:
        assert datasets.images(tx, images[0].dataset_id).images[0].mask_asset_id is None


def test_a_run_keeps_the_masks_it_was_started_with(app: App, workspace: Tenant, images: list[Any]) -> None:
    mask = save_mask(app, workspace, images[0])
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        run = training.start(tx, draft=RunDraft(dataset_id=images[0].dataset_id), models=[MODEL], request_key="a")
        datasets.clear_mask(tx, images[0].id, version=1)
        assert {use.noun for use in assets.uses(tx, mask)} == {"training-set"}
        snapshot = tx.scalars(select(TrainingRun.snapshot)).one()
        training.cancel(tx, run.id)
        assert assets.get(tx, mask).state == "deleted"
    first, second = (_image(Path("00001"), item) for item in snapshot[:2])
    assert (first.mask, second.mask) == (Path("00001.mask.png"), None)


def test_a_trainer_says_whether_it_uses_masks() -> None:
    trainer = FakeTrainer()
    assert not uses_masks(trainer)
    trainer.masks = True  # type: ignore[attr-defined]
    assert uses_masks(trainer)
