"""The ZIP: originals with crops and masks beside them, or cut as a trainer sees them; our own originals come back in whole."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, update

from backend import datasets
from backend.app import App
from backend.datasets import Box, DatasetCard
from backend.db.tables import DatasetImage
from backend.errors import Invalid
from tests.backend.datasets.conftest import images_and_refusals, ingest, upload
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.factories.pictures import photo


@pytest.fixture
def files(app: App, workspace: Tenant, dataset: DatasetCard) -> dict[str, bytes]:
    """a.jpg is cropped, b.png is cropped and masked, c.jpg is as it came."""
    files_by_name = {"a.jpg": photo(1), "b.png": photo(2, kind="PNG"), "c.jpg": photo(3), "a.txt": b"bella at the sea"}
    upload(app, workspace, dataset.id, files_by_name)
    ingest(app, workspace, dataset.id)
    mask_bytes = io.BytesIO()
    Image.linear_gradient("L").rotate(90).convert("RGB").point(lambda level: 255 * (level > 127)).save(mask_bytes, "PNG")
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        ids = {image.filename: image.id for image in datasets.images(tx, dataset.id).images}
        datasets.set_crop(tx, ids["a.jpg"], Box(10, 20, 100, 80), version=0)
        datasets.set_crop(tx, ids["b.png"], Box(64, 0, 128, 256), version=0)
        mask = make_asset(tx, storage=app.storage, data=mask_bytes.getvalue(), key=f"datasets/{workspace.id}/mask.png")
        tx.execute(update(DatasetImage).where(DatasetImage.id == ids["b.png"]).values(mask_asset_id=mask))
    return files_by_name


def unpack_export(app: App, tenant: Tenant, dataset_id: str, **options: Any) -> dict[str, bytes]:
    with app.db.transaction(tenant.caller) as tx:
        chunks = datasets.export_zip(tx, app.storage, dataset_id, **options)
    with zipfile.ZipFile(io.BytesIO(b"".join(chunks))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def open_picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_as_trained_they_are_cut_and_masks_are_alpha(
    app: App, workspace: Tenant, dataset: DatasetCard, files: dict[str, bytes]
) -> None:
    members = unpack_export(app, workspace, dataset.id, form="trained")
    entries = {entry["uploadedAs"]: entry for entry in json.loads(members["manifest.json"])["pictures"]}
    cut, masked, whole = (open_picture(members[entries[name]["file"]]) for name in ("a.jpg", "b.png", "c.jpg"))
    assert (cut.format, cut.size, cut.mode) == ("JPEG", (100, 80), "RGB")
    assert (masked.format, masked.size, masked.mode) == ("PNG", (128, 256), "RGBA")
    assert [masked.getpixel((x, 100))[3] for x in (0, 127)] in ([255, 0], [0, 255])  # type: ignore[index]
    assert masked.convert("RGB").getpixel((0, 0)) == open_picture(files["b.png"]).getpixel((64, 0))
    assert members[entries["c.jpg"]["file"]] == files["c.jpg"]
    assert members[entries["a.jpg"]["file"].replace(".jpg", ".txt")] == b"bella at the sea"
    assert entries["a.jpg"]["crop"] == {"x": 10, "y": 20, "width": 100, "height": 80}
    assert (entries["b.png"]["mask"], entries["c.jpg"]["mask"]) == ("alpha", None)
    assert whole.size == (256, 256)


def test_originals_carry_masks_and_crops_and_come_back_in(
    app: App, workspace: Tenant, dataset: DatasetCard, files: dict[str, bytes]
) -> None:
    members = unpack_export(app, workspace, dataset.id)
    entries = {entry["uploadedAs"]: entry for entry in json.loads(members["manifest.json"])["pictures"]}
    assert [members[entries[name]["file"]] for name in ("a.jpg", "c.jpg")] == [files["a.jpg"], files["c.jpg"]]
    assert open_picture(members[entries["b.png"]["mask"]]).size == (256, 256)
    assert entries["b.png"]["crop"]["width"] == 128
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        other = datasets.create(tx, name="Again")
        chunks = b"".join(datasets.export_zip(tx, app.storage, dataset.id))
    upload(app, workspace, other.id, {"set.zip": chunks})
    assert ingest(app, workspace, other.id) == {"images": 3, "refused": 0}
    assert "bella at the sea" in {entry.caption for entry in images_and_refusals(app, workspace, other.id)[0].values()}


def test_a_picture_that_cannot_be_cut_is_named(
    app: App, workspace: Tenant, dataset: DatasetCard, files: dict[str, bytes]
) -> None:
    with app.db.transaction(workspace.caller) as tx:
        asset_id = tx.scalars(select(DatasetImage.asset_id).where(DatasetImage.filename == "a.jpg")).one()
        key = next(item.key for item in datasets.training_set(tx, dataset.id) if item.asset_id == asset_id)
    app.storage.put_bytes(key, b"nothing", "image/jpeg")
    with pytest.raises(Invalid, match="could not be cropped"):
        unpack_export(app, workspace, dataset.id, form="trained")
