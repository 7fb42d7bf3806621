"""A reel of 45 seconds with voice, karaoke and music, made as a laptop makes it: what is heard is what was written.

The film stays in `var/screens/` for whoever wants to look at it.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import time
from pathlib import Path

import av
import ffmpeg
from PIL import Image

from backend import assets, jobs, music, reels
from backend.bootstrap import bootstrap
from backend.engines.local.speech.transcriber import SphinxTranscriber
from backend.media.ffmpeg.loudness import measure
from backend.media.ffmpeg.runner import partial_path, render
from backend.reels import PlacedScene, ReelDraft, SceneDraft
from backend.settings import ROOT, Settings
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_influencer
from tests.support.child_memory import measured_children
from tests.support.inline_worker import run_job
from tests.support.media_files import result

SCRIPT = """Three things I do before every run, and none of them takes long.

First, I drink a big glass of water. Even when it is cold outside, and even when I do not want to.

Then I warm up for five minutes. I walk, I turn my arms, I bend my knees. My back says thank you every single time.

After that I look for one song. Only one. It gives me the speed for the first mile, and I never change it on the way.

And when the morning is dark and the bed is warm, I make a small deal with myself. Only ten minutes. After ten minutes I may
turn around and go home.

In two years I have turned around three times.

So try it tomorrow. Water, five minutes, one song. Then tell me how it was."""
FACES = ("bella", "zara", "marco")
TRANSITIONS = ("cut", "fade", "slide")


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def word_error(expected: list[str], transcript: list[str]) -> float:
    """Words changed, missing and added, by those expected."""
    row = list(range(len(transcript) + 1))
    for n, word in enumerate(expected, 1):
        before, row[0] = row[0], n
        for at, other in enumerate(transcript, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1] / len(expected)


def test_a_reel_of_45_seconds_says_what_was_written(settings: Settings, workspace: Tenant, tmp_path: Path) -> None:
    studio = bootstrap(settings)
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        influencer = make_influencer(tx)
        track = music.page(tx).cards[0]
        draft = ReelDraft(script=SCRIPT, influencer_id=influencer.id, music_track_id=track.id)
        card = reels.create_with_voice(studio, tx, draft)
        pictures = []
        for n in range(len(card.scenes)):
            out = io.BytesIO()
            face = Image.open(ROOT / "studio" / "faces" / f"{FACES[n % 3]}.webp").convert("RGB")
            face.rotate(4 * n, fillcolor=(180, 170, 220)).resize((1080, 1080)).save(out, "PNG")
            pictures.append(make_asset(tx, storage=studio.storage, data=out.getvalue(), width=1080, height=1080))
        names = SceneDraft.model_fields
        placed = [
            PlacedScene(
                id=scene.id,
                **{name: getattr(scene, name) for name in names} | {"asset_id": asset_id, "transition": TRANSITIONS[n % 3]},
            )
            for n, (scene, asset_id) in enumerate(zip(card.scenes, pictures, strict=True))
        ]
        reels.set_scenes(tx, card.id, placed)
        job = reels.render(tx, card.id, request_key="long")
    start, cpu_before = time.monotonic(), os.times()
    with measured_children() as memory:
        run_job(studio, workspace, job.id)
    wall_s, cpu = time.monotonic() - start, os.times()
    cpu_s = sum(cpu[:4]) - sum(cpu_before[:4])
    with studio.db.transaction(workspace.caller) as tx:
        rendered = jobs.get(tx, job.id).result or {}
        files = assets.get_many(tx, [rendered["assetId"], rendered["files"]["voiceover.mp3"]])
    film = ROOT / "var" / "screens" / "reel-45s.mp4"
    film.parent.mkdir(parents=True, exist_ok=True)
    assets.fetch(studio.storage, files[rendered["assetId"]], film)
    voice = tmp_path / "voice.mp3"
    assets.fetch(studio.storage, files[rendered["files"]["voiceover.mp3"]], voice)
    with av.open(str(film)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height, round(video.average_rate or 0)) == (1080, 1920, 30)
        assert sound.codec_context.name == "aac"
    loudness = result(measure(film))
    wav = tmp_path / "voice.wav"
    graph = ffmpeg.output(ffmpeg.input(str(voice)).audio, str(partial_path(wav)), ac=1, ar=16_000, f="wav")
    list(render(graph, wav, studio.settings))
    transcriber = SphinxTranscriber(studio.settings)
    try:
        [text] = [event for event in transcriber.run(wav) if isinstance(event, str)]
    finally:
        for engine in (transcriber, studio.engines.aligner, *studio.engines.speech.values()):
            engine.close()
        studio.close()
        shutil.rmtree(tmp_path, ignore_errors=True)
    errors = word_error(words_of(SCRIPT), words_of(text))
    sound = f"word error {errors:.2f}, {loudness}"
    print(f"{rendered['seconds']} s film, {wall_s:.0f} s, {cpu_s:.0f} CPU s, children {memory.gigabytes} GB, {sound}")
    assert 40 < rendered["seconds"] <= 60
    assert memory.gigabytes <= 1.5
    assert abs(loudness.integrated + 16) <= 1.5
    assert errors <= 0.25, text
