"""A script becomes a film: voice, pictures, clips and sound fit together; what was done once is not done again."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from backend import assets, content_plans, jobs, reels
from backend.app import App
from backend.content_plans import PostSource
from backend.db.tables import JobStep
from backend.errors import Unsupported
from backend.media import ffmpeg
from backend.reels import ReelDraft, SceneDraft, VideoRunDraft
from backend.reels.pipeline import run_render
from backend.reels.schemas import RenderPayload
from tests.backend.reels.conftest import SIZE
from tests.factories.account import Tenant
from tests.factories.posts import make_planner
from tests.fakes.speech import FakeSpeech
from tests.support.context import make_context, next_attempt
from tests.support.inline_worker import run_job
from workers import context as worker_context
from workers.context import Context

RUN = VideoRunDraft(
    script="Good morning everybody. Water comes first! Then we run.",
    prompts=("a bed", "a glass", "a street"),
    run_id="run 1/../x",
    caption="My morning",
    background_music="morning walk",
)
SHORT = VideoRunDraft(script="Water comes first! Then we run.", prompts=("a glass", "a street"), run_id="short")


def order(studio: App, tenant: Tenant, draft: VideoRunDraft = RUN) -> str:
    with studio.db.transaction(tenant.editor.caller, needs="editor") as tx:
        return reels.start(studio, tx, draft).id


def film_of(studio: App, tenant: Tenant, job_id: str, folder: Path) -> tuple[dict[str, Any], Path]:
    with studio.db.transaction(tenant.caller) as tx:
        result = jobs.get(tx, job_id).result or {}
        card = assets.get(tx, result["assetId"])
    path = folder / "film.mp4"
    assets.fetch(studio.storage, card, path)
    return result, path


def test_a_script_becomes_a_film_with_voice_and_subtitles_and_the_film_a_post(
    studio: App, workspace: Tenant, speech: FakeSpeech, tmp_path: Path
) -> None:
    job_id = order(studio, workspace)
    run_job(studio, workspace, job_id)
    result, path = film_of(studio, workspace, job_id, tmp_path)
    with av.open(str(path)) as container:
        pictures = [frame.pts * frame.time_base for frame in container.decode(video=0)]
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height) == SIZE
        assert abs(float(sound.duration * sound.time_base) - result["seconds"]) < 0.1
    assert len(pictures) == round(result["seconds"] * 30)
    steps = [round(float(after - before) * 30, 3) for before, after in pairwise(pictures)]
    assert set(steps) == {1.0}, "each frame is shown as long as the others, also where clips are joined"
    assert len(speech.requests) == 3
    folder = next((tmp_path / "shared" / workspace.id).iterdir())
    assert sorted(path.name for path in folder.iterdir()) == [
        "img_001.png", "img_002.png", "img_003.png", "manifest.json", "stitched_subtitled.mp4",
        "vid_001.mp4", "vid_002.mp4", "vid_003.mp4", "voiceover.mp3",
    ]  # fmt: skip
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["run_id"], manifest["prompts"]) == (RUN.run_id, list(RUN.prompts))
    assert [scene["words"] for scene in manifest["scenes"]] == ["Good morning everybody.", "Water comes first!", "Then we run."]
    with studio.db.transaction(workspace.caller) as tx:
        subtitles = assets.get(tx, result["files"]["subtitles.srt"])
    text = studio.storage.read(subtitles.key).decode()
    assert "Good morning everybody." in text
    assert manifest["sound"]["before"]["integrated"] > -70
    assert manifest["timing_sources"] == ["engine"]
    assert (manifest["music"]["title"], manifest["music"]["licence"]) == ("Morning walk", "CC0-1.0")
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        _, card = reels.job_and_reel(tx, job_id)
        source = PostSource(influencer_id=make_planner(tx).influencer.id, reel_ids=(card.id,))
        [post] = content_plans.create_from(tx, source, request_key="post").posts
    assert list(post.media) == [card.asset_id]
    assert "My morning" in post.caption


def test_one_scene_is_previewed_small_with_its_sound_and_anew_alone(
    studio: App, workspace: Tenant, speech: FakeSpeech, tmp_path: Path
) -> None:
    job_id = order(studio, workspace, SHORT)
    run_job(studio, workspace, job_id)
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        _, card = reels.job_and_reel(tx, job_id)
        scene = card.scenes[1]
        values = {name: getattr(scene, name) for name in SceneDraft.model_fields} | {"focus": [0.2, 0.1]}
        reels.save_scene(tx, card.id, scene.id, SceneDraft(**values))
        again = reels.render(tx, card.id, request_key="again").id
    run_job(studio, workspace, again)
    assert len(speech.requests) == 2, "nothing is spoken twice"
    with studio.db.transaction(workspace.caller) as tx:
        rendered = reels.get(tx, card.id)
    assert rendered.rendered_revision == rendered.revision == 2
    clip_steps = [name for name in step_names(studio, workspace, again) if name.startswith("clip-")]
    assert len(clip_steps) == 1

    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        preview_id = reels.preview_scene(tx, card.id, card.scenes[0].id, request_key="look").id
    run_job(studio, workspace, preview_id)
    _, path = film_of(studio, workspace, preview_id, tmp_path)
    with av.open(str(path)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height) == (SIZE[0] // 2, SIZE[1] // 2)
        assert abs(video.frames / 30 - float(sound.duration * sound.time_base)) < 0.1
    assert len(speech.requests) == 2, "what was spoken for the film is not spoken again"


def test_a_video_is_a_scene_cut_or_held_with_its_own_sound(studio: App, workspace: Tenant, tmp_path: Path) -> None:
    path = tmp_path / "own.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc2=size=108x192:rate=24:duration=2", "-f", "lavfi", "-i", "sine=700:duration=2"]
    subprocess.run([ffmpeg.binary_path(studio.settings), "-v", "error", "-y", *sources, "-shortest", str(path)], check=True)

    def open_tx() -> Any:
        return studio.db.transaction(workspace.editor.caller, needs="editor")

    key = assets.key_for("video", tenant_id=workspace.id, job_id="j", attempt_id="a")
    stored = assets.store(
        open_tx, studio.storage, path=path, kind="video", key=key, content_type="video/mp4", meta={"duration_s": 2.0}
    )
    scenes = [
        SceneDraft(asset_id=stored.id, sound="full"),
        SceneDraft(asset_id=stored.id, sound="mute", seconds=1),
        SceneDraft(asset_id=stored.id, sound="quiet", seconds=3),
    ]
    with open_tx() as tx:
        card = reels.create(tx, ReelDraft(script="x", voice_id=None), scenes=scenes)
        assert [scene.seconds for scene in card.scenes] == [2.0, 1.0, 3.0], "as long as it is, unless somebody says how long"
        job_id = reels.render(tx, card.id, request_key="r").id
    run_job(studio, workspace, job_id)
    result, film = film_of(studio, workspace, job_id, tmp_path)
    assert result["seconds"] == 6.0
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    with av.open(str(film)) as container:
        resampler = av.AudioResampler("s16", "mono", 8000)
        parts = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    sound = np.concatenate(parts).astype(float)
    places = ((0.5, 1.5), (2.2, 2.8), (3.5, 4.5), (5.2, 5.8))
    loudness = [float(np.sqrt((sound[round(8000 * a) : round(8000 * b)] ** 2).mean())) for a, b in places]
    assert loudness[1] < 0.02 * loudness[0], "muted"
    assert 0.05 * loudness[0] < loudness[2] < 0.5 * loudness[0], "quiet"
    assert loudness[3] < 0.02 * loudness[0], "its sound has ended"
    still = np.abs(frames[-1].astype(int) - frames[-20]).mean()
    assert still < 1 < np.abs(frames[40].astype(int) - frames[20]).mean(), "it stands still on its last frame"


def step_names(studio: App, tenant: Tenant, job_id: str) -> list[str]:
    with studio.db.transaction(tenant.caller) as tx:
        return [row.name for row in tx.query(JobStep).filter(JobStep.job_id == job_id).order_by(JobStep.name)]


class Killed(BaseException):
    """The worker is gone."""


def test_a_render_killed_at_any_step_goes_on_without_speaking_or_drawing_twice(
    studio: App, workspace: Tenant, speech: FakeSpeech, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = order(studio, workspace, SHORT)
    killed: set[str] = set()

    def kill_once(fault: str, kind: str, step: str) -> None:
        if kind == "reel-render" and step not in killed:
            killed.add(step)
            raise Killed(step)

    monkeypatch.setattr(worker_context, "inject_fault", kill_once)
    with studio.db.transaction(workspace.caller) as tx:
        payload = RenderPayload(reel_id=reels.job_and_reel(tx, job_id)[1].id)
    context: Context = make_context(studio, workspace, "reel-render", payload, job_id=job_id)
    result: dict[str, Any] | None = None
    while result is None:
        try:
            result = run_render(context, payload)
        except Killed:
            context = next_attempt(context)
        except jobs.WaitForChildren:
            with studio.db.transaction(workspace.caller) as tx:
                waiting = [child.id for child in jobs.children(tx, job_id) if child.state == "pending"]
            for child_id in waiting:
                run_job(studio, workspace, child_id)
            context = next_attempt(context)
    names = {name.rstrip("+").partition("-")[0].partition(":")[0] for name in killed}
    assert names == {"storyboard", "speech", "pictures", "drawn", "clip", "film", "shared"}
    with studio.db.transaction(workspace.caller) as tx:
        assert len(jobs.children(tx, job_id)) == 2
    assert len(speech.requests) <= 4, "each at most once more: killed after it was spoken and before it was kept"


def test_a_run_that_fails_leaves_no_film_and_says_why(studio: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = order(studio, workspace)
    monkeypatch.setitem(studio.engines.speech, "fake", FakeSpeech(at=_refuse))
    with pytest.raises(Unsupported, match="hoarse"):
        run_job(studio, workspace, job_id)
    with studio.db.transaction(workspace.caller) as tx:
        _, card = reels.job_and_reel(tx, job_id)
        assert (card.asset_id, card.files) == (None, {})


def _refuse(text: str) -> None:
    raise Unsupported("This voice is hoarse today.")
