"""Videos are finished on real servers by a real ffmpeg: once, beside the first, with sound, subtitles and the AI mark."""

from __future__ import annotations

import io
from typing import Any

import av
import pytest
from sqlalchemy import select

from backend import assets, jobs, videos
from backend.db.tables import Asset, AssetUse, Clip
from backend.errors import Invalid, NotFound
from backend.kit.ids import new_id
from backend.media.images.ai_mark import SOURCE_TYPE
from backend.settings import Settings
from backend.videos import FinishDraft, VideoDraft, finish_pipeline
from backend.videos.finish_schemas import FinishPayload
from tests.factories.account import Tenant
from tests.support.context import Context, make_context, next_attempt
from tests.support.crashing import crash_at_every_write

SRT = "1\n00:00:00,000 --> 00:00:00,300\nGood morning!\n\n2\n00:00:00,300 --> 00:00:00,450\n<i>Turin</i>\n"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.replace(FINISH_PRESET="veryfast")


@pytest.fixture
def video_id(do: Any, film: Any, offer: Any, picture_id: str) -> str:
    """64 × 64 px, half a second at 8 frames a second, without sound."""
    [card] = do(videos.animate, picture_ids=[picture_id], draft=VideoDraft(seconds=2), request_key="raw", **offer)
    return str(film(card).id)


def test_a_finished_video_stands_beside_the_first(studio: Any, do: Any, workspace: Tenant, video_id: str) -> None:
    draft = FinishDraft(preset="as-is", music="morning-walk", subtitles=SRT)
    card = do(videos.finish, video_id, draft, request_key="k")
    assert do(videos.finish, video_id, draft, request_key="k").id == card.id
    assert do(videos.page).total == 1, "not made yet"
    payload = FinishPayload(clip_id=card.id)
    context = make_context(studio, workspace, "video-finishing", payload, job_id=card.job_id)
    result = finish_pipeline.run(context, payload)
    assert finish_pipeline.run(next_attempt(context), payload) == result, "after a crash nothing is made again"
    made = do(videos.get, card.id)
    assert (made.width, made.height, made.fps, made.frames, made.picture_id) == (64, 64, 30, 15, card.picture_id)
    assert videos.srt_of(made).splitlines()[1:3] == ["00:00:00,000 --> 00:00:00,300", "Good morning!"]
    stored = do(assets.get, made.asset_id)
    assert result == {"videoId": card.id, **stored.names}
    assert abs(stored.meta["loudness"]["lufs"] + 16) <= 1.5
    data = b"".join(studio.storage.open(stored.key))
    assert SOURCE_TYPE.encode() in data
    with av.open(io.BytesIO(data)) as opened:
        assert opened.streams.audio[0].codec_context.name == "aac"
    with pytest.raises(Invalid, match="finished already"):
        do(videos.finish, card.id, draft, request_key="again")


def test_whenever_its_worker_dies_there_is_exactly_one_finished_video(
    studio: Any, do: Any, workspace: Tenant, video_id: str
) -> None:
    def begin() -> Context:
        card = do(videos.finish, video_id, FinishDraft(preset="as-is", subtitles=SRT), request_key=new_id("key"))
        return make_context(studio, workspace, "video-finishing", FinishPayload(clip_id=card.id), job_id=card.job_id)

    def run(ctx: Context) -> object:
        return finish_pipeline.run(ctx, FinishPayload.model_validate(ctx.claim.payload))

    def check(ctx: Context) -> None:
        with studio.db.transaction(workspace.caller) as tx:
            [clip] = tx.scalars(select(Clip).where(Clip.job_id == ctx.job_id)).all()
            stored_assets = select(Asset.id).join(AssetUse, AssetUse.asset_id == Asset.id).where(Asset.job_id == ctx.job_id)
            assert tx.scalars(stored_assets).all() == [clip.asset_id], "what a dead attempt left has no use"
            assert tx.get_one(Asset, clip.asset_id).state == "stored"

    assert crash_at_every_write(begin, run, check) > 3


def test_the_size_is_the_platforms(do: Any, video_id: str) -> None:
    card = do(videos.finish, video_id, FinishDraft(preset="youtube-standard"), request_key="k")
    assert (card.recipe.width, card.recipe.height, card.recipe.format) == (1920, 1080, "16:9")
    assert do(jobs.get, card.job_id).kind == "video-finishing"


def test_what_cannot_be_finished_is_said(do: Any, video_id: str) -> None:
    for draft, sentence in (
        (FinishDraft(preset="as-is"), "nothing to finish"),
        (FinishDraft(subtitles="1\n00:00:09,000 --> 00:00:10,000\nLate"), "after the end"),
        (FinishDraft(subtitles="0:1 --> 0:2"), "no times that can be read"),
        (FinishDraft(subtitles=SRT + "\n3\n00:00:00,100 --> 00:00:00,200\nBack"), "Subtitle 3 begins before"),
    ):
        with pytest.raises(Invalid, match=sentence):
            do(videos.finish, video_id, draft, request_key=sentence)
    with pytest.raises(NotFound, match="no such music"):
        do(videos.finish, video_id, FinishDraft(music="other"), request_key="m")
    with pytest.raises(NotFound, match="does not exist"):
        do(videos.finish, "clip_no", FinishDraft(), request_key="n")
