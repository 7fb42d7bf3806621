"""Finishing a reel in one graph, beside the four steps of the described system, each of which encodes again, and a bare encode.

Same pictures, sound, subtitles, size, rate, preset (medium, unless PRESET says another) and crf. `ratio`: time of the four
steps by ours (3.5 is asked for). `encode_ratio`: ours by a bare x264 encode of the very frames, read as they are from a file
(1.15 is asked for). Both by the clock, and as `cpu_…` in processor time, which others on the machine disturb less; of ours and
of the bare encode the better of two runs. `ssim`: against frames that nobody encoded. `SECONDS`: length of the reel.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.media import ffmpeg, fonts
from backend.media.ffmpeg.film_graph import film_graph
from backend.media.ffmpeg.film_order import FilmScene, FinishOrder
from backend.media.ffmpeg.finishing import finish
from backend.media.ffmpeg.sound_mix import SoundClip, SoundMix
from backend.media.ffmpeg.subtitle_times import words_of
from backend.media.ffmpeg.subtitles import SubtitleStyle, ass, lines_of
from backend.settings import Settings
from tests.bench.folders import bench_folder

Cost = tuple[float, float]
SETTINGS = Settings.read(env_file=None)
SIZE, FPS, CRF, SCENES = (1080, 1920), 30, 23, 3
_COLOURS = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"]
"""As the studio's own videos are tagged."""
TEXT = "Good morning from Turin! Today it rains, so I stay at home and make coffee for everybody who comes by."


def run() -> dict[str, Any]:
    seconds, preset = float(os.environ.get("SECONDS", "9")), os.environ.get("PRESET", "medium")
    with bench_folder() as folder:
        order = order_for(folder, seconds, preset=preset)
        ours, four, frames = folder / "ours.mp4", folder / "four.mp4", folder / "frames.yuv"
        _run([*_graph_without_encoder(order), "-f", "rawvideo", frames])
        raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", f"{SIZE[0]}x{SIZE[1]}", "-framerate", FPS, "-i", frames]

        def encode() -> None:
            _run([*raw, *_encoder(order), *_COLOURS, "-an", folder / "bare.mp4"])

        bare_cost, our_cost = cost(encode), cost(lambda: finish_whole(order, ours))
        four_cost = cost(lambda: _four_steps(order, folder, four))
        our_cost, bare_cost = _better(our_cost, cost(lambda: finish_whole(order, ours))), _better(bare_cost, cost(encode))
        return {
            "ratio": round(four_cost[0] / our_cost[0], 2),
            "cpu_ratio": round(four_cost[1] / our_cost[1], 2),
            "encode_ratio": round(our_cost[0] / bare_cost[0], 2),
            "cpu_encode_ratio": round(our_cost[1] / bare_cost[1], 2),
            **{name: {"s": each[0], "cpu_s": each[1]} for name, each in _named(our_cost, four_cost, bare_cost)},
            "ssim": {"ours": _ssim(ours, raw), "four_steps": _ssim(four, raw)},
            "seconds": seconds,
            "preset": preset,
        }


def _better(first: Cost, second: Cost) -> Cost:
    return min(first[0], second[0]), min(first[1], second[1])


def _named(ours: Cost, four: Cost, bare: Cost) -> list[tuple[str, Cost]]:
    return [("ours", ours), ("four_steps", four), ("bare_encode", bare)]


def _graph_without_encoder(order: FinishOrder) -> list[str]:
    """ffmpeg's arguments up to the finished frames."""
    graph = film_graph(order, Path("unused.mp4"), SETTINGS).compile(cmd="ffmpeg")
    end = graph.index("-map") + 2
    return [*graph[1:end], "-frames:v", str(order.frames)]


