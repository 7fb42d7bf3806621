"""The one ffmpeg graph of a film's picture: scenes, transitions, logo and subtitles, encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ffmpeg

from backend.media.ffmpeg.camera_frames import still_streams
from backend.media.ffmpeg.camera_moves import FilmedStill, focus_on
from backend.media.ffmpeg.film_order import SMALL_SIDE, STATIC_MOVE, TRANSITIONS, CornerLogo, FilmScene, FinishOrder, overlap
from backend.media.ffmpeg.runner import partial_path
from backend.media.ffmpeg.transcode import CLEAN_OUTPUT, COLOUR_OPTIONS, SCALE_OPTIONS, comment_option
from backend.settings import Settings

_LOOKAHEAD = {"veryfast": 10, "fast": 20, "medium": 20}
"""Frames that x264 looks ahead. `medium` looks 40 ahead by itself, which takes 120 MB more at 1080 x 1920 for the same size."""


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
        "rc-lookahead": _LOOKAHEAD[order.preset],
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
            focus=_focus(scene, order),
            point=scene.point,
            movement=scene.movement,
            frames=_frames(scene, order),
            fps=order.fps,
            first=scene.first_frame,
            whole=scene.whole_frames or _frames(scene, order),
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
    focus = f"{_focus(scene, order):.4f}"
    stream = stream.filter("crop", width, height, f"(iw-ow)*{focus}", f"(ih-oh)*{focus}", exact=1)
    if scene.kind == "picture":
        stream = stream.filter("loop", loop=frames - 1, size=1, start=0)
    else:
        first, end = scene.first_frame, scene.first_frame + frames
        stream = stream.filter("fps", order.fps).filter("tpad", stop_mode="clone", stop=end)
        stream = stream.filter("trim", start_frame=first, end_frame=end)
        stream = stream.filter("setpts", "PTS-STARTPTS")
    return stream.filter("setsar", 1).filter("format", "yuv420p")


def _focus(scene: FilmScene, order: FinishOrder) -> float:
    return focus_on(scene.point, scene.size, order.size[0] / order.size[1]) if scene.point else scene.focus


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
