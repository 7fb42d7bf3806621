"""Finishes a film in one pass: scenes (stills with camera moves, videos), transitions, subtitles; its sound is made beside it.

Encoding once is what makes it quick and keeps it sharp: a concat, a crop, a subtitle and a loudness step that each encode again
take about four times as long and lose 1.6 dB (docs/contracts/ffmpeg.md, 5). The sound has a loudness that must be measured as a
whole, so it is a track of its own, which is put to the picture without encoding either again.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import ffmpeg

from backend.errors import DiskFull, Invalid
from backend.kit import disk
from backend.kit.background import alongside
from backend.media.ffmpeg.camera_frames import still_streams
from backend.media.ffmpeg.camera_moves import FilmedStill
from backend.media.ffmpeg.loudness import RATE
from backend.media.ffmpeg.runner import partial_path, render
from backend.media.ffmpeg.sound_mix import SoundMix
from backend.media.ffmpeg.soundtrack import FinishedSound, write_soundtrack
from backend.media.ffmpeg.subtitles import SafeArea
from backend.media.ffmpeg.transcode import (
    CLEAN_OUTPUT,
    COLOUR_OPTIONS,
    SCALE_OPTIONS,
    add_ai_mark,
    comment_option,
    join_tracks,
)
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
SMALL_SIDE = 540
"""A still whose shorter side has fewer px is enlarged at most twice, and framed by itself out of focus."""
_BITS_PER_PIXEL = 0.35
"""Of x264 at crf 23: restless films stay below."""
_KEPT_FREE_BYTES = 128 * 1024**2
Preset = Literal["veryfast", "fast", "medium"]


_NOTHING_COVERED = SafeArea()


@dataclass(frozen=True, slots=True)
class FilmFormat:
    """`width`, `height` in px. `max_seconds`: a film is cut there. `safe`: what the platform's own buttons and texts cover."""

    name: str
    title: str
    width: int
    height: int
    max_seconds: float | None = None
    safe: SafeArea = _NOTHING_COVERED


FORMATS = {
    film_format.name: film_format
    for film_format in (
        FilmFormat(
            "instagram-reel", "Instagram reel", 1080, 1920, 60.0, SafeArea(top=0.14, right=0.12, bottom=0.22, left=0.06)
        ),
        FilmFormat("instagram-post", "Instagram post", 1080, 1080, 60.0),
        FilmFormat("tiktok", "TikTok", 1080, 1920, 60.0, SafeArea(top=0.10, right=0.13, bottom=0.21, left=0.06)),
        FilmFormat("youtube-short", "YouTube Short", 1080, 1920, 60.0, SafeArea(top=0.10, right=0.13, bottom=0.20, left=0.06)),
        FilmFormat("youtube-standard", "YouTube video", 1920, 1080),
    )
}
"""The formats by the names that programs use for them."""


