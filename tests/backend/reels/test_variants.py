"""Variants: another hook or ending over the same scenes, each a video of its own, only what differs rendered anew."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from backend import content_plans, jobs, reels
from backend.app import App
from backend.content_plans import PostSource
from backend.db.tables import ReelClip
from backend.errors import Invalid, NotFound
from backend.reels import ReelDraft, ReelVariantDraft, SceneDraft
from tests.factories.account import Tenant
from tests.factories.posts import make_planner
from tests.fakes.speech import FakeSpeech
from tests.support.inline_worker import run_job


def test_each_variant_is_a_video_and_shares_the_scenes(studio: App, workspace: Tenant, speech: FakeSpeech, still: str) -> None:
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        planner = make_planner(tx)
        draft = ReelDraft(script="Start here.\n\nThe middle part.\n\nThe end.", influencer_id=planner.influencer.id)
        scenes = [SceneDraft(words=words, asset_id=still) for words in ("Start here.", "The middle part.", "The end.")]
        reel = reels.create_with_voice(studio, tx, draft, scenes=scenes)
        hooked = reels.add_variant(tx, reel.id, ReelVariantDraft(hook="Wait, what?"))
        both = reels.add_variant(tx, reel.id, ReelVariantDraft(hook="Wait, what?", ending="And you?"))
        started = reels.render_all(tx, reel.id, request_key="all")
        assert len(started) == 3
        assert reels.page(tx).total == 1, "variants are listed with their reel only"
    for job in started:
        run_job(studio, workspace, job.id)
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        films = [reels.get(tx, reel_id) for reel_id in (reel.id, hooked.id, both.id)]
        assert [[scene.words for scene in film.scenes] for film in films] == [
            ["Start here.", "The middle part.", "The end."],
            ["Wait, what?", "The middle part.", "The end."],
            ["Wait, what?", "The middle part.", "And you?"],
        ]
        assert len({film.asset_id for film in films} - {None}) == 3
        assert tx.scalar(select(func.count()).select_from(ReelClip)) == 5, "three scenes, one hook, one ending"
        assert reels.render_all(tx, reel.id, request_key="again") == [], "all are current"
        [post] = content_plans.create_from(tx, PostSource(reel_ids=(both.id,)), request_key="post").posts
        assert list(post.media) == [films[2].asset_id]
        changed = reels.save_scene(tx, reel.id, reel.scenes[1].id, SceneDraft(words="Another middle."))
        assert [scene.words for scene in reels.get(tx, hooked.id).scenes][1] == "Another middle."
        assert len(reels.render_all(tx, reel.id, request_key="changed")) == 3
        assert changed.revision == reels.get(tx, hooked.id).revision
    assert len(speech.requests) == 5, "the same words are spoken once"


def test_what_is_no_variant_is_refused(studio: App, workspace: Tenant) -> None:
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        reel, other = (reels.create(tx, ReelDraft(script=script)) for script in ("Only this.", "Another."))
        variant = reels.add_variant(tx, reel.id, ReelVariantDraft(hook="Wait."))
        with pytest.raises(Invalid, match="another hook or another ending"):
            ReelVariantDraft(hook="  ")
        with pytest.raises(Invalid, match="one scene"):
            reels.add_variant(tx, reel.id, ReelVariantDraft(hook="Wait.", ending="Bye."))
        for verb in (
            lambda: reels.add_variant(tx, variant.id, ReelVariantDraft(hook="Deeper.")),
            lambda: reels.remove_scene(tx, variant.id, reel.scenes[0].id),
            lambda: reels.save(tx, variant.id, ReelDraft(title="Mine")),
        ):
            with pytest.raises(Invalid, match="This is a variant"):
                verb()
        with pytest.raises(NotFound, match="does not belong"):
            reels.save_variant(tx, other.id, variant.id, ReelVariantDraft(hook="Stolen."))
        reels.delete(tx, variant.id)
        assert reels.variants_of(tx, reel.id) == []
        reels.undelete(tx, variant.id)
        for n in range(reels.MAX_VARIANTS - 1):
            reels.add_variant(tx, reel.id, ReelVariantDraft(hook=f"Wait {n}."))
        with pytest.raises(Invalid, match="at most"):
            reels.add_variant(tx, reel.id, ReelVariantDraft(hook="One more."))
        assert jobs.page(tx).cards == []
