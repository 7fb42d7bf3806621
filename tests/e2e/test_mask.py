"""An area of a picture is painted over in the page, by mouse and by keys; the request carries just that mask."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from backend import assets, generation, influencers, prompt_library
from tests.factories.account import Tenant
from tests.factories.pictures import photo
from tests.factories.studio_rows import fill_workspace

pytestmark = pytest.mark.e2e


def test_a_mask_is_painted_and_used(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], app: Any, workspace: Tenant
) -> None:
    rows = fill_workspace(app.db, workspace)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        influencers.set_default_lora(tx, rows.influencer_id, None)
        source = assets.get(tx, generation.picture(tx, rows.picture_ids[0]).asset_id)
    app.storage.put_bytes(source.key, photo(1, size=(128, 128)), "image/jpeg")
    visitor = new_visitor(width=390, height=1200, has_touch=True)
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": bare_studio_url}])
    tab = visitor.new_page()
    tab.goto(f"{bare_studio_url}/create?ws={workspace.id}&from={rows.picture_ids[0]}&part=1")
    canvas, create = tab.locator(".stage canvas"), tab.get_by_role("button", name="Create pictures", exact=True)
    expect(canvas).to_be_visible()
    expect(create).to_be_disabled()

    box = canvas.bounding_box()
    assert box
    tab.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.1)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.9, steps=5)
    tab.mouse.up()
    expect(create).to_be_enabled()
    tab.keyboard.press("Control+z")
    expect(create).to_be_disabled()

    tab.keyboard.press("]")
    expect(tab.get_by_text("Brush 13 px")).to_be_visible()
    tab.keyboard.press("+")
    expect(tab.get_by_role("button", name="125%")).to_be_visible()
    tab.keyboard.press("r")  # a rectangle, from a quarter of the picture to its half: 4 px a step
    for key in ["ArrowLeft"] * 8 + ["ArrowUp"] * 8 + ["Enter"] + ["ArrowRight"] * 8 + ["ArrowDown"] * 16 + ["Enter"]:
        tab.keyboard.press(key)
    expect(create).to_be_enabled()
    tab.get_by_label("Prompt", exact=True).fill("wearing sunglasses")
    tab.get_by_label("Prompt", exact=True).press("Control+Enter")
    expect(tab.locator(".wait").first).to_be_visible()

    with app.db.transaction(workspace.caller) as tx:
        recipe = generation.latest(tx)[0].recipe
        mask = assets.get(tx, str(recipe.mask_asset_id))
        assert prompt_library.earlier_prompts(tx, everybody=True)[0].prompt == "wearing sunglasses"
    assert (recipe.init_asset_id, recipe.width, recipe.height, recipe.feather) == (source.id, 128, 128, 8)
    with Image.open(io.BytesIO(b"".join(app.storage.open(mask.key)))) as opened:
        levels = np.asarray(opened.convert("L"))
    assert levels.shape == (128, 128)
    assert set(np.unique(levels)) == {0, 255}
    assert levels[32:96, 32:64].min() == 255
    assert levels.sum() == 255 * 64 * 32
