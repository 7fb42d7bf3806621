"""What the crop of a post's picture keeps: the face, as a number that is on the screen before it is saved."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from backend import assets, content_plans
from backend.app import App
from backend.assets import FACE_META, AssetCard
from backend.content_plans import FileEdit, files
from backend.content_plans.crop_focus import focused
from backend.engines.local import starter_model
from backend.kit.clock import now
from backend.media.images import faces
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.factories.posts import local_time_ahead, make_channel, make_planner
from tests.support.browsing import browser

PORTRAIT = starter_model.HERE / "characters" / "bella" / "00.jpg"
PICTURE = AssetCard("ast_1", "image", "k", "image/png", "", 1, "", 1000, 500, (), "stored", now(), {FACE_META: [0.2, 0.5]})


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.replace(FACE_FOCUS="true")


@pytest.mark.parametrize(
    ("changes", "edit", "focus"),
    [
        ({}, FileEdit(ratio=1), 0.0),
        ({"meta": {FACE_META: [0.6, 0.1]}}, FileEdit(ratio=1), 0.7),
        ({"meta": {FACE_META: [0.6, 0.1]}}, FileEdit(ratio=4), 0.0),
        ({"meta": {FACE_META: []}}, FileEdit(ratio=1), None),
        ({"meta": {}}, FileEdit(ratio=1), None),
        ({"kind": "video"}, FileEdit(ratio=1), None),
        ({"width": None}, FileEdit(ratio=1), None),
        ({}, FileEdit(width=640), None),
    ],
)
def test_a_crop_keeps_the_face(changes: dict[str, Any], edit: FileEdit, focus: float | None) -> None:
    assert focused(replace(PICTURE, **changes), edit).focus == focus


def test_a_crop_is_decided_before_it_is_seen_and_stays(app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody at the left of a wide picture that nobody has looked at yet."""
    wide, buffer = Image.new("RGB", (2048, 512), (90, 120, 90)), io.BytesIO()
    wide.paste(Image.open(PORTRAIT), (0, 0))
    wide.save(buffer, "PNG")
    with app.db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        picture = make_asset(tx, data=buffer.getvalue(), storage=app.storage, width=2048, height=512)
        channel = make_channel(tx, bella.influencer.id, "instagram")
        variant = bella.variant(channel_id=channel.id, media=(picture,))
        plan = bella.plan(tx, wall=local_time_ahead(), variants=(variant,))
    with browser(app, workspace.editor) as editor:
        editor.headers["x-workspace"] = workspace.id
        shown = editor.get(f"/content-plans/{plan.id}/composer").json()
        typed = {"version": shown["plan"]["version"], **shown["draft"]}
        fixed = editor.post(f"/content-plans/{plan.id}/fixed-draft", json=typed).json()["draft"]
        edit = fixed["variants"][0]["edits"][picture]
        assert edit["ratio"] == pytest.approx(1.91)
        assert edit["focus"] == 0.0, "a face at a tenth of the width: the window lies as far left as it can"
        monkeypatch.setattr(faces, "find", lambda paths: pytest.fail("it is looked at once"))
        with app.db.transaction(workspace.caller) as tx:
            assert assets.face_of(assets.get(tx, picture)) == pytest.approx((0.12, 0.46), abs=0.05)
            assets.add_meta(tx, picture, {FACE_META: [0.9, 0.5]})
        saved = editor.post(f"/content-plans/{plan.id}/save", json={**typed, **fixed}).json()["plan"]
        assert saved["variants"][0]["edits"] == {picture: edit}, "what was on the screen"
        with app.db.transaction(workspace.caller) as tx:
            [(_, recipe)] = files.rendition_recipes(tx, content_plans.get(tx, plan.id).posts[0])
            assert (recipe.ratio, recipe.focus) == (edit["ratio"], 0.0), "is what is sent"

        def crop(**edit: float) -> Any:
            """What a program's crop is kept as."""
            variant = {"channelId": channel.id, "assetIds": [picture], "edits": {picture: edit}}
            answer = editor.patch(f"/content-plans/{plan.id}", json={"variants": [variant]}).json()
            return answer["variants"][0]["edits"][picture].get("focus")

        assert (crop(ratio=1, focus=0.3), crop(ratio=1)) == (0.3, 1.0), "left open: the face, as it is known now"
        with app.db.transaction(workspace.caller) as tx:
            middle = variant.model_copy(update={"edits": {picture: FileEdit(ratio=1)}})
            card = content_plans.get(tx, plan.id)
            content_plans.save(tx, plan.id, card.draft().model_copy(update={"variants": (middle,)}), version=card.version)
        assert (crop(ratio=1), crop(ratio=1, width=640)) == (None, None), "an older crop without a focus keeps the middle"
        assert crop(ratio=0.8) == 1.0
