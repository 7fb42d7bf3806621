"""Camera moves over a still picture. Pure: where the view is in every frame.

A view is a window of the video's aspect ratio on the picture. It never leaves the picture, moves by fractions of a pixel, and
eases in and out; moves that loop end exactly where they begin. The frames are drawn by `child_camera`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import cos, pi, sin
from pathlib import Path
from typing import Any

from backend.language import tr_lazy

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
class View:
    """What is seen in one frame, in px of the picture: its centre, its width (height follows), and its rotation in radians."""

    x: float
    y: float
    width: float
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class ViewPath:
    """`at`: the view at a moment from 0 (first frame) to 1 (last frame; for moves that loop: one frame after it).

    `region`: x, y, width, height of the part of the picture that is ever visible, whole px. `narrowest`, `widest`: least and
    greatest width of the view, px of the picture.
    """

    region: tuple[int, int, int, int]
    at: Callable[[float], View]
    narrowest: float
    widest: float


@dataclass(frozen=True, slots=True)
class _Stage:
    """Picture size in px, aspect ratio of the video (width / height), `focus` and `movement` 0..1, its length in seconds, and
    the `point` that zooms go to, as shares of the width and the height."""

    width: int
    height: int
    shape: float
    focus: float
    movement: float
    seconds: float
    point: tuple[float, float] | None = None

    def base(self, max_size: tuple[float, float] | None = None) -> tuple[float, float, float, float]:
        """x, y, width, height of the largest window of the video's shape, within `max_size` if given."""
        max_width, max_height = max_size or (float(self.width), float(self.height))
        width = min(max_width, max_height * self.shape)
        height = width / self.shape
        return (self.width - width) * self.focus, (self.height - height) * self.focus, width, height


MOVES = (
    CameraMove("push-in", tr_lazy("Push in"), tr_lazy("The camera comes closer.")),
    CameraMove("pull-out", tr_lazy("Pull out"), tr_lazy("The camera moves away until all is seen.")),
    CameraMove("pan-left", tr_lazy("Pan left"), tr_lazy("The camera travels to the left.")),
    CameraMove("pan-right", tr_lazy("Pan right"), tr_lazy("The camera travels to the right.")),
    CameraMove("pan-up", tr_lazy("Pan up"), tr_lazy("The camera travels upwards.")),
    CameraMove("pan-down", tr_lazy("Pan down"), tr_lazy("The camera travels downwards.")),
    CameraMove("drift", tr_lazy("Drift"), tr_lazy("Floats in a slow loop; it can be repeated without a seam."), loops=True),
    CameraMove(
        "handheld",
        tr_lazy("Handheld"),
        tr_lazy("Sways as if somebody held the phone; it can be repeated without a seam."),
        loops=True,
    ),
)


def view_path(
    name: str,
    *,
    picture: tuple[int, int],
    shape: float,
    focus: float,
    movement: float,
    seconds: float,
    point: tuple[float, float] | None = None,
) -> ViewPath:
    """The view of move `name` on a picture of this size. `shape`: width / height of the video. `focus` 0..1: which part of the
    longer side is kept. `point`: where zooms go to, as shares of the picture's sides; None: to the middle of what is shown.
    Raises KeyError."""
    return _PATHS[name](_Stage(*picture, shape, focus, movement, seconds, point))


def focus_on(point: tuple[float, float], picture: tuple[int, int], shape: float) -> float:
    """The `focus` (0..1) of the window of this shape that has `point` in its middle, as far as the picture reaches."""
    width, height = picture
    cut = (width - height * shape, width, point[0]) if width > height * shape else (height - width / shape, height, point[1])
    spare, side, at = cut
    return min(1.0, max(0.0, (at * side - (side - spare) / 2) / spare)) if spare > 0 else 0.5


def _ease(moment: float) -> float:
    """0..1 -> 0..1: a fifth of the mean speed at both ends, 1.8 times of it in the middle."""
    return moment - 0.8 * sin(2 * pi * moment) / (2 * pi)


def _zoom(stage: _Stage, *, out: bool) -> ViewPath:
    """Zooms by a constant factor per moment, which looks even; a constant number of px would not."""
    x, y, width, height = stage.base()
    zoom = 1 + _lerp(0.08, 0.4, stage.movement)
    narrowest = width / zoom
    middle, goal = (x + width / 2, y + height / 2), (x + width / 2, y + height / 2)
    if stage.point:
        goal = (
            _held(stage.point[0] * stage.width, x + narrowest / 2, x + width - narrowest / 2),
            _held(stage.point[1] * stage.height, y + height / zoom / 2, y + height - height / zoom / 2),
        )

    def at(moment: float) -> View:
        eased = _ease(moment)
        view_width = width / zoom ** (1 - eased if out else eased)
        # in proportion to what is left out: so the view never leaves the window that it began in
        way = (width - view_width) / (width - narrowest)
        return View(_lerp(middle[0], goal[0], way), _lerp(middle[1], goal[1], way), view_width)

    return ViewPath(_whole_region(stage, x, y, width, height), at, narrowest, width)