@dataclass(frozen=True, slots=True)
class FilmScene:
    """A still picture or a video, shown for `seconds`. `size`: of the file, px.

    `move`: a camera move of MOVES over a still, STATIC_MOVE for none. `focus` 0..1: which part of the longer side a crop keeps.
    A still whose shorter side is below SMALL_SIDE does not move. A video that is shorter stands still on its last frame.
    `transition`: how it comes after the scene before, over `transition_s` seconds, in which both are seen.
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
class CornerLogo:
    """A picture over the whole film. `corner`: top-left, top-right, bottom-left or bottom-right, beside what `safe` covers."""

    path: Path
    corner: str
    safe: SafeArea = _NOTHING_COVERED


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
    logo: CornerLogo | None = None

    @property
    def seconds(self) -> float:
        return min(film_seconds(self.scenes), self.max_seconds or float("inf"))

    @property
    def frames(self) -> int:
        return round(self.seconds * self.fps)


@dataclass(frozen=True, slots=True)
class FinishProgress:
    """`frames` of `total` are written. `seconds_left`: until the film is finished; None before the first frames."""

    phase: str
    frames: int
    total: int
    seconds_left: float | None = None


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


def finish(order: FinishOrder, out: Path, *, settings: Settings) -> Generator[FinishProgress, None, FinishedSound | None]:
    """Writes the film. Yields at least twice a second; returns what became of the sound, None without any.

    Closing the generator stops ffmpeg and leaves no file. Raises Invalid (no scenes, a transition longer than its scene),
    DiskFull before anything is written when the disk could not hold the film, and as `render`.
    """
    _check(order)
    _check_disk(order, out.parent)
    scenes, links = _named_apart(order.scenes, out)
    try:
        return (yield from _finish(replace(order, scenes=scenes), out, settings))
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    finally:
        for path in links:
            path.unlink(missing_ok=True)


def _finish(order: FinishOrder, out: Path, settings: Settings) -> Generator[FinishProgress, None, FinishedSound | None]:
    if order.sound.is_silent:
        yield from _timed(_picture(order, out, settings), order.frames)
        if order.source_type:
            add_ai_mark(out, order.source_type)
        return None
    picture, sound_file = out.with_name(f"{out.stem}.picture.mp4"), out.with_name(f"{out.stem}.sound.m4a")
    sound = replace(order.sound, seconds=min(order.sound.seconds, order.seconds))
    try:
        with alongside(write_soundtrack(sound, sound_file, settings=settings)) as mixing:
            for progress in _timed(_picture(order, picture, settings), order.frames):
                if mixing.done():
                    mixing.result()  # raises what went wrong with the sound, before all pictures are encoded
                yield progress
            while not mixing.done():
                wait([mixing], timeout=0.5)
                yield FinishProgress("mixing the sound", order.frames, order.frames, 1.0)
            finished = mixing.result()
        track = ffmpeg.input(str(picture)).video
        for _ in join_tracks(track, sound_file, out, source_type=order.source_type, settings=settings):
            yield FinishProgress("adding the sound", order.frames, order.frames, 0.0)
        return finished
    finally:
        for path in (picture, sound_file):
            path.unlink(missing_ok=True)


def _named_apart(scenes: Sequence[FilmScene], out: Path) -> tuple[tuple[FilmScene, ...], list[Path]]:
    """The scenes, where those after the first one of the same file have it under a name of their own, and these names (links).

    ffmpeg-python takes equal inputs with equal filters for one node, and one node has one end.
    """
    named: list[FilmScene] = []
    links: list[Path] = []
    for n, scene in enumerate(scenes):
        path = scene.path
        if any(path == other.path for other in scenes[:n]):
            path = out.with_name(f"{out.stem}.again-{n}{scene.path.suffix}")
            path.unlink(missing_ok=True)
            path.symlink_to(scene.path.absolute())
            links.append(path)
        named.append(replace(scene, path=path))
    return tuple(named), links


def _timed(rendered: Iterable[int], total: int) -> Iterator[FinishProgress]:
    """Progress with the time that is left at the mean speed so far."""
    start = time.monotonic()
    yield FinishProgress("making the film", 0, total)
    for frames in rendered:
        left = (time.monotonic() - start) / frames * max(0, total - frames) if frames else None
        yield FinishProgress("making the film", min(frames, total), total, left)


def needed_bytes(order: FinishOrder) -> int:
    """An upper estimate of what the film takes on the disk while it is written: the picture twice, and the sound as WAV."""
    pixels = order.size[0] * order.size[1] * order.frames
    return round(2 * pixels * _BITS_PER_PIXEL / 8 + order.seconds * RATE * 4)


def _picture(order: FinishOrder, out: Path, settings: Settings) -> Generator[int, None, None]:
    return render(film_graph(order, out, settings), out, settings, stills=moving_stills(order))


def film_graph(order: FinishOrder, out: Path, settings: Settings) -> Any:
    """The one graph of the picture, for `render` with `moving_stills(order)`."""
    moving = iter(still_streams(moving_stills(order)))
    scenes = [next(moving) if _moves(scene) else _scene(scene, order) for scene in order.scenes]
    same_time_base = [stream.filter("settb", f"1/{order.fps}") for stream in scenes]
    stream = _in_sequence(same_time_base, order.scenes, order.fps)
    if order.logo:
        stream = _with_logo(stream, order.logo, order.size)
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
        # without an edit list, frames that are kept back for B-frames would make the picture late
        "bf": 0,
        "r": order.fps,
        "threads": settings.engines.local.threads,
        **COLOUR_OPTIONS,
        "flags:v": "+bitexact",
    }
    options = {**encoder, "an": None, "t": f"{order.seconds:.3f}", "vframes": order.frames, **CLEAN_OUTPUT}
    options |= {"use_editlist": 0, "map_chapters": -1}
    return ffmpeg.output(stream, str(partial_path(out)), **options, **comment_option(order.source_type))


def moving_stills(order: FinishOrder) -> list[FilmedStill]:
    """The scenes that are stills with a camera move, in their order."""
    return [
        FilmedStill(
            scene.path,
            scene.move,
            picture=scene.size,
            size=order.size,
            focus=scene.focus,
            movement=scene.movement,
            frames=_frames(scene, order),
            fps=order.fps,
        )
        for scene in order.scenes
        if _moves(scene)
    ]


def _moves(scene: FilmScene) -> bool:
    return scene.kind == "picture" and scene.move != STATIC_MOVE and min(scene.size) >= SMALL_SIDE


def _frames(scene: FilmScene, order: FinishOrder) -> int:
    return max(1, round(scene.seconds * order.fps))


def _scene(scene: FilmScene, order: FinishOrder) -> Any:
    """The frames of a scene without a camera move: exactly its length, the film's size, rate and colours."""
    width, height = order.size
    frames = _frames(scene, order)
    if scene.kind == "picture" and min(scene.size) < SMALL_SIDE:
        return _framed(scene, order, frames)
    source = ffmpeg.input(str(scene.path), **({"framerate": order.fps} if scene.kind == "picture" else {})).video
    stream = source.filter("scale", width, height, force_original_aspect_ratio="increase", **SCALE_OPTIONS)
    stream = stream.filter("crop", width, height, f"(iw-ow)*{scene.focus:.4f}", f"(ih-oh)*{scene.focus:.4f}", exact=1)
    if scene.kind == "picture":
        stream = stream.filter("loop", loop=frames - 1, size=1, start=0)
    else:
        stream = stream.filter("fps", order.fps).filter("tpad", stop_mode="clone", stop=frames).filter("trim", end_frame=frames)
        stream = stream.filter("setpts", "PTS-STARTPTS")
    return stream.filter("setsar", 1).filter("format", "yuv420p")


