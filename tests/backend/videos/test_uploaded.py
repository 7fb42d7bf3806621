"""A video of one's own comes into the library, is finished and posted like every other; one that is none is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend import assets, content_plans, jobs, videos
from backend.assets import uploads
from backend.content_plans import PostSource
from backend.db.tables import Clip, Job
from backend.errors import Conflict, NotFound, Rejected
from backend.media import ffmpeg
from backend.media.images.ai_mark import SOURCE_TYPE
from backend.videos import FinishDraft, NewVideo, upload_pipeline
from backend.videos.upload_schemas import VideoImportPayload
from tests.factories.account import Tenant
from tests.factories.posts import make_planner
from tests.support.context import make_context, next_attempt


@pytest.fixture
def film_file(studio: Any, tmp_path: Path) -> bytes:
    """One second, 160 × 284 px, with a tone."""
    path = tmp_path / "beach.mov"
    sources = ["-f", "lavfi", "-i", "testsrc2=size=160x284:rate=25:duration=1", "-f", "lavfi", "-i", "sine=330:duration=1"]
    subprocess.run([ffmpeg.binary_path(studio.settings), "-v", "error", "-y", *sources, str(path)], check=True)
    return path.read_bytes()


@pytest.fixture
def upload(studio: Any, workspace: Tenant, do: Any) -> Callable[[bytes, str], str]:
    """Sends a file; returns the upload's id."""

    def send(data: bytes, name: str) -> str:
        values = {"noun": videos.UPLOAD_NOUN, "noun_id": videos.INBOX, "filename": name, "client_key": name}
        card = do(uploads.announce, settings=studio.settings, size=len(data), **values)

        def open_tx() -> Any:
            return studio.db.transaction(workspace.editor.caller, needs="editor")

        uploads.receive(open_tx, studio.storage, settings=studio.settings, upload_id=card.id, chunks=[data])
        return str(card.id)

    return send


@pytest.fixture
def bring_in(studio: Any, workspace: Tenant, do: Any) -> Callable[[NewVideo], Any]:
    """A video with its job done."""

    def bring_in(draft: NewVideo) -> Any:
        card = do(videos.add, draft, request_key=draft.upload_id)
        payload = VideoImportPayload(**do(lambda tx: tx.get_one(Job, card.job_id).payload))
        context = make_context(studio, workspace, "video-import", payload, job_id=card.job_id)
        result = upload_pipeline.run_import(context, payload)
        assert upload_pipeline.run_import(next_attempt(context), payload) == result, "after a crash nothing is made again"
        return do(videos.get, card.id)

    return bring_in


def test_a_video_of_ones_own_is_in_the_library_and_can_be_used(
    do: Any, upload: Any, bring_in: Any, film_file: bytes, studio: Any
) -> None:
    upload_id = upload(film_file, "day_at_the_beach.mov")
    card = bring_in(NewVideo(upload_id=upload_id, ai_made=True))
    assert (card.recipe.title, card.width, card.height, card.recipe.format) == ("day at the beach", 160, 284, "9:16")
    assert (card.fps, card.frames, card.picture_id, card.recipe.sound) == (25, 25, None, True)
    assert [video.id for video in do(videos.page).cards] == [card.id]
    file = do(assets.get, card.asset_id)
    assert (file.meta["sourceType"], file.meta["sound"]) == (SOURCE_TYPE, True)
    assert SOURCE_TYPE.encode() in b"".join(studio.storage.open(file.key))
    finished = do(videos.finish, card.id, FinishDraft(music="city-lights"), request_key="f")
    assert finished.recipe.title == "day at the beach, Instagram reel"
    assert finished.recipe.finish.track.licence == "CC0-1.0"
    planner = do(make_planner)
    source = PostSource(video_ids=(card.id,), influencer_id=planner.influencer.id)
    [post] = do(content_plans.create_from, source, request_key="post").posts
    assert list(post.media) == [card.asset_id]
    do(videos.delete, [card.id])
    do(videos.undelete, [card.id])
    with pytest.raises(Conflict, match="used already"):
        do(videos.add, NewVideo(upload_id=upload_id), request_key="again")


def test_what_is_no_video_is_refused_and_leaves_none(do: Any, upload: Any, bring_in: Any) -> None:
    with pytest.raises(NotFound, match="upload does not exist"):
        do(videos.add, NewVideo(upload_id="up_no"), request_key="no")
    with pytest.raises(Rejected, match="video file cannot be used"):
        bring_in(NewVideo(upload_id=upload(b"GIF89a" + bytes(64), "x.mp4")))
    assert do(videos.page).total == 0
    [card] = do(jobs.page, kinds=("video-import",)).cards
    assert do(lambda tx: tx.get_one(Clip, card.subject_id).asset_id) is None
