"""Scenes that fade into each other: rendered in parts, they look as if the whole film had been rendered at once."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from backend import assets, jobs, reels
from backend.app import App
from backend.media import ffmpeg
from backend.media.ffmpeg.film_order import FilmScene, FinishOrder
from backend.media.ffmpeg.finishing import finish
from backend.media.ffmpeg.sound_mix import SoundMix
from backend.reels import PlacedScene, ReelDraft, SceneDraft
from backend.reels.timeline import film_parts, timeline
from tests.backend.reels.conftest import SIZE
from tests.backend.reels.test_render import film_of, step_names
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.support.inline_worker import run_job
from tests.support.media_files import result


@pytest.fixture
def files(tmp_path: Path, studio: App) -> list[Path]:
    """Two pictures of soft colours, and between them a video that moves."""
    across, down = np.meshgrid(np.linspace(0, 1, 600), np.linspace(0, 1, 900))
    pictures = []
    for n, turn in enumerate((1.0, 2.5)):
        waves = [np.sin(turn * 3 * across + shift) * np.cos(turn * 4 * down) for shift in (0, 1, 2)]
        pictures.append(tmp_path / f"still-{n}.png")
        Image.fromarray(np.uint8(127 + 100 * np.stack(waves, axis=2))).save(pictures[-1])
    video = tmp_path / "own.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=size=108x192:rate=30:duration=2,gblur=sigma=4", "-pix_fmt", "yuv420p"]
    subprocess.run([ffmpeg.binary_path(studio.settings), "-v", "error", "-y", *source, str(video)], check=True)
    return [pictures[0], video, pictures[1]]


def frames_of(film: Path) -> list[npt.NDArray[np.int64]]:
    with av.open(str(film)) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


def make_reel(studio: App, workspace: Tenant, files: list[Path]) -> Any:
    """Scenes of 1.5 s; the second slides in, the third fades in."""

    def open_tx() -> Any:
        return studio.db.transaction(workspace.editor.caller, needs="editor")

    key = assets.key_for("video", tenant_id=workspace.id, job_id="j", attempt_id="a")
    meta = {"duration_s": 2.0}
    video = assets.store(open_tx, studio.storage, path=files[1], kind="video", key=key, content_type="video/mp4", meta=meta)
    with open_tx() as tx:
        pictures = []
        for path in (files[0], files[2]):
            data = io.BytesIO(path.read_bytes()).getvalue()
            pictures.append(make_asset(tx, storage=studio.storage, data=data, width=600, height=900))
        scenes = [
            SceneDraft(asset_id=pictures[0], seconds=1.5, movement="push-in"),
            SceneDraft(asset_id=video.id, seconds=1.5, sound="mute", transition="slide"),
            SceneDraft(asset_id=pictures[1], seconds=1.5, movement="drift", transition="fade"),
        ]
        return reels.create(tx, ReelDraft(script="x", voice_id=None), scenes=scenes)


def test_parts_put_together_are_the_film_rendered_at_once_and_one_scene_anew_is_cheap(
    studio: App, workspace: Tenant, files: list[Path], tmp_path: Path
) -> None:
    card = make_reel(studio, workspace, files)
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        first = reels.render(tx, card.id, request_key="first").id
    run_job(studio, workspace, first)
    _, film = film_of(studio, workspace, first, tmp_path)
    timed = timeline(card.scenes, {}, max_seconds=60)
    kinds = ("picture", "video", "picture")
    sizes = ((600, 900), SIZE, (600, 900))
    scenes = tuple(
        FilmScene(files[n], kinds[n], sizes[n], timed[n].seconds, scene.movement, scene.strength, transition=scene.transition)
        for n, scene in enumerate(card.scenes)
    )
    whole = tmp_path / "whole.mp4"
    seconds = sum(part.frames for part in film_parts(timed)) / 30
    result(finish(FinishOrder(scenes, SIZE, SoundMix(seconds)), whole, settings=studio.settings))
    in_parts, at_once = frames_of(film), frames_of(whole)
    assert len(in_parts) == len(at_once) == round(seconds * 30)
    differences = [np.abs(ours - theirs).mean() for ours, theirs in zip(in_parts, at_once, strict=True)]
    assert max(differences) < 4, differences
    assert np.abs(in_parts[40] - in_parts[44]).mean() > 5, "something moves in the transition"

    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        names = SceneDraft.model_fields
        placed = [PlacedScene(id=scene.id, **{name: getattr(scene, name) for name in names}) for scene in card.scenes]
        placed[2] = placed[2].model_copy(update={"movement": "pull-out"})
        reels.set_scenes(tx, card.id, placed)
        again = reels.render(tx, card.id, request_key="again").id
    run_job(studio, workspace, again)
    made = [[name for name in step_names(studio, workspace, job_id) if name.startswith("clip-")] for job_id in (first, again)]
    assert [len(names) for names in made] == [5, 2], "the scene and the transition into it"
    with studio.db.transaction(workspace.caller) as tx:
        assert jobs.get(tx, again).result


def test_a_scene_is_long_enough_for_both_of_its_transitions(studio: App, workspace: Tenant, files: list[Path]) -> None:
    card = make_reel(studio, workspace, files)
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        scene = card.scenes[1]
        values = {name: getattr(scene, name) for name in SceneDraft.model_fields} | {"seconds": 0.5}
        reels.save_scene(tx, card.id, scene.id, SceneDraft(**values))
        scenes = reels.get(tx, card.id).scenes
    parts = film_parts(timeline(scenes, {}, max_seconds=60))
    assert [len(part.shown) for part in parts] == [1, 2, 1, 2, 1]
    assert all(part.frames > 0 for part in parts)
    assert [part.start_frame for part in parts[1:]] == [part.start_frame + part.frames for part in parts[:-1]]
    cut_off = film_parts(timeline(scenes, {}, max_seconds=1.2))
    assert sum(part.frames for part in cut_off) == 36