def _with_logo(stream: Any, logo: CornerLogo, size: tuple[int, int]) -> Any:
    """The logo over every frame, a seventh of the shorter side wide."""
    width, height = size
    vertical, horizontal = logo.corner.split("-")
    margin_x = round(width * max(0.04, logo.safe.left if horizontal == "left" else logo.safe.right))
    margin_y = round(height * max(0.04, logo.safe.top if vertical == "top" else logo.safe.bottom))
    picture = ffmpeg.input(str(logo.path)).video.filter("scale", round(min(size) / 14) * 2, -2, **SCALE_OPTIONS)
    x = str(margin_x) if horizontal == "left" else f"W-w-{margin_x}"
    y = str(margin_y) if vertical == "top" else f"H-h-{margin_y}"
    return ffmpeg.filter([stream, picture.filter("format", "yuva420p")], "overlay", x, y)


def _framed(scene: FilmScene, order: FinishOrder, frames: int) -> Any:
    """A small still: in the middle, enlarged as far as it stays sharp, before itself out of focus."""
    width, height = order.size
    source = (
        ffmpeg.input(str(scene.path), framerate=order.fps).video.filter("format", "yuv444p").filter_multi_output("split", 2)
    )
    behind = source[0].filter("scale", width, height, force_original_aspect_ratio="increase", **SCALE_OPTIONS)
    behind = behind.filter("crop", width, height).filter("gblur", sigma=width / 36).filter("eq", brightness=-0.12)
    factor = min(2.0, 0.9 * width / scene.size[0], 0.9 * height / scene.size[1])
    inner = tuple(max(2, round(side * factor / 2) * 2) for side in scene.size)
    stream = ffmpeg.filter([behind, source[1].filter("scale", *inner, **SCALE_OPTIONS)], "overlay", "(W-w)/2", "(H-h)/2")
    stream = stream.filter("format", "yuv420p").filter("loop", loop=frames - 1, size=1, start=0)
    return stream.filter("setsar", 1)


def _in_sequence(streams: Sequence[Any], scenes: Sequence[FilmScene], fps: int) -> Any:
    """The scenes one after the other. Neighbours without a transition are put together first: `concat` is cheaper."""
    runs: list[list[int]] = []
    for n, scene in enumerate(scenes):
        if n and not overlap(scene, n):
            runs[-1].append(n)
        else:
            runs.append([n])
    film, seconds = _concatenated([streams[n] for n in runs[0]], fps), sum(scenes[n].seconds for n in runs[0])
    for run in runs[1:]:
        scene = scenes[run[0]]
        following = _concatenated([streams[n] for n in run], fps)
        offset = seconds - scene.transition_s
        transition = TRANSITIONS[scene.transition]
        film = ffmpeg.filter([film, following], "xfade", transition=transition, duration=scene.transition_s, offset=offset)
        seconds = offset + sum(scenes[n].seconds for n in run)
    return film


def _concatenated(streams: Sequence[Any], fps: int) -> Any:
    # `xfade` wants one time base, and `concat` puts out its own
    return streams[0] if len(streams) == 1 else ffmpeg.concat(*streams, v=1, a=0).filter("fps", fps)


def _check_disk(order: FinishOrder, folder: Path) -> None:
    free, needed = disk.free(folder)[0], needed_bytes(order)
    if free < needed + _KEPT_FREE_BYTES:
        megabytes = (needed + _KEPT_FREE_BYTES - free) // 1_000_000 + 1
        raise DiskFull(f"The disk lacks {megabytes} MB for this film. Free some space, or make a shorter one.")


def _check(order: FinishOrder) -> None:
    if not order.scenes:
        raise Invalid("There is no scene yet. Add one.")
    if any(side % 2 or side < 2 for side in order.size):
        raise Invalid("Width and height of a film must be even.")
    for n, scene in enumerate(order.scenes):
        neighbours = min(scene.seconds, order.scenes[n - 1].seconds) if n else scene.seconds
        if scene.seconds * order.fps < 1 or overlap(scene, n) >= neighbours:
            raise Invalid(f"Scene {n + 1} is too short: it must last longer than its transition.")
