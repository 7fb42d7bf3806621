"""A person has a dataset captioned by a vision model: sees before what it costs and says, watches it, takes it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from backend import datasets, influencers
from backend.influencers import InfluencerDraft
from tests.backend.budgets.conftest import server
from tests.backend.datasets.conftest import ingest
from tests.e2e import looks
from tests.factories.account import Tenant
from tests.servers.openrouter import ModelServer
from tests.support.processes import Workers

__all__ = ["server"]
pytestmark = pytest.mark.e2e


def test_captions_by_a_vision_model(
    start_studio: Callable[..., str],
    new_visitor: Callable[..., BrowserContext],
    app: Any,
    workspace: Tenant,
    workers: Workers,
    server: ModelServer,
    shoot: Callable[[Page, str], None],
) -> None:
    env = {
        "OPENROUTER_API_KEY": "sk-test",
        "OPENROUTER_BASE_URL": server.url,
        "CAPTION_AT_ONCE": "2",
        "ENABLE_AUTO_CAPTIONS": "1",
    }
    with app.db.transaction(workspace.caller) as tx:
        influencer = influencers.create(tx, InfluencerDraft(name="Bella", look_prompt="white shirt"))
        dataset_id = datasets.create(tx, name="Bella", trigger_word="bella", influencer_id=influencer.id).id
    ingest(app, workspace, dataset_id, character="bella")
    with app.db.transaction(workspace.caller) as tx:
        before = datasets.images(tx, dataset_id).images
        datasets.set_captions(tx, {image.id: ("", image.caption_version) for image in before[1:]})
    url = start_studio(**env)
    workers.start("cpu,net", handlers="", **env)
    visitor = new_visitor()
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": url}])
    tab = visitor.new_page()
    tab.goto(f"{url}/datasets?ws={workspace.id}&id={dataset_id}")
    expect(tab.get_by_text("13 pictures without a caption.")).to_be_visible()
    shoot(tab, "caption-offer")
    tab.get_by_role("tab", name="Captions").click()
    tab.get_by_role("button", name="Caption with AI").click()
    expect(tab.get_by_text("13 pictures").first).to_be_visible()
    expect(tab.get_by_text("gpt-4o-mini sees the pictures")).to_be_visible()
    shoot(tab, "caption-dialog")
    tab.get_by_role("button", name="Preview on 3 pictures").click()
    expect(tab.get_by_text("bella, a woman smiling in front of a wall").nth(2)).to_be_visible(timeout=60_000)
    assert len(server.asked) == 3
    shoot(tab, "caption-preview")
    server.faults.times, server.faults.answer_s = {"image_declined": 1}, 0.6
    tab.get_by_role("button", name="Caption 13 pictures").click()
    expect(tab.get_by_text("of 13")).to_be_visible(timeout=60_000)
    shoot(tab, "caption-running")
    expect(tab.get_by_text("12 written, 1 kept, 1 refused")).to_be_visible(timeout=90_000)
    assert len(server.asked) == 13, "the preview was not paid again"
    tab.get_by_text("1 picture to check").click()
    expect(tab.get_by_text("I'm sorry, I can't help with this picture.")).to_be_visible()
    shoot(tab, "caption-result")
    _other_looks(tab, shoot)
    tab.get_by_role("button", name="Undo").first.click()
    expect(tab.get_by_text("12 written, 1 kept, 1 refused")).to_be_hidden()
    with app.db.transaction(workspace.caller) as tx:
        assert sum(1 for image in datasets.images(tx, dataset_id).images if image.caption) == 1
    tab.goto(f"{url}/costs?ws={workspace.id}")
    expect(tab.get_by_text("Saved by cache").first).to_be_visible()
    tab.get_by_role("tab", name="By kind").click()
    shoot(tab, "caption-costs")


def _other_looks(tab: Page, shoot: Callable[[Page, str], None]) -> None:
    result, dialog = tab.get_by_text("I'm sorry, I can't help with this picture."), tab.get_by_role("dialog")
    for look, name in ((looks.dark, "dark"), (looks.phone, "390")):
        look(tab)
        expect(result).to_be_visible()
        shoot(tab, f"caption-result-{name}")
        tab.get_by_role("button", name="Caption with AI").click()
        expect(tab.get_by_text("Which captions")).to_be_visible()
        tab.get_by_text("All, whoever wrote them").click()
        expect(tab.get_by_text("that somebody wrote or imported")).to_be_visible()
        shoot(tab, f"caption-dialog-{name}")
        tab.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    looks.light(tab)
