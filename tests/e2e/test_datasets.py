"""The dataset gate by mouse and keyboard: keep the best and take it back, filter, leave out, crop, mask, remove and undo."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import select, update

from backend import datasets
from backend.datasets import Box, Thresholds
from backend.db.tables import DatasetImage
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace
from tests.support.wait import until

pytestmark = pytest.mark.e2e


def alike(db: Database, workspace: Tenant, dataset_id: str) -> None:
    """Of the 14 pictures the first three look alike."""
    with db.transaction(workspace.caller, needs="editor") as tx:
        ids = tx.scalars(select(DatasetImage.id).where(DatasetImage.dataset_id == dataset_id).order_by(DatasetImage.id)).all()
        for n, image_id in enumerate(ids):
            dhash = f"{0x0123_4567_89AB_CDEF * max(n - 2, 0) % 2**64:016x}"
            tx.execute(update(DatasetImage).where(DatasetImage.id == image_id).values(dhash=dhash))
        datasets.set_thresholds(tx, dataset_id, Thresholds(near_bits=5))


def test_keep_the_best_undo_filter_leave_out_and_crop(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], db: Database, workspace: Tenant
) -> None:
    dataset_id = fill_workspace(db, workspace).dataset_id
    alike(db, workspace, dataset_id)

    def included() -> int:
        with db.transaction(workspace.caller) as tx:
            return datasets.get(tx, dataset_id).included

    visitor = new_visitor()
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": bare_studio_url}])
    tab = visitor.new_page()
    tab.goto(f"{bare_studio_url}/datasets?ws={workspace.id}&id={dataset_id}")
    tiles = tab.get_by_role("listitem")
    expect(tiles).to_have_count(14)

    tab.get_by_role("tab", name="Check", exact=True).click()
    tab.get_by_role("button", name="Keep the best of each group (2)", exact=True).click()
    expect(tab.get_by_text("1 picture stays")).to_be_visible()
    tab.get_by_role("button", name="Leave out 2 pictures", exact=True).click()
    expect(tab.get_by_text("Kept the best of each group · just now")).to_be_visible()
    until(lambda: included() == 11, what="two left out")
    tab.get_by_role("button", name="Undo", exact=True).click()
    expect(tab.get_by_text("Near-duplicates, side by side")).to_be_visible()
    until(lambda: included() == 13, what="taken back")

    tab.get_by_role("tab", name="Pictures", exact=True).click()
    tab.get_by_role("button", name="Blurred 1", exact=True).click()
    expect(tiles).to_have_count(1)
    tiles.nth(0).focus()
    tab.keyboard.press("Space")
    expect(tab.get_by_text("1 selected")).to_be_visible()
    tab.get_by_role("button", name="Leave out", exact=True).click()
    expect(tab.get_by_text("Left out 1 picture · just now")).to_be_visible()
    expect(tiles).to_have_count(0)
    tab.get_by_role("button", name="All 14", exact=True).click()
    expect(tiles).to_have_count(14)

    tiles.nth(6).click()
    box = tab.get_by_role("dialog").get_by_role("group", name="Crop")
    box.focus()
    for _ in range(20):
        tab.keyboard.press("Shift+ArrowLeft")
    tab.keyboard.press("ArrowRight")
    tab.get_by_role("button", name="Save crop", exact=True).click()

    def crop() -> Box | None:
        with db.transaction(workspace.caller) as tx:
            return datasets.images(tx, dataset_id).images[6].crop

    until(lambda: crop() == Box(5, 0, 412, 512), what="the crop")
    dialog = tab.get_by_role("dialog")
    expect(dialog.get_by_text("cropped", exact=True)).to_be_visible()

    dialog.get_by_text("Mask", exact=True).click()
    dialog.get_by_role("application").focus()
    for key in ("r", "Enter", "ArrowLeft", "ArrowUp", "Enter"):
        tab.keyboard.press(key)
    dialog.get_by_role("button", name="Save mask", exact=True).click()
    expect(dialog.get_by_text("Only the painted part counts.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Remove the mask", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Close").click()

    tab.get_by_role("button", name="Masked 1", exact=True).click()
    expect(tiles).to_have_count(1)
    tiles.nth(0).focus()
    tab.keyboard.press("Space")
    tab.get_by_role("button", name="Remove", exact=True).click()
    tab.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(tab.get_by_text("Removed 06.jpg · just now")).to_be_visible()
    tab.get_by_role("button", name="Undo", exact=True).click()

    def masked() -> bool:
        with db.transaction(workspace.caller) as tx:
            images = datasets.images(tx, dataset_id, filter="masked").images
            return [(image.filename, image.crop) for image in images] == [("06.jpg", Box(5, 0, 412, 512))]

    until(masked, what="the picture with crop and mask")