def order_for(folder: Path, seconds: float, *, preset: Any) -> FinishOrder:
    """A reel of SCENES videos of a scene each, voice, music and karaoke."""
    each = seconds / SCENES
    paths = [folder / f"scene{n}.mp4" for n in range(SCENES)]
    for n, path in enumerate(paths):
        source = f"testsrc2=size=1080x1920:rate={FPS}:duration={each},hue=h={60 * n},gblur=sigma=2"
        _run(
            [
                "-f",
                "lavfi",
                "-i",
                source,
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-crf",
                12,
                "-pix_fmt",
                "yuv420p",
                *_COLOURS,
                path,
            ]
        )
    voice, music = folder / "voice.wav", folder / "music.wav"
    speech = f"aevalsrc='0.1*sin(2*PI*210*t)*(0.6+0.4*sin(2*PI*3*t))*gt(mod(t,0.7),0.15)':d={seconds}"
    _run(["-f", "lavfi", "-i", speech, "-ar", 24_000, voice])
    _run(["-f", "lavfi", "-i", "sine=frequency=440:duration=3", music])
    subtitles, style = folder / "words.ass", SubtitleStyle()
    lines = lines_of(words_of(TEXT, seconds=seconds), max_characters=style.max_characters)
    subtitles.write_text(ass(lines, style=style, width=SIZE[0], height=SIZE[1]))
    scenes = tuple(FilmScene(path, "video", SIZE, each) for path in paths)
    sound = SoundMix(seconds, voice=(SoundClip(voice),), music=SoundClip(music, gain_db=-12))
    return FinishOrder(scenes, SIZE, sound, fps=FPS, subtitles=subtitles, fonts=fonts.FOLDER, preset=preset, crf=CRF)


def finish_whole(order: FinishOrder, out: Path) -> None:
    for _ in finish(order, out, settings=SETTINGS):
        pass


def _four_steps(order: FinishOrder, folder: Path, out: Path) -> None:
    """Concat; crop and scale; subtitles; sound with loudnorm. Each writes a file and encodes the picture anew."""
    names = folder / "list.txt"
    names.write_text("".join(f"file '{scene.path}'\n" for scene in order.scenes))
    steps = [folder / f"step{n}.mp4" for n in range(3)]
    encoder = _encoder(order)
    _run(["-f", "concat", "-safe", 0, "-i", names, *encoder, steps[0]])
    width, height = order.size
    fit = f"scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height}"
    _run(["-i", steps[0], "-vf", fit, *encoder, steps[1]])
    _run(["-i", steps[1], "-vf", f"ass={order.subtitles}:fontsdir={order.fonts}", *encoder, steps[2]])
    assert order.sound.music
    sound = (
        "[1:a]asplit[v][k];[2:a][k]sidechaincompress=threshold=0.02:ratio=8[m];"
        "[v][m]amix=inputs=2:normalize=0,loudnorm=I=-16:TP=-1.5:LRA=11,aresample=48000[a]"
    )
    tracks = ["-i", order.sound.voice[0].path, "-stream_loop", -1, "-i", order.sound.music.path]
    options = ["-map", "0:v", "-map", "[a]", *encoder, "-c:a", "aac", "-b:a", "128k", "-t", order.seconds]
    _run(["-i", steps[2], *tracks, "-filter_complex", sound, *options, out])


def _encoder(order: FinishOrder) -> list[Any]:
    return ["-c:v", "libx264", "-preset", order.preset, "-crf", order.crf, "-bf", 0, "-pix_fmt", "yuv420p", "-r", order.fps]


def _ssim(film: Path, raw: list[Any]) -> float:
    match = re.search(r"All:([0-9.]+)", _run(["-i", film, *raw, "-lavfi", "ssim", "-f", "null", "-"], log="info"))
    assert match
    return round(float(match[1]), 5)


def cost(work: Callable[[], object]) -> Cost:
    """Seconds by the clock, and of processor time of the programs that `work` started."""
    start, start_cpu = time.perf_counter(), _children_cpu_s()
    work()
    return round(time.perf_counter() - start, 2), round(_children_cpu_s() - start_cpu, 2)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(arguments: list[Any], *, log: str = "error") -> str:
    command = [ffmpeg.binary_path(SETTINGS), "-v", log, "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def write_first_frame(video: Path, out: Path) -> None:
    _run(["-i", video, "-frames:v", 1, "-update", 1, out])
