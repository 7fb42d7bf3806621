"""Camera moves over a still, as arithmetic: where the view is at every moment. Pure; formulas are ffmpeg's expressions.

A view is a window of the film's shape on the picture. It never leaves the picture, it moves by parts of a pixel, and it starts
and stops softly; the moves that breathe (`loops`) end exactly where they begin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """`loops`: the last frame leads into the first."""

    name: str
    title: str
    note: str
    loops: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """The view over time, in px of the picture: centre, width (its height follows) and turn in radians, each a formula of `P`.

    `P` runs from 0 (first frame) to 1 (last frame; for moves that loop: one frame after the last). `region` x, y, width,
    height: what of the picture is ever seen, whole px. `narrowest`, `widest`: least and greatest width of the view.
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
    """The picture, the film's shape (width / height), what is kept of the longer side, how much moves 0..1, for how long."""

    width: int
    height: int
    shape: float
    focus: float
    movement: float
    seconds: float

    def base(self, most: tuple[float, float] | None = None) -> tuple[float, float, float, float]:
        """x, y, width, height of the largest window of the film's shape; `most`: no larger than this."""
        wide, high = most or (float(self.width), float(self.height))
        width = min(wide, high * self.shape)
        height = width / self.shape
        return (self.width - width) * self.focus, (self.height - height) * self.focus, width, height


MOVES = (
    Move("push-in", "Push in", "The camera comes closer."),
    Move("pull-out", "Pull out", "The camera moves away until all is seen."),
    Move("pan-left", "Pan left", "The camera travels to the left."),
    Move("pan-right", "Pan right", "The camera travels to the right."),
    Move("pan-up", "Pan up", "The camera travels upwards."),
    Move("pan-down", "Pan down", "The camera travels downwards."),
    Move("drift", "Drift", "Floats in a slow loop; it can be repeated without a seam.", loops=True),
    Move("handheld", "Handheld", "Sways as if somebody held the phone; it can be repeated without a seam.", loops=True),
)
_SOFT = "(P-0.8*sin(2*PI*P)/(2*PI))"
"""0..1 as P: a fifth of the speed at both ends, 1.8 times of it in the middle."""


def path(name: str, *, picture: tuple[int, int], shape: float, focus: float, movement: float, seconds: float) -> Path:
    """The view of move `name` on a picture of this size. `shape`: width / height of the film. `focus` 0..1: which part of a
    longer side is in the middle. Raises KeyError."""
    return _PATHS[name](_Stage(*picture, shape, focus, movement, seconds))


def _zoomed(stage: _Stage, exponent: str) -> Path:
    """By the same factor each moment: that looks even, the same number of px would not."""
    x, y, width, height = stage.base()
    most = 1 + _between(0.08, 0.4, stage.movement)
    seen = f"({width:.6f}/pow({most:.6f},{exponent}))"
    return Path(_whole(stage, x, y, width, height), _n(x + width / 2), _n(y + height / 2), seen, "0", width / most, width)


def _pan(stage: _Stage, *, across: bool, back: bool) -> Path:
    """Over as much as is wanted of what the crop left out; where there is too little of that, a little closer."""
    share = _between(0.08, 0.7, stage.movement)
    room = (stage.width / (1 + share), float(stage.height)) if across else (float(stage.width), stage.height / (1 + share))
    _, _, width, height = stage.base(room)
    travel = share * (width if across else height)
    whole = (width + travel, height) if across else (width, height + travel)
    x, y = (stage.width - whole[0]) * stage.focus, (stage.height - whole[1]) * stage.focus
    at = f"{travel:.6f}*" + (f"(1-{_SOFT})" if back else _SOFT)
    middle = _n(x + width / 2), _n(y + height / 2)
    moving = (f"({middle[0]}+{at})", middle[1]) if across else (middle[0], f"({middle[1]}+{at})")
    return Path(_whole(stage, x, y, *whole), *moving, _n(width), "0", width, width)


def _drift(stage: _Stage) -> Path:
    x, y, width, height = stage.base()
    sway, breath = _between(0.012, 0.05, stage.movement), _between(0.01, 0.06, stage.movement)
    widest = width * (1 - 2 * sway)
    seen = f"({widest:.6f}*(1-{breath / 2:.6f}*(1-cos(2*PI*P))))"
    middle = (
        f"({x + width / 2:.6f}+{width * sway:.6f}*sin(2*PI*P))",
        f"({y + height / 2:.6f}+{height * sway * 0.6:.6f}*sin(4*PI*P))",
    )
    return Path(_whole(stage, x, y, width, height), *middle, seen, "0", widest * (1 - breath), widest)


def _handheld(stage: _Stage) -> Path:
    """Two slow waves a direction and a small turn, in whole numbers of waves, so that the end meets the beginning."""
    x, y, width, height = stage.base()
    sway, turn = _between(0.006, 0.028, stage.movement), _between(0.002, 0.009, stage.movement)
    tall = max(height / width, width / height)
    # A turned window reaches further: by the turn times its other side.
    seen = width * (1 - 2 * sway - 2 * turn * tall)
    slow, quick = _waves(stage, 0.22), _waves(stage, 0.55)
    middle = (
        f"({x + width / 2:.6f}+{width * sway:.6f}*(0.7*sin(2*PI*{slow}*P)+0.3*sin(2*PI*{quick}*P)))",
        f"({y + height / 2:.6f}+{height * sway:.6f}*(0.7*sin(2*PI*{quick}*P)+0.3*sin(2*PI*{slow + quick}*P)))",
    )
    return Path(_whole(stage, x, y, width, height), *middle, _n(seen), f"{turn:.6f}*sin(2*PI*{slow}*P)", seen, seen)


_PATHS: dict[str, Callable[[_Stage], Path]] = {
    "push-in": lambda stage: _zoomed(stage, _SOFT),
    "pull-out": lambda stage: _zoomed(stage, f"(1-{_SOFT})"),
    "pan-left": lambda stage: _pan(stage, across=True, back=True),
    "pan-right": lambda stage: _pan(stage, across=True, back=False),
    "pan-up": lambda stage: _pan(stage, across=False, back=True),
    "pan-down": lambda stage: _pan(stage, across=False, back=False),
    "drift": _drift,
    "handheld": _handheld,
}


def _waves(stage: _Stage, a_second: float) -> int:
    return max(1, round(a_second * stage.seconds))


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _n(value: float) -> str:
    return f"{value:.6f}"


def _whole(stage: _Stage, x: float, y: float, width: float, height: float) -> tuple[int, int, int, int]:
    """Outwards to whole px, inside the picture."""
    left, top = max(0, int(x)), max(0, int(y))
    right, bottom = min(stage.width, -int(-(x + width) // 1)), min(stage.height, -int(-(y + height) // 1))
    return left, top, right - left, bottom - top
