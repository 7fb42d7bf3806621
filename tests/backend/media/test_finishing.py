"""Finished films by a real ffmpeg: pictures and videos of all kinds become one file as platforms take it, in one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from PIL import Image

from backend.errors import DiskFull, Invalid, ProcessKilled
from backend.kit import disk
from backend.media import ffmpeg, fonts
from backend.media.ffmpeg.film_order import FilmScene, FinishOrder, film_seconds, scene_starts
from backend.media.ffmpeg.finishing import FinishProgress, finish
from backend.media.ffmpeg.loudness import Loudness, measure
from backend.media.ffmpeg.sound_mix import SoundClip, SoundMix
from backend.media.ffmpeg.subtitles import SafeArea, SubtitleStyle, TimedWord, ass, lines_of
from backend.media.images.ai_mark import SOURCE_TYPE
from tests.support.media_files import SETTINGS, maker, result

SIZE = (216, 384)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`material("x.mp4", arguments of ffmpeg…)`: a file made by ffmpeg; `material("x.png", size)`: a grey picture."""
    folder = tmp_path_factory.mktemp("material")
    make_by_ffmpeg = maker(folder)

    def make(name: str, *options: Any) -> Path:
        path = folder / name
        if path.suffix == ".png":
            Image.new("RGB", options[0], (90, 90, 90)).save(path)
        else:
            make_by_ffmpeg(name, *options)
        return path

    return make


@pytest.fixture(scope="module")
def order(material: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> FinishOrder:
    """A still that moves, a small one, a turned 10-bit video of uneven rate that is too short; voice, short music, karaoke."""
    uneven = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=12:duration=0.6", "-vf", "setpts='PTS+0.03*mod(N,2)/TB'"]
    video = material("raw.mp4", *uneven, "-pix_fmt", "yuv420p10le", "-fps_mode", "vfr")
    turned = material("turned.mp4", "-display_rotation", "90", "-i", video, "-c", "copy")
    quiet = "aevalsrc='0.05*sin(2*PI*200*t)*gt(mod(t,0.4),0.15)':d=2"
    voice = material("voice.wav", "-f", "lavfi", "-i", quiet, "-ar", 24000)
    music = material("music.wav", "-f", "lavfi", "-i", "sine=frequency=500:duration=0.5")
    scenes = (
        FilmScene(material("large.png", (600, 800)), "picture", (600, 800), 1.0),
        FilmScene(material("small.png", (120, 90)), "picture", (120, 90), 1.0, transition="fade", transition_s=0.3),
        FilmScene(turned, "video", (240, 320), 0.9, transition="cut"),
    )
    words = [TimedWord("MMMM", 0.4, 1.0), TimedWord("WWWW.", 1.0, 1.4)]
    subtitles = tmp_path_factory.mktemp("subtitles") / "words.ass"
    style = SubtitleStyle(highlight="#ff0000", color="#00ff00", size=200)
    text = ass(lines_of(words, max_characters=20), style=style, width=SIZE[0], height=SIZE[1], safe=SafeArea(bottom=0.3))
    subtitles.write_text(text)
    sound = SoundMix(film_seconds(scenes), voice=(SoundClip(voice, 0.2),), music=SoundClip(music, gain_db=-12))
    return FinishOrder(
        scenes, SIZE, sound, fps=20, subtitles=subtitles, fonts=fonts.FOLDER, preset="veryfast", source_type=SOURCE_TYPE
    )


def test_a_film_is_as_platforms_take_it(order: FinishOrder, tmp_path: Path) -> None:
    out, progress = tmp_path / "out.mp4", list[FinishProgress]()
    steps = finish(order, out, settings=SETTINGS)
    while True:
        try:
            progress.append(next(steps))
        except StopIteration as end:
            sound = end.value
            break
    assert scene_starts(order.scenes) == [0.0, 0.7, 1.7]
    assert [state.frames for state in progress] == sorted(state.frames for state in progress)
    assert progress[-1].frames == progress[-1].total == order.frames == 52
    assert progress[0].seconds_left is None
    assert progress[-1].seconds_left is not None
    assert sound.correction in ("linear", "dynamic", "limited")
    assert abs(sound.after.integrated + 16) <= 1.5
    assert sound.after.true_peak <= -1.0
    data = out.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert SOURCE_TYPE.encode() in data
    with av.open(str(out)) as film:
        picture, audio = film.streams.video[0].codec_context, film.streams.audio[0].codec_context
        assert (picture.width, picture.height, picture.pix_fmt, picture.name) == (*SIZE, "yuv420p", "h264")
        assert (audio.name, audio.sample_rate, audio.channels) == ("aac", 48_000, 2)
        assert film.streams.video[0].start_time == 0, "the picture is not late"
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    assert len(frames) == 52
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]

    def rows(frame: Any, channel: int) -> Any:
        """Rows in which a clear red (0) or green (1) stands."""
        others = np.delete(frame, channel, axis=2).max(axis=2)
        return np.flatnonzero(((frame[..., channel] - others) > 100).any(axis=1))

    assert not len(rows(frames[2], 0))
    assert not len(rows(frames[2], 1))
    early, late = frames[10], frames[22]
    assert ((late[..., 0] - late[..., 1]) > 100).sum() > ((early[..., 0] - early[..., 1]) > 100).sum()
    assert len(rows(early, 1))
    assert max(rows(early, 1)) < SIZE[1] * 0.71


