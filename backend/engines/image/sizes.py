"""Which size a model really draws when a certain size is asked for."""

from __future__ import annotations

from itertools import product
from math import log

from backend.engines.image.port import ModelCard
from backend.errors import Unsupported

LONGEST_SHAPE = 2.0


def fit(card: ModelCard, width: int, height: int) -> tuple[int, int]:
    """The drawn (width, height) in px: unchanged when the model can, else the size nearest in shape that it can draw.

    A model draws multiples of `step_px` from half its `side` to `longest_px`. Raises Unsupported for shapes longer than 2:1.
    """
    if width < 1 or height < 1 or max(width, height) > LONGEST_SHAPE * min(width, height):
        raise Unsupported(
            f"{card.title} cannot draw {width} x {height}: the long side may be twice the short one at most. Choose another."
        )
    longest = card.longest_px or card.side
    if all(side % card.step_px == 0 and card.side <= side * 2 and side <= longest for side in (width, height)):
        return width, height
    sides = [side for side in range(card.step_px, longest + 1, card.step_px) if side * 4 >= card.side * 3] or [card.side]
    return min(product(sides, sides), key=lambda size: _distance(size, (width, height), card.side))


def _distance(size: tuple[int, int], wanted: tuple[int, int], side: int) -> float:
    """Shape first; among equals the area the model was trained at."""
    shape = abs(log(size[0] / size[1] * wanted[1] / wanted[0]))
    return shape + 0.1 * abs(log(size[0] * size[1] / side**2))
