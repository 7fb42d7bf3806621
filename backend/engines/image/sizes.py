"""The size a model draws for a requested size."""

from __future__ import annotations

from itertools import product
from math import log

from backend.engines.image.port import ModelCard
from backend.errors import Unsupported

MAX_ASPECT = 2.0


def fit_size(card: ModelCard, width: int, height: int) -> tuple[int, int]:
    """The drawn (width, height) in px: unchanged when the model can, else the size nearest in shape that it can draw.

    A model draws multiples of `step_px` from half its `side` to `longest_px`. Raises Unsupported for shapes longer than 2:1.
    """
    if width < 1 or height < 1 or max(width, height) > MAX_ASPECT * min(width, height):
        raise Unsupported(
            f"{card.title} cannot draw {width} x {height}: the long side may be twice the short one at most. Choose another."
        )
    longest = card.longest_px or card.side
    if all(side % card.step_px == 0 and card.side <= side * 2 and side <= longest for side in (width, height)):
        return width, height
    sides = [side for side in range(card.step_px, longest + 1, card.step_px) if side * 4 >= card.side * 3] or [card.side]
    return min(product(sides, sides), key=lambda size: _distance(size, (width, height), card.side))


def _distance(size: tuple[int, int], requested: tuple[int, int], side: int) -> float:
    """Distance to the requested size: shape first; among equals the area the model was trained at."""
    shape_distance = abs(log(size[0] / size[1] * requested[1] / requested[0]))
    return shape_distance + 0.1 * abs(log(size[0] * size[1] / side**2))