def _pan(stage: _Stage, *, across: bool, back: bool) -> ViewPath:
    """Pans over the part that the crop leaves out; where that is too small, the view is narrowed a little."""
    share = _lerp(0.08, 0.7, stage.movement)
    max_size = (stage.width / (1 + share), float(stage.height)) if across else (float(stage.width), stage.height / (1 + share))
    _, _, width, height = stage.base(max_size)
    travel = share * (width if across else height)
    region_size = (width + travel, height) if across else (width, height + travel)
    x, y = (stage.width - region_size[0]) * stage.focus, (stage.height - region_size[1]) * stage.focus

    def at(moment: float) -> View:
        eased = _ease(moment)
        travelled = travel * (1 - eased if back else eased)
        return View(x + width / 2 + (travelled if across else 0), y + height / 2 + (0 if across else travelled), width)

    return ViewPath(_whole_region(stage, x, y, *region_size), at, width, width)


def _drift(stage: _Stage) -> ViewPath:
    x, y, width, height = stage.base()
    sway, breath = _lerp(0.012, 0.05, stage.movement), _lerp(0.01, 0.06, stage.movement)
    widest = width * (1 - 2 * sway)

    def at(moment: float) -> View:
        angle = 2 * pi * moment
        center = x + width / 2 + width * sway * sin(angle), y + height / 2 + height * sway * 0.6 * sin(2 * angle)
        return View(*center, widest * (1 - breath / 2 * (1 - cos(angle))))

    return ViewPath(_whole_region(stage, x, y, width, height), at, widest * (1 - breath), widest)


def _handheld(stage: _Stage) -> ViewPath:
    """Two slow waves per direction and a small rotation; whole numbers of waves, so that the end meets the beginning."""
    x, y, width, height = stage.base()
    sway, turn = _lerp(0.006, 0.028, stage.movement), _lerp(0.002, 0.009, stage.movement)
    aspect = max(height / width, width / height)
    # A rotated window reaches further by the angle times its other side.
    view_width = width * (1 - 2 * sway - 2 * turn * aspect)
    slow, quick = _waves(stage, 0.22), _waves(stage, 0.55)

    def at(moment: float) -> View:
        angle = 2 * pi * moment
        across = 0.7 * sin(slow * angle) + 0.3 * sin(quick * angle)
        down = 0.7 * sin(quick * angle) + 0.3 * sin((slow + quick) * angle)
        center = x + width / 2 + width * sway * across, y + height / 2 + height * sway * down
        return View(*center, view_width, turn * sin(slow * angle))

    return ViewPath(_whole_region(stage, x, y, width, height), at, view_width, view_width)


_PATHS: dict[str, Callable[[_Stage], ViewPath]] = {
    "push-in": lambda stage: _zoom(stage, out=False),
    "pull-out": lambda stage: _zoom(stage, out=True),
    "pan-left": lambda stage: _pan(stage, across=True, back=True),
    "pan-right": lambda stage: _pan(stage, across=True, back=False),
    "pan-up": lambda stage: _pan(stage, across=False, back=True),
    "pan-down": lambda stage: _pan(stage, across=False, back=False),
    "drift": _drift,
    "handheld": _handheld,
}


def _waves(stage: _Stage, per_second: float) -> int:
    return max(1, round(per_second * stage.seconds))


def _held(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))


def _lerp(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _whole_region(stage: _Stage, x: float, y: float, width: float, height: float) -> tuple[int, int, int, int]:
    """The region rounded outwards to whole px, clipped to the picture."""
    left, top = max(0, int(x)), max(0, int(y))
    right, bottom = min(stage.width, -int(-(x + width) // 1)), min(stage.height, -int(-(y + height) // 1))
    return left, top, right - left, bottom - top


@dataclass(frozen=True, slots=True)
class FilmedStill:
    """A still picture (`picture`: its size, px) that becomes `frames` frames of `size` px (even), at `fps` a second: those from
    frame `first` on of a move that takes `whole` frames (0: `frames`).

    `focus`, `movement`, `point`: as `view_path` takes them.
    """

    path: Path
    move: str
    picture: tuple[int, int]
    size: tuple[int, int]
    focus: float
    movement: float
    frames: int
    fps: int
    first: int = 0
    whole: int = 0
    point: tuple[float, float] | None = None

    @property
    def view_path(self) -> ViewPath:
        shape, seconds = self.size[0] / self.size[1], self._whole / self.fps
        return view_path(
            self.move,
            picture=self.picture,
            shape=shape,
            focus=self.focus,
            movement=self.movement,
            seconds=seconds,
            point=self.point,
        )

    def views(self) -> list[View]:
        """The view in each frame."""
        loops = next(move.loops for move in MOVES if move.name == self.move)
        last = self._whole if loops else max(1, self._whole - 1)
        path = self.view_path
        return [path.at(n / last) for n in range(self.first, self.first + self.frames)]

    @property
    def _whole(self) -> int:
        return self.whole or self.frames

    def canvas(self) -> tuple[int, int]:
        """Size in px (even) that the visible region is scaled to before it is filmed: as large as the narrowest view needs it,
        but not so large that the widest one leaves out pixels."""
        path = self.view_path
        scale = min(self.size[0] / path.narrowest, OVERSCAN * self.size[0] / path.widest)
        _, _, width, height = path.region
        return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"path": str(self.path)}


def still_of(values: dict[str, Any]) -> FilmedStill:
    """What `as_json` made."""
    sizes = {name: (int(values[name][0]), int(values[name][1])) for name in ("picture", "size")}
    return FilmedStill(**values | sizes | {"path": Path(values["path"])})
