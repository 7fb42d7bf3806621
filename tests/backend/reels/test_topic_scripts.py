"""A reel from a topic: the writer's scenes, in the influencer's language, paid once; its cost is known before."""

from __future__ import annotations

import pytest

from backend import jobs, reels, writing
from backend.app import App
from backend.errors import Invalid, Unsupported
from backend.reels import ReelCard, TopicOrder
from backend.writing import TextParts, WriteOrder
from tests.factories.account import Tenant
from tests.factories.making import make_influencer, make_pictures
from tests.support.inline_worker import run_job


def written(studio: App, tenant: Tenant, language: str = "en", seconds: int = 30) -> ReelCard:
    with studio.db.transaction(tenant.editor.caller, needs="editor") as tx:
        influencer = make_influencer(tx, name=f"Bella {language}", language=language)
        order = TopicOrder(influencer_id=influencer.id, topic="old trams", seconds=seconds, hook="Have you ever missed one?")
        job = reels.start_script(tx, order, request_key=f"script-{language}")
        assert reels.start_script(tx, order, request_key=f"script-{language}").id == job.id
    run_job(studio, tenant, job.id)
    with studio.db.transaction(tenant.caller) as tx:
        result = jobs.get(tx, job.id).result or {}
        assert (result["cost"], result["model"]) == (0.0, "offline")
        return reels.get(tx, result["reelId"])


@pytest.mark.parametrize("language", ["en", "it"])
def test_a_topic_becomes_scenes_with_words_and_pictures(studio: App, workspace: Tenant, language: str) -> None:
    card = written(studio, workspace, language)
    words = [scene.words for scene in card.scenes]
    assert words[0] == "Have you ever missed one?"
    assert (len(words), len(set(words))) == (5, 5)
    assert all(scene.prompt and scene.asset_id is None for scene in card.scenes)
    assert "old trams" in " ".join(words).lower()
    assert 15 < sum(reels.estimated_seconds(scene) for scene in card.scenes) < 45
    assert (card.voice_id is None) == (language == "it"), "no voice speaks Italian here: the words are only shown"
    assert (card.title, card.script, bool(card.caption)) == ("old trams", "\n\n".join(words), True)


def test_a_text_is_said_as_a_reel(studio: App, workspace: Tenant) -> None:
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        influencer = make_influencer(tx)
        [picture_id] = make_pictures(tx, 1, influencer_id=influencer.id)
        parts = TextParts(hook="Look closer.", caption="The tram was empty. Nobody else.", picture="a tram at night")
        order = WriteOrder(influencer_id=influencer.id, topic="trams")
        text, idea = writing.create(tx, order, parts), writing.create(tx, order, TextParts(hook="Only a hook."))
        writing.set_picture(tx, text.id, picture_id)
        card, sentence = reels.create_from_text(studio, tx, text.id)
        assert [scene.words for scene in card.scenes] == ["Look closer.", "The tram was empty. Nobody else."]
        assert [bool(scene.asset_id) for scene in card.scenes] == [True, False]
        assert (card.caption, card.title, sentence) == (parts.caption, "trams", "")
        with pytest.raises(Invalid, match="no caption yet"):
            reels.create_from_text(studio, tx, idea.id)


def test_what_cannot_be_written_is_refused_with_a_sentence(studio: App, workspace: Tenant) -> None:
    with pytest.raises(Invalid, match="what the reel is about"):
        TopicOrder(influencer_id="inf_1", topic="  ")
    with pytest.raises(Unsupported, match="language"):
        written(studio, workspace, "fi")
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        influencer = make_influencer(tx)
        order = TopicOrder(influencer_id=influencer.id, topic="trams", format="cinema")
        with pytest.raises(Invalid, match="no format called"):
            reels.start_script(tx, order, request_key="x")
    assert reels.max_script_usd(studio, lambda: studio.db.transaction(workspace.caller), order) is None
