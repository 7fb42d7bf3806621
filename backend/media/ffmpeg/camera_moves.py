"""Camera moves over a still picture, as a filter chain of ffmpeg: works on any machine.

The moves are arithmetic: formulas of ffmpeg say where the view is at every moment. A view is a window of the video's aspect
ratio on the picture. It never leaves the picture, moves by fractions of a pixel, and eases in and out; moves that loop end
exactly where they begin. They are drawn with ffmpeg's `perspective` filter, which interpolates between pixels: `zoompan`
rounds its window to whole pixels, which makes the video shake (docs/contracts/ffmpeg.md, 2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from backend.media.ffmpeg.transcode import SCALE_OPTIONS

OVERSCAN = 1.25
"""Size of the canvas relative to the video: a larger one costs time without a visible gain."""


@dataclass(frozen=True, slots=True)
class CameraMove:
    """`loops`: the last frame leads into the first."""

    name: str
    title: str
    note: str
    loops: bool = False


@dataclass(frozen=True, slots=True)
class ViewPath:
    """The view over time in px of the picture: centre, width (height follows) and rotation in radians, each a formula of `P`.

    `P` runs from 0 (first frame) to 1 (last frame; for moves that loop: one frame after it). `region`: x, y, width, height of
    the part that is ever visible, whole px. `narrowest`, `widest`: least and greatest width of the view.
    """

    region: tuple[int, int, int, int]
    x: str
    y: str
    width: str
    turn: str
    narrowest: float
    widest: float


@dataclass(frozen=True, slots=True)
class _Stage:
    """Picture size in px, aspect ratio of the video (width / height), `focus` and `movement` 0..1, and its length in
    seconds."""

    width: int
    height: int
    shape: float
    focus: float
    movement: float
    seconds: float

    def base(self, max_size: tuple[float, float] | None = None) -> tuple[float, float, float, float]:
        """x, y, width, height of the largest window of the video's shape, within `max_size` if given."""
        max_width, max_height = max_size or (float(self.width), float(self.height))
        width = min(max_width, max_height * self.shape)
        height = width / self.shape
        return (self.width - width) * self.focus, (self.height - height) * self.focus, width, height


MOVES = (
    CameraMove("push-in", "Push in", "The camera comes closer."),
    CameraMove("pull-out", "Pull out", "The camera moves away until all is seen."),
    CameraMove("pan-left", "Pan left", "The camera travels to the left."),
    CameraMove("pan-right", "Pan right", "The camera travels to the right."),
    CameraMove("pan-up", "Pan up", "The camera travels upwards."),
    CameraMove("pan-down", "Pan down", "The camera travels downwards."),
    CameraMove("drift", "Drift", "Floats in a slow loop; it can be repeated without a seam.", loops=True),
    CameraMove("handheld", "Handheld", "Sways as if somebody held the phone; it can be repeated without a seam.", loops=True),
)
_EASE = "(P-0.8*sin(2*PI*P)/(2*PI))"
"""Easing of P, 0..1: a fifth of the mean speed at both ends, 1.8 times of it in the middle."""


def view_path(name: str, *, picture: tuple[int, int], shape: float, focus: float, movement: float, seconds: float) -> ViewPath:
    """The view of move `name` on a picture of this size. `shape`: width / height of the video. `focus` 0..1: which part of the
    longer side is kept. Raises KeyError."""
    return _PATHS[name](_Stage(*picture, shape, focus, movement, seconds))


def _zoom(stage: _Stage, exponent: str) -> ViewPath:
    """Zooms by a constant factor per moment, which looks even; a constant number of px would not."""
    x, y, width, height = stage.base()
    zoom = 1 + _lerp(0.08, 0.4, stage.movement)
    view_width = f"({width:.6f}/pow({zoom:.6f},{exponent}))"
    return ViewPath(
        _whole_region(stage, x, y, width, height),
        _number(x + width / 2),
        _number(y + height / 2),
        view_width,
        "0",
        width / zoom,
        width,
    )


def _pan(stage: _Stage, *, across: bool, back: bool) -> ViewPath:
    """Pans over the part that the crop leaves out; where that is too small, the view is narrowed a little."""
    share = _lerp(0.08, 0.7, stage.movement)
    max_size = (stage.width / (1 + share), float(stage.height)) if across else (float(stage.width), stage.height / (1 + share))
    _, _, width, height = stage.base(max_size)
    travel = share * (width if across else height)
    region_size = (width + travel, height) if across else (width, height + travel)
    x, y = (stage.width - region_size[0]) * stage.focus, (stage.height - region_size[1]) * stage.focus
    offset = f"{travel:.6f}*" + (f"(1-{_EASE})" if back else _EASE)
    center = _number(x + width / 2), _number(y + height / 2)
    center_path = (f"({center[0]}+{offset})", center[1]) if across else (center[0], f"({center[1]}+{offset})")
    return ViewPath(_whole_region(stage, x, y, *region_size), *center_path, _number(width), "0", width, width)


def _drift(stage: _Stage) -> ViewPath:
    x, y, width, height = stage.base()
    sway, breath = _lerp(0.012, 0.05, stage.movement), _lerp(0.01, 0.06, stage.movement)
    widest = width * (1 - 2 * sway)
    view_width = f"({widest:.6f}*(1-{breath / 2:.6f}*(1-cos(2*PI*P))))"
    center = (
        f"({x + width / 2:.6f}+{width * sway:.6f}*sin(2*PI*P))",
        f"({y + height / 2:.6f}+{height * sway * 0.6:.6f}*sin(4*PI*P))",
    )
    return ViewPath(_whole_region(stage, x, y, width, height), *center, view_width, "0", widest * (1 - breath), widest)


