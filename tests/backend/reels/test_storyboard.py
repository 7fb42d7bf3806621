"""Scenes put in order, duplicated and taken back; what a render says of them is drawn until their words change."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import Session

from backend import jobs, reels
from backend.app import App
from backend.errors import Conflict, NotFound
from backend.reels import PlacedScene, ReelCard, ReelDraft, SceneDraft
from tests.factories.account import Tenant
from tests.support.inline_worker import run_job


def placed(card: ReelCard) -> list[PlacedScene]:
    return [
        PlacedScene(id=scene.id, **{name: getattr(scene, name) for name in SceneDraft.model_fields}) for scene in card.scenes
    ]


def test_scenes_are_put_back_as_they_were_and_keep_their_ids(studio: App, workspace: Tenant) -> None:
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        before = reels.create(tx, ReelDraft(script="One is here.\n\nTwo is here.\n\nThree is here."))
        elsewhere = reels.create(tx, ReelDraft(script="Another reel."))
        without = reels.remove_scene(tx, before.id, before.scenes[1].id)
        back = reels.set_scenes(tx, before.id, placed(before), revision=without.revision)
        assert [scene.words for scene in back.scenes] == [scene.words for scene in before.scenes]
        assert {scene.id for scene in back.scenes} >= {scene.id for scene in without.scenes}
        with pytest.raises(Conflict, match="Somebody else changed"):
            reels.set_scenes(tx, before.id, placed(before), revision=without.revision)
        stolen = reels.set_scenes(tx, before.id, placed(elsewhere) * 2)
        assert elsewhere.scenes[0].id not in {scene.id for scene in stolen.scenes}, "another reel's scene stays there"
        assert len({scene.id for scene in stolen.scenes}) == 2
        with pytest.raises(NotFound):
            reels.set_scenes(tx, "reel_none", placed(before))


def test_a_render_tells_how_long_each_scene_is_and_how_its_voice_sounds(studio: App, workspace: Tenant, still: str) -> None:
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        scenes = [SceneDraft(words=words, asset_id=still) for words in ("Hello there.", "Goodbye now.")]
        card = reels.create_with_voice(studio, tx, ReelDraft(title="Hello"), scenes=scenes)
        job = reels.render(tx, card.id, request_key="render")

    def read() -> AbstractContextManager[Session]:
        return studio.db.transaction(workspace.caller)

    assert reels.rendered_scenes(studio, read, card) == {}
    run_job(studio, workspace, job.id)
    with read() as tx:
        result = jobs.get(tx, job.id).result or {}
        finished = reels.get(tx, card.id)
    rendered = reels.rendered_scenes(studio, read, finished)
    assert [rendered[scene.id].words for scene in card.scenes] == ["Hello there.", "Goodbye now."]
    assert sum(scene.seconds for scene in rendered.values()) == pytest.approx(result["seconds"], abs=0.1)
    for scene in rendered.values():
        assert len(scene.waveform) == round(scene.seconds * 12)
        assert 0 < max(scene.waveform) <= 100
        assert scene.waveform[-1] == 0, "it is silent before the next one"
