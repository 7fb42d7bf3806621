"""Clips on real servers with a fake motion engine: asked for once, filmed once, marked, judged, deleted and brought back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from backend import assets, jobs, loras, videos
from backend.db.tables import Asset, AssetUse, Clip, Generation, Picture
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from backend.generation import LoraPick
from backend.kit.ids import new_id
from backend.media.images.ai_mark import SOURCE_TYPE
from backend.videos import VideoDraft, VideoFilters, VideoOrder, VideoPayload, pipeline, requests
from tests.factories.account import Tenant
from tests.factories.making import make_influencer, make_lora, make_pictures
from tests.fakes.engines import OTHER
from tests.fakes.motion import MODULE, FakeMotion
from tests.support.context import make_context
from tests.support.crashing import crash_at_every_write
from workers.context import Context


def test_a_picture_is_asked_for_once_filmed_and_marked(
    studio: Any, do: Any, film: Any, offer: Any, picture_id: str, motion: FakeMotion
) -> None:
    draft = VideoDraft(model="push-in", format="9:16", seconds=2, movement=0.3, focus=0.2)
    [video] = do(videos.animate, picture_ids=[picture_id], draft=draft, request_key="k", **offer)
    [second] = do(videos.animate, picture_ids=[picture_id], draft=draft, request_key="k", **offer)
    assert second.id == video.id
    assert do(videos.page).total == 0, "not made yet"
    card = film(video)
    [request] = motion.requests
    assert (request.model, request.frames, request.fps, request.movement, request.focus) == ("push-in", 60, 30, 0.3, 0.2)
    assert (request.width, request.height) == (720, 1280)
    assert (card.width, card.height, card.frames, card.fps, card.picture_id) == (64, 64, 4, 8, picture_id)
    stored = do(assets.get, card.asset_id)
    assert (stored.kind, stored.content_type, stored.thumbs, stored.meta) == (
        "video",
        "video/mp4",
        (64,),
        {"sourceType": SOURCE_TYPE, "fps": 8.0, "duration_s": 0.5},
    )
    data = b"".join(studio.storage.open(stored.key))
    assert SOURCE_TYPE.encode() in data
    assert b"the prompt" not in data
    assert studio.storage.read(assets.thumb_key(stored.key, 64))[:4] == b"RIFF"
    assert do(videos.durations, [card.asset_id, picture_id]) == {card.asset_id: {"duration_s": 0.5, "fps": 8.0}}
    assert film(card).asset_id == card.asset_id, "a job that runs again makes nothing again"
    assert len(motion.requests) == 1


def test_what_is_kept_of_a_picture_is_its_face_unless_somebody_chose(
    studio: Any, do: Any, film: Any, offer: Any, picture_id: str, motion: FakeMotion
) -> None:
    asset_id = do(lambda tx: tx.get_one(Picture, picture_id).asset_id)
    do(assets.add_meta, asset_id, {assets.FACE_META: [0.3, 0.5]})
    kept = []
    for draft in (VideoDraft(format="9:16"), VideoDraft(format="9:16", focus=0.9), VideoDraft(format="as-is")):
        [video] = do(videos.animate, picture_ids=[picture_id], draft=draft, request_key=new_id("key"), **offer)
        recipe = film(video).recipe
        kept.append((video.recipe.focus, recipe.focus, do(videos.draft_from, video.id).focus))
        assert motion.requests[-1].focus == recipe.focus
    assert kept == [(None, 0.043, None), (0.9, 0.9, 0.9), (0.5, 0.5, None)]


def test_several_pictures_are_a_job_each(do: Any, offer: Any) -> None:
    ids = do(make_pictures, 3)
    cards = do(videos.animate, picture_ids=[*ids, ids[0]], draft=VideoDraft(), request_key="k", **offer)
    assert [card.picture_id for card in cards] == ids
    assert len({card.job_id for card in cards}) == 3
    assert [entry.id for entry in do(videos.animate, picture_ids=ids, draft=VideoDraft(), request_key="k", **offer)] == [
        card.id for card in cards
    ]
    assert {do(jobs.get, card.job_id).kind for card in cards} == {"video-generation"}
    with pytest.raises(Invalid, match="at most 20"):
        do(videos.animate, picture_ids=[f"pic_{n}" for n in range(21)], draft=VideoDraft(), request_key="x", **offer)
    with pytest.raises(NotFound, match="does not exist"):
        do(videos.animate, picture_ids=["pic_no"], draft=VideoDraft(), request_key="y", **offer)


def test_a_model_that_draws_takes_a_card_words_and_loras_of_its_family(
    do: Any, film: Any, offer: Any, picture_id: str, motion: FakeMotion, studio: Any
) -> None:
    lora, starter_lora = do(make_lora, base="sd15", storage=studio.storage), do(make_lora, "tiny-v1")
    draft = VideoDraft(model=MODULE.name, prompt=f"she turns <lora:{lora.name}:0.7>", seed=5)
    [card] = do(videos.animate, picture_ids=[picture_id], draft=draft, request_key="k", **offer)
    assert do(jobs.get, card.job_id).kind == "video-generation-gpu"
    assert (card.recipe.checkpoint, card.recipe.prompt, card.recipe.seed) == (OTHER.name, "she turns", 5)
    assert film(card).recipe.loras[0].name == lora.name
    [request] = motion.requests
    assert [(use.name, use.weight, use.path.exists()) for use in request.loras] == [(lora.name, 0.7, True)]
    wrong = VideoDraft(model=MODULE.name, loras=(LoraPick(lora_id=starter_lora.id),))
    with pytest.raises(Invalid, match=starter_lora.name):
        do(videos.animate, picture_ids=[picture_id], draft=wrong, request_key="x", **offer)
    wrong = VideoDraft(model="drift", loras=(LoraPick(lora_id=lora.id),))
    with pytest.raises(Invalid, match="uses no LoRA"):
        do(videos.animate, picture_ids=[picture_id], draft=wrong, request_key="x", **offer)
    with pytest.raises(Invalid, match="has none"):
        do(videos.animate, picture_ids=[picture_id], draft=draft, request_key="x", **{**offer, "checkpoints": []})
    do(loras.delete, lora.id)
    second = do(videos.draft_from, card.id)
    assert (second.model, second.prompt, second.loras, second.seed) == (MODULE.name, "she turns", (), -1)


def test_a_program_names_the_picture_or_its_file(do: Any, offer: Any, picture_id: str) -> None:
    asset_id = do(lambda tx: tx.get_one(Picture, picture_id).asset_id)
    card = do(videos.start_order, order=VideoOrder(asset_id=asset_id, seconds=3), request_key="k", **offer)
    assert (card.picture_id, card.recipe.frames) == (picture_id, 90)
    with pytest.raises(NotFound, match="Import it"):
        do(videos.start_order, order=VideoOrder(asset_id="ast_no"), request_key="x", **offer)


def test_videos_are_listed_filtered_judged_deleted_and_brought_back(do: Any, film: Any, offer: Any, picture_id: str) -> None:
    influencer = do(make_influencer)
    do(lambda tx: setattr(tx.get_one(Picture, picture_id), "influencer_id", influencer.id))
    video_ids = [
        film(do(videos.animate, picture_ids=[picture_id], draft=VideoDraft(format=name), request_key=name, **offer)[0])
        for name in ("9:16", "1:1", "as-is")
    ]
    ids = [card.id for card in reversed(video_ids)]
    first = do(videos.page, take=2)
    assert ([card.id for card in first.cards], first.total) == (ids[:2], 3)
    assert [card.id for card in do(videos.page, cursor=first.next_cursor).cards] == ids[2:]
    assert [card.id for card in do(videos.page, skip=1, take=1, oldest_first=True).cards] == [ids[1]]
    do(videos.rate, ids[:1], 4)
    do(videos.set_favourite, ids[1:2], True)
    for filters, left in (
        (VideoFilters(influencer_id=influencer.id), 3),
        (VideoFilters(influencer_id="inf_no"), 0),
        (VideoFilters(favourite=True), 1),
        (VideoFilters(min_rating=4), 1),
        (VideoFilters(picture_id=picture_id, format="1:1"), 1),
    ):
        assert do(videos.page, filters=filters).total == left, filters
    do(videos.delete, ids)
    assert do(videos.page).total == 0
    uses = select(func.count()).select_from(AssetUse).where(AssetUse.noun == "clip")
    assert do(lambda tx: tx.scalar(uses)) == 0
    do(videos.undelete, ids[:2])
    assert do(videos.page).total == 2
    assert do(lambda tx: tx.scalar(uses)) == 4
    do(lambda tx: setattr(tx.get_one(Asset, video_ids[0].asset_id), "state", "purged"))
    with pytest.raises(NotFound, match="files are gone"):
        do(videos.undelete, ids[2:])
    with pytest.raises(Invalid, match="stars"):
        do(videos.rate, ids[:1], 6)


def test_a_viewer_and_a_used_key_are_refused(studio: Any, do: Any, offer: Any, workspace: Tenant, picture_id: str) -> None:
    with pytest.raises(NotPermitted), studio.db.transaction(workspace.viewer.caller) as tx:
        videos.animate(tx, picture_ids=[picture_id], draft=VideoDraft(), request_key="k", **offer)
    do(jobs.enqueue, kind="upkeep", payload=VideoPayload(clip_id="x"), title="x", request_key="k")
    with pytest.raises(Conflict, match="other work"):
        do(videos.animate, picture_ids=[picture_id], draft=VideoDraft(), request_key="k", **offer)


def test_a_plan_says_size_time_and_softness(do: Any, offer: Any, picture_id: str) -> None:
    plan = do(videos.preview, picture_ids=[picture_id], draft=VideoDraft(seconds=2), **offer)
    assert (plan.recipes[0].width, plan.recipes[0].frames, plan.soft) == (720, 60, 1)
    assert plan.seconds == pytest.approx(requests.START_S + requests.MPX_S * 60 * 0.5184)
    assert do(videos.preview, picture_ids=[picture_id], draft=VideoDraft(model=MODULE.name), **offer).seconds is None


def test_ones_own_photograph_stays_unmarked_under_a_moving_camera(
    do: Any, film: Any, offer: Any, picture_id: str, studio: Any
) -> None:
    def own(tx: Any) -> None:
        row = tx.get_one(Picture, picture_id)
        row.source = "imported"
        request = tx.get_one(Generation, row.generation_id)
        request.recipe = {**request.recipe, "ai_mark": False}

    do(own)
    for draft, marked in ((VideoDraft(model="drift"), False), (VideoDraft(model=MODULE.name), True)):
        [video] = do(videos.animate, picture_ids=[picture_id], draft=draft, request_key=new_id("key"), **offer)
        data = b"".join(studio.storage.open(do(assets.get, film(video).asset_id).key))
        assert (b"compositeWithTrainedAlgorithmicMedia" in data) is marked
        assert (b"DigitalSourceType" in data) is marked


def test_whenever_its_worker_dies_there_is_exactly_one_video(
    studio: Any, do: Any, offer: Any, workspace: Tenant, picture_id: str, motion: FakeMotion
) -> None:
    def begin() -> Context:
        [card] = do(videos.animate, picture_ids=[picture_id], draft=VideoDraft(), request_key=new_id("key"), **offer)
        motion.requests.clear()
        return make_context(studio, workspace, "video-generation", VideoPayload(clip_id=card.id), job_id=card.job_id)

    def run(ctx: Context) -> object:
        return pipeline.run(ctx, VideoPayload.model_validate(ctx.claim.payload))

    def check(ctx: Context) -> None:
        with studio.db.transaction(workspace.caller) as tx:
            [clip] = tx.scalars(select(Clip).where(Clip.job_id == ctx.job_id)).all()
            stored_assets = select(Asset.id).join(AssetUse, AssetUse.asset_id == Asset.id).where(Asset.job_id == ctx.job_id)
            assert tx.scalars(stored_assets).all() == [clip.asset_id], "what a dead attempt left has no use"
            assert tx.get_one(Asset, clip.asset_id).state == "stored"
        assert len(motion.requests) <= 2

    assert crash_at_every_write(begin, run, check) > 3
