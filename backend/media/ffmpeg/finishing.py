"""Finishes a film in one pass: scenes (stills with camera moves, videos), transitions, subtitles, and the sound's loudness.

Encoding once is what makes it quick and keeps it sharp: a concat, a crop, a subtitle and a loudness step that each encode again
take about four times as long and lose 1.6 dB (docs/contracts/ffmpeg.md, 5). Only the sound is written once before, because its
loudness has to be measured as a whole; that takes a second.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import ffmpeg

from backend.errors import Invalid
from backend.media.ffmpeg.camera_moves import MOVES, filmed
from backend.media.ffmpeg.runner import partial_path, render
from backend.media.ffmpeg.sound_mix import RATE, Loudness, SoundMix, correction, measure, mix, normalized
from backend.media.ffmpeg.transcode import CLEAN_OUTPUT, COLOUR_OPTIONS, SCALE_OPTIONS, add_ai_mark, comment_option
from backend.settings import Settings

Transition = Literal["cut", "fade", "slide", "zoom", "black"]
TRANSITIONS: dict[Transition, str] = {
    "cut": "",
    "fade": "fade",
    "slide": "slideleft",
    "zoom": "zoomin",
    "black": "fadeblack",
}
"""Transition -> the name of ffmpeg's `xfade`; "" for none."""
STATIC_MOVE = "still"
Preset = Literal["veryfast", "fast", "medium"]


@dataclass(frozen=True, slots=True)
class FilmFormat:
    """`safe_bottom` …: shares that the platform's own buttons and texts cover."""

    name: str
    title: str
    width: int
    height: int
    max_seconds: float | None = None


FORMATS = {
    film_format.name: film_format
    for film_format in (
        FilmFormat("instagram-reel", "Instagram reel", 1080, 1920, 60.0),
        FilmFormat("instagram-post", "Instagram post", 1080, 1080, 60.0),
        FilmFormat("tiktok", "TikTok", 1080, 1920, 60.0),
        FilmFormat("youtube-short", "YouTube Short", 1080, 1920, 60.0),
        FilmFormat("youtube-standard", "YouTube video", 1920, 1080),
    )
}
"""The formats by the names that programs use for them."""


@dataclass(frozen=True, slots=True)
class FilmScene:
    """A still picture or a video, shown for `seconds`. `size`: of the file, px.

    `move`: a camera move of MOVES over a still, STATIC_MOVE for none. `focus` 0..1: which part of the longer side a crop keeps.
    A video that is shorter stands still on its last frame. `transition`: how it comes after the scene before, over
    `transition_s` seconds, in which both are seen.
    """

    path: Path
    kind: Literal["picture", "video"]
    size: tuple[int, int]
    seconds: float
    move: str = "push-in"
    movement: float = 0.5
    focus: float = 0.5
    transition: Transition = "cut"
    transition_s: float = 0.4


@dataclass(frozen=True, slots=True)
class FinishOrder:
    """`size`: of the film, even px. `subtitles`: an ASS file, with the fonts of the folder `fonts`. `max_seconds`: cut there.

    `source_type`: IPTC digital source type, for the AI mark; None writes none.
    """

    scenes: tuple[FilmScene, ...]
    size: tuple[int, int]
    sound: SoundMix
    fps: int = 30
    subtitles: Path | None = None
    fonts: Path | None = None
    max_seconds: float | None = None
    preset: Preset = "medium"
    crf: int = 23
    source_type: str | None = None

    @property
    def seconds(self) -> float:
        return min(film_seconds(self.scenes), self.max_seconds or float("inf"))

    @property
    def frames(self) -> int:
        return round(self.seconds * self.fps)


@dataclass(frozen=True, slots=True)
class FinishedSound:
    """What the manifest says of the sound: measured before, how it was corrected (none, linear, dynamic), measured after."""

    before: Loudness
    correction: str
    after: Loudness | None = field(default=None)


def film_seconds(scenes: Sequence[FilmScene]) -> float:
    """Length of the scenes together: during a transition two of them are seen at once."""
    return sum(scene.seconds for scene in scenes) - sum(overlap(scene, n) for n, scene in enumerate(scenes))


def overlap(scene: FilmScene, n: int) -> float:
    """Seconds that scene `n` shares with the one before."""
    return scene.transition_s if n and TRANSITIONS[scene.transition] else 0.0


def scene_starts(scenes: Sequence[FilmScene]) -> list[float]:
    """When each scene begins, in seconds of the film."""
    starts, at_s = [], 0.0
    for n, scene in enumerate(scenes):
        at_s -= overlap(scene, n)
        starts.append(at_s)
        at_s += scene.seconds
    return starts


