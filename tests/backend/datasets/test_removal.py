"""Removed pictures come back whole while their files exist: caption, history, crop, place; and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend import assets, datasets
from backend.datasets import Box, CaptionEdit
from backend.db.tables import Asset, AssetUse, DatasetEdit, DatasetImage
from backend.db.transactions import Database
from backend.errors import Conflict
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_dataset


@pytest.fixture
def tx(db: Database, workspace: Tenant) -> Iterator[Session]:
    with db.transaction(workspace.caller, needs="editor") as session:
        yield session


def images_of(tx: Session, dataset_id: str) -> list[Any]:
    return datasets.images(tx, dataset_id).images


def test_they_come_back_whole(tx: Session) -> None:
    dataset_id = make_dataset(tx, status="draft")
    first, second, *_ = images_of(tx, dataset_id)
    datasets.set_captions(tx, {first.id: ("bella, in Rome", first.caption_version)})
    datasets.set_crop(tx, first.id, Box(8, 16, 128, 256), version=0)
    datasets.set_included(tx, [second.id], False)
    before, history = images_of(tx, dataset_id), datasets.caption_history(tx, first.id)
    assert datasets.remove_images(tx, [first.id, second.id], request_key="r") == 2
    assert datasets.remove_images(tx, [first.id, second.id], request_key="r") == 2
    assert len(images_of(tx, dataset_id)) == 4
    assert assets.get(tx, first.asset_id).state == "deleted"
    edit = datasets.list_edits(tx, dataset_id)[0]
    assert (edit.title, edit.count) == ("Removed 2 pictures", 2)
    assert datasets.undo_edit(tx, edit.id).count == 2
    assert images_of(tx, dataset_id) == before
    assert datasets.caption_history(tx, first.id) == history
    assert assets.get(tx, first.asset_id).state == "stored"
    assert [(use.noun, use.noun_id) for use in assets.uses(tx, first.asset_id)] == [("dataset", dataset_id)]
    with pytest.raises(Conflict, match="already"):
        datasets.undo_edit(tx, edit.id)


def test_earlier_acts_can_still_be_taken_back_on_those_that_came_back(tx: Session) -> None:
    dataset_id = make_dataset(tx)
    before = images_of(tx, dataset_id)[0]
    change = datasets.edit_captions(tx, dataset_id, CaptionEdit(verb="prefix", put="photo, "))
    datasets.remove_images(tx, [before.id])
    datasets.undo_edit(tx, datasets.list_edits(tx, dataset_id)[0].id)
    assert datasets.undo_edit(tx, change.id).kept == 0
    assert images_of(tx, dataset_id)[0].caption == before.caption


def test_what_is_gone_or_there_again_stays_away(tx: Session) -> None:
    dataset_id = make_dataset(tx)
    purged, again, restorable, *_ = images_of(tx, dataset_id)
    datasets.remove_images(tx, [purged.id, again.id, restorable.id])
    tx.execute(update(Asset).where(Asset.id == purged.asset_id).values(state="purged"))
    [row] = [row_values for row_values, _ in tx.get_one(DatasetEdit, datasets.list_edits(tx, dataset_id)[0].id).undo.values()][
        1:2
    ]
    other = make_dataset(tx, name="Other", images=1)
    copy = images_of(tx, other)[0]
    tx.execute(update_image(copy.id, dataset_id=dataset_id, sha256=row["sha256"]))
    undo_result = datasets.undo_edit(tx, datasets.list_edits(tx, dataset_id)[0].id)
    assert (undo_result.count, undo_result.kept) == (1, 2)
    ids = {image.id for image in images_of(tx, dataset_id)}
    assert (restorable.id in ids, again.id in ids, purged.id in ids) == (True, False, False)
    assert assets.get(tx, again.asset_id).state == "deleted"


def update_image(image_id: str, **values: Any) -> Any:
    return update(DatasetImage).where(DatasetImage.id == image_id).values(**values)


def test_nothing_left_to_bring_back_says_so(tx: Session) -> None:
    dataset_id = make_dataset(tx)
    image = images_of(tx, dataset_id)[0]
    datasets.remove_images(tx, [image.id])
    tx.execute(update(Asset).where(Asset.id == image.asset_id).values(state="purged"))
    with pytest.raises(Conflict, match="gone for good"):
        datasets.undo_edit(tx, datasets.list_edits(tx, dataset_id)[0].id)
    assert datasets.purge_removals(tx, days=7) == 0
    assert datasets.purge_removals(tx, days=0) == 1
    assert datasets.list_edits(tx, dataset_id) == []


def test_a_mask_goes_and_comes_with_its_picture(tx: Session) -> None:
    dataset_id = make_dataset(tx)
    image = images_of(tx, dataset_id)[0]
    mask = make_asset(tx)
    tx.add(AssetUse(asset_id=mask, noun="dataset", noun_id=dataset_id))
    tx.execute(update_image(image.id, mask_asset_id=mask))
    datasets.remove_images(tx, [image.id])
    assert assets.get(tx, mask).state == "deleted"
    datasets.undo_edit(tx, datasets.list_edits(tx, dataset_id)[0].id)
    assert assets.get(tx, mask).state == "stored"
    assert images_of(tx, dataset_id)[0].mask_asset_id == mask