def _handheld(stage: _Stage) -> ViewPath:
    """Two slow waves per direction and a small rotation; whole numbers of waves, so that the end meets the beginning."""
    x, y, width, height = stage.base()
    sway, turn = _lerp(0.006, 0.028, stage.movement), _lerp(0.002, 0.009, stage.movement)
    aspect = max(height / width, width / height)
    # A rotated window reaches further by the angle times its other side.
    view_width = width * (1 - 2 * sway - 2 * turn * aspect)
    slow, quick = _waves(stage, 0.22), _waves(stage, 0.55)
    center = (
        f"({x + width / 2:.6f}+{width * sway:.6f}*(0.7*sin(2*PI*{slow}*P)+0.3*sin(2*PI*{quick}*P)))",
        f"({y + height / 2:.6f}+{height * sway:.6f}*(0.7*sin(2*PI*{quick}*P)+0.3*sin(2*PI*{slow + quick}*P)))",
    )
    return ViewPath(
        _whole_region(stage, x, y, width, height),
        *center,
        _number(view_width),
        f"{turn:.6f}*sin(2*PI*{slow}*P)",
        view_width,
        view_width,
    )


_PATHS: dict[str, Callable[[_Stage], ViewPath]] = {
    "push-in": lambda stage: _zoom(stage, _EASE),
    "pull-out": lambda stage: _zoom(stage, f"(1-{_EASE})"),
    "pan-left": lambda stage: _pan(stage, across=True, back=True),
    "pan-right": lambda stage: _pan(stage, across=True, back=False),
    "pan-up": lambda stage: _pan(stage, across=False, back=True),
    "pan-down": lambda stage: _pan(stage, across=False, back=False),
    "drift": _drift,
    "handheld": _handheld,
}


def _waves(stage: _Stage, per_second: float) -> int:
    return max(1, round(per_second * stage.seconds))


def _lerp(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _number(value: float) -> str:
    return f"{value:.6f}"


def _whole_region(stage: _Stage, x: float, y: float, width: float, height: float) -> tuple[int, int, int, int]:
    """The region rounded outwards to whole px, clipped to the picture."""
    left, top = max(0, int(x)), max(0, int(y))
    right, bottom = min(stage.width, -int(-(x + width) // 1)), min(stage.height, -int(-(y + height) // 1))
    return left, top, right - left, bottom - top


def filmed(
    still: Path,
    move: CameraMove,
    *,
    picture: tuple[int, int],
    size: tuple[int, int],
    focus: float,
    movement: float,
    frames: int,
    fps: int,
) -> Any:
    """The filter chain of a still picture (px `picture`) that becomes `frames` frames of `size` px: crop to the region that is
    ever visible, scale once, loop the frame, apply the moving view, scale to size. `focus`, `movement`: 0..1."""
    shape = size[0] / size[1]
    path = view_path(move.name, picture=picture, shape=shape, focus=focus, movement=movement, seconds=frames / fps)
    x, y, width, height = path.region
    scale = min(size[0] / path.narrowest, OVERSCAN * size[0] / path.widest)
    canvas = max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
    stream = ffmpeg.input(str(still), framerate=fps).video
    stream = (
        stream.filter("crop", width, height, x, y, exact=1)
        .filter("scale", *canvas, **SCALE_OPTIONS)
        .filter("format", "yuv420p")
    )
    stream = stream.filter("loop", loop=frames - 1, size=1, start=0)
    corners = corner_formulas(path, shape, canvas, frames=frames, loops=move.loops)
    stream = stream.filter("perspective", **corners, interpolation="cubic", sense="source", eval="frame")
    return stream.filter("scale", *size, flags="area+accurate_rnd").filter("setsar", 1)


def corner_formulas(path: ViewPath, shape: float, canvas: tuple[int, int], *, frames: int, loops: bool) -> dict[str, str]:
    """ffmpeg formulas (x0..y3) of the view's corners on the canvas, in terms of the frame number `on`, from 1."""
    last = frames if loops else max(1, frames - 1)
    left, top, width, height = path.region
    scale_x, scale_y = canvas[0] / width, canvas[1] / height
    corners = {}
    for n, (sign_x, sign_y) in enumerate(((-1, -1), (1, -1), (-1, 1), (1, 1))):
        half = f"({path.width})/2"
        dx, dy = f"({sign_x}*{half})", f"({sign_y}*{half}/{shape:.9f})"
        rotated_x = f"({dx}*cos({path.turn})-{dy}*sin({path.turn}))" if path.turn != "0" else dx
        rotated_y = f"({dx}*sin({path.turn})+{dy}*cos({path.turn}))" if path.turn != "0" else dy
        for axis, center, rotated, origin, factor in (
            ("x", path.x, rotated_x, left, scale_x),
            ("y", path.y, rotated_y, top, scale_y),
        ):
            formula = f"({center}+{rotated}-{origin})*{factor:.9f}"
            corners[f"{axis}{n}"] = formula.replace("PI", "3.141592653589793").replace("P", f"((on-1)/{last})")
    return corners