def finish(order: FinishOrder, out: Path, *, settings: Settings) -> Generator[int, None, FinishedSound | None]:
    """Writes the film. Yields finished frames, of `order.frames`; returns what became of the sound, None without any.

    Raises Invalid (no scenes, a transition longer than its scene) and as `render`.
    """
    _check(order)
    wav = out.with_name(f"{out.stem}.sound.wav")
    try:
        measured: Loudness | None = None
        if not order.sound.is_silent:
            yield from (0 for _ in mix(order.sound, wav, settings=settings))
            measured = measure(wav, settings=settings)
        yield from render(film_graph(order, out, wav if measured else None, measured, settings), out, settings)
        if order.source_type:
            add_ai_mark(out, order.source_type)
        if measured is None:
            return None
        after = None if measured.is_silence else measure(out, settings=settings)
        return FinishedSound(measured, correction(measured), after)
    finally:
        wav.unlink(missing_ok=True)


def film_graph(order: FinishOrder, out: Path, wav: Path | None, measured: Loudness | None, settings: Settings) -> Any:
    """The one graph, for `render`."""
    stream = _in_sequence([_scene(scene, order) for scene in order.scenes], order.scenes)
    if order.subtitles:
        fonts = {"fontsdir": str(order.fonts)} if order.fonts else {}
        stream = stream.filter("ass", filename=str(order.subtitles), **fonts)
    stream = stream.filter("format", "yuv420p")
    encoder = {
        "vcodec": "libx264",
        "preset": order.preset,
        "crf": order.crf,
        "profile:v": "high",
        "pix_fmt": "yuv420p",
        "g": order.fps * 2,
        "r": order.fps,
        "threads": settings.engines.local.threads,
        **COLOUR_OPTIONS,
        "flags:v": "+bitexact",
    }
    end = {"t": f"{order.seconds:.3f}", "vframes": order.frames}
    tracks, sound_options = [stream], dict[str, Any](an=None)
    if wav and measured:
        tracks.append(normalized(ffmpeg.input(str(wav)).audio, measured))
        sound_options = {"acodec": "aac", "audio_bitrate": "128k", "ar": RATE, "ac": 2}
    options = {**encoder, **sound_options, **end, **CLEAN_OUTPUT, "use_editlist": 0, "map_chapters": -1}
    return ffmpeg.output(*tracks, str(partial_path(out)), **options, **comment_option(order.source_type))


def _scene(scene: FilmScene, order: FinishOrder) -> Any:
    """The scene's frames: exactly its length, the film's size, rate and colours."""
    width, height = order.size
    frames = max(1, round(scene.seconds * order.fps))
    if scene.kind == "picture" and scene.move != STATIC_MOVE:
        move = next(move for move in MOVES if move.name == scene.move)
        stream = filmed(
            scene.path,
            move,
            picture=scene.size,
            size=order.size,
            focus=scene.focus,
            movement=scene.movement,
            frames=frames,
            fps=order.fps,
        )
        return stream.filter("format", "yuv420p").filter("settb", f"1/{order.fps}")
    source = ffmpeg.input(str(scene.path), **({"framerate": order.fps} if scene.kind == "picture" else {})).video
    stream = source.filter("scale", width, height, force_original_aspect_ratio="increase", **SCALE_OPTIONS)
    stream = stream.filter("crop", width, height, f"(iw-ow)*{scene.focus:.4f}", f"(ih-oh)*{scene.focus:.4f}", exact=1)
    if scene.kind == "picture":
        stream = stream.filter("loop", loop=frames - 1, size=1, start=0)
    else:
        stream = stream.filter("fps", order.fps).filter("tpad", stop_mode="clone", stop=frames).filter("trim", end_frame=frames)
        stream = stream.filter("setpts", "PTS-STARTPTS")
    return stream.filter("setsar", 1).filter("format", "yuv420p").filter("settb", f"1/{order.fps}")


def _in_sequence(streams: Sequence[Any], scenes: Sequence[FilmScene]) -> Any:
    """The scenes one after the other. Neighbours without a transition are put together first: `concat` is cheaper."""
    runs: list[list[int]] = []
    for n, scene in enumerate(scenes):
        if n and not overlap(scene, n):
            runs[-1].append(n)
        else:
            runs.append([n])
    film, seconds = _concatenated([streams[n] for n in runs[0]]), sum(scenes[n].seconds for n in runs[0])
    for run in runs[1:]:
        scene = scenes[run[0]]
        following = _concatenated([streams[n] for n in run])
        offset = seconds - scene.transition_s
        transition = TRANSITIONS[scene.transition]
        film = ffmpeg.filter([film, following], "xfade", transition=transition, duration=scene.transition_s, offset=offset)
        seconds = offset + sum(scenes[n].seconds for n in run)
    return film


def _concatenated(streams: Sequence[Any]) -> Any:
    return streams[0] if len(streams) == 1 else ffmpeg.concat(*streams, v=1, a=0)


def _check(order: FinishOrder) -> None:
    if not order.scenes:
        raise Invalid("There is no scene yet. Add one.")
    if any(side % 2 or side < 2 for side in order.size):
        raise Invalid("Width and height of a film must be even.")
    for n, scene in enumerate(order.scenes):
        neighbours = min(scene.seconds, order.scenes[n - 1].seconds) if n else scene.seconds
        if scene.seconds * order.fps < 1 or overlap(scene, n) >= neighbours:
            raise Invalid(f"Scene {n + 1} is too short: it must last longer than its transition.")