def test_sound_is_heard_when_it_was_placed_and_each_frame_is_shown_as_long(
    material: Callable[..., Path], order: FinishOrder, tmp_path: Path
) -> None:
    tone = material("beep.wav", "-f", "lavfi", "-i", "sine=frequency=900:duration=0.4", "-ar", 48000)
    out = tmp_path / "out.mp4"
    silent = FinishOrder(order.scenes[:1], SIZE, SoundMix(1.0, voice=(SoundClip(tone, 0.5),)), fps=30, preset="veryfast")
    result(finish(silent, out, settings=SETTINGS))
    with av.open(str(out)) as film:
        times = [float(frame.pts * frame.time_base) for frame in film.decode(video=0)]
    with av.open(str(out)) as film:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in film.decode(audio=0)])
    assert times == pytest.approx([n / 30 for n in range(30)])
    onset_s = np.flatnonzero(np.abs(sound) > 0.3 * np.abs(sound).max())[0] / 48_000
    assert onset_s == pytest.approx(0.5, abs=0.012)


def test_a_platform_that_cuts_gets_a_shorter_film(order: FinishOrder, tmp_path: Path) -> None:
    silent = FinishOrder(order.scenes, SIZE, SoundMix(0.5), fps=10, max_seconds=0.5, preset="veryfast")
    assert result(finish(silent, tmp_path / "out.mp4", settings=SETTINGS)) is None
    with av.open(str(tmp_path / "out.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 5
        assert not film.streams.audio


def test_a_film_that_is_cancelled_leaves_nothing(order: FinishOrder, tmp_path: Path) -> None:
    endless = FinishOrder((replace(order.scenes[0], seconds=600.0),), SIZE, order.sound, fps=20)
    steps = finish(endless, tmp_path / "out.mp4", settings=SETTINGS)
    assert next(state for state in steps if state.phase == "making the video").total == 12_000
    steps.close()
    assert not list(tmp_path.iterdir())


def test_a_program_that_is_killed_fails_the_film_and_leaves_nothing(order: FinishOrder, tmp_path: Path) -> None:
    endless = FinishOrder((replace(order.scenes[0], seconds=600.0),), SIZE, order.sound, fps=20)
    for program in ("libx264", "child_camera"):
        steps = finish(endless, tmp_path / "out.mp4", settings=SETTINGS)
        assert any(state.frames for state in steps)
        kill_below_us(program)
        with pytest.raises(ProcessKilled, match="started again"):
            result(steps)
        assert not list(tmp_path.iterdir())


def kill_below_us(program: str) -> None:
    """Kills the children of this process that have `program` in their command line."""
    for child in psutil.Process().children():
        if child.status() != psutil.STATUS_ZOMBIE and any(program in argument for argument in child.cmdline()):
            child.kill()


def test_a_disk_that_cannot_hold_the_film_is_said_before(
    order: FinishOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free", lambda folder: (10_000_000, 1))
    with pytest.raises(DiskFull, match="lacks 1"):
        result(finish(order, tmp_path / "out.mp4", settings=SETTINGS))
    assert not list(tmp_path.iterdir())


def test_a_transition_longer_than_its_scene_is_refused(order: FinishOrder, tmp_path: Path) -> None:
    scenes = (order.scenes[0], FilmScene(order.scenes[1].path, "picture", (120, 90), 0.2, transition="slide", transition_s=0.4))
    with pytest.raises(Invalid, match="Scene 2 is too short"):
        result(finish(FinishOrder(scenes, SIZE, SoundMix(1)), tmp_path / "out.mp4", settings=SETTINGS))


def test_loudness_is_that_of_ebu_r_128(material: Callable[..., Path]) -> None:
    tone = material("tone.wav", "-f", "lavfi", "-i", "aevalsrc='0.0708*sin(2*PI*1000*t)':c=stereo:s=48000:d=4")
    silence = material("silence.wav", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-t", 1)
    loudness: Loudness = result(measure(tone))
    assert (loudness.integrated, loudness.true_peak) == pytest.approx((-23, -23), abs=0.2)
    assert result(measure(silence)).is_silence


def test_one_picture_may_be_seen_in_scenes_that_fade_into_each_other(material: Callable[..., Path], tmp_path: Path) -> None:
    still = material("twice.png", (600, 800))
    scenes = tuple(FilmScene(still, "picture", (600, 800), 0.5, transition=name, transition_s=0.2) for name in ("cut", "fade"))
    out = tmp_path / "twice.mp4"
    result(finish(FinishOrder(scenes, SIZE, SoundMix(0.8), fps=20, preset="veryfast"), out, settings=SETTINGS))
    assert result(ffmpeg.probe(out)).frames == 16
    assert list(tmp_path.iterdir()) == [out], "nothing else is left"
