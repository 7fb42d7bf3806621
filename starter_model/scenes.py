"""The backgrounds of the portraits, as our own SVG. Each has three fixed variations."""

from __future__ import annotations

import random
from collections.abc import Callable

Draw = Callable[[random.Random], str]
_PLAIN = {
    "pink background": "#f9b8d0",
    "blue background": "#a9d3f5",
    "yellow background": "#fbe48f",
    "green background": "#b5e3bd",
}


def svg(rng: random.Random, scene: str) -> str:
    """One of three variations of `scene`, 128 x 128."""
    chance = random.Random(scene + str(rng.randrange(3)))
    shapes = _full(_PLAIN[scene]) if scene in _PLAIN else _SCENES[scene](chance)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128">{shapes}</svg>'


def _full(colour: str) -> str:
    return _box(0, 0, 128, 128, colour)


def _box(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{colour}"/>'


def _disc(x: float, y: float, radius: float, colour: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}"/>'


def _shape(points: str, colour: str) -> str:
    return f'<polygon points="{points}" fill="{colour}"/>'


def _beach(r: random.Random) -> str:
    sand, sea, x = r.uniform(66, 80), r.uniform(50, 60), r.uniform(20, 108)
    sun = _disc(x, r.uniform(14, 30), r.uniform(8, 12), "#fff2a8")
    return _full("#9ad8f5") + sun + _box(0, sea, 128, 80, "#2f9fc4") + _box(0, sand, 128, 70, "#f1d9a0")


def _sunset(r: random.Random) -> str:
    stops = ((0, "#5b2a86"), (0.55, "#f2674a"), (1, "#ffd27a"))
    marks = "".join(f'<stop offset="{at}" stop-color="{colour}"/>' for at, colour in stops)
    sky = f'<defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1">{marks}</linearGradient></defs>' + _full("url(#g)")
    return sky + _disc(r.uniform(20, 108), r.uniform(60, 84), r.uniform(12, 18), "#ffe9a3")


def _city(r: random.Random) -> str:
    houses = "".join(
        _box(i * 16 + r.uniform(-3, 3), r.uniform(24, 80), r.uniform(11, 16), 110, r.choice(["#35435e", "#4a5b7d", "#2b364d"]))
        for i in range(9)
    )
    windows = "".join(_box(r.randrange(0, 31) * 4 + 1, r.randrange(10, 31) * 4, 2, 2, "#ffe08a") for _ in range(60))
    return _full("#1d2740") + houses + windows


def _forest(r: random.Random) -> str:
    places = [(r.uniform(-6, 134), r.uniform(10, 62)) for _ in range(16)]
    greens = ["#1f6b3a", "#2d8a4c", "#185430"]
    trees = "".join(_shape(f"{x - 14},{y + 46} {x + 14},{y + 46} {x},{y}", r.choice(greens)) for x, y in places)
    return _full("#bfe6cf") + trees + _box(0, 104, 128, 30, "#3c7a3f")


def _gym(r: random.Random) -> str:
    places = ((18, 40), (18, 60), (110, 40), (110, 60), (64, 12))
    weights = "".join(
        _box(x - 10, y - 1.5, 20, 3, "#555") + _box(x - 13, y - 6, 5, 12, "#222") + _box(x + 8, y - 6, 5, 12, "#222")
        for x, y in places
    )
    return _full("#cfd3d8") + _box(0, 86, 128, 42, "#6b7078") + _box(0, r.uniform(22, 26), 128, 4, "#e0453a") + weights


def _cafe(r: random.Random) -> str:
    lamps = [
        (r.uniform(left, left + 16), r.uniform(low, high)) for left, low, high in ((12, 10, 20), (56, 4, 10), (100, 10, 20))
    ]
    lamp_shapes = "".join(
        f'<line x1="{x}" y1="0" x2="{x}" y2="{y}" stroke="#3b2414" stroke-width="1"/>' + _disc(x, y + 5, 6, "#ffdd8f")
        for x, y in lamps
    )
    wall = _full("#8a5a3c") + _box(0, r.uniform(84, 92), 128, 44, "#5c3822")
    return wall + _box(6, 44, 30, 24, "#c99b6d") + _box(94, 44, 28, 24, "#c99b6d") + lamp_shapes


def _snow(r: random.Random) -> str:
    flakes = "".join(_disc(r.uniform(0, 128), r.uniform(0, 128), r.uniform(0.8, 1.8), "#fff") for _ in range(40))
    left = _shape(f"-10,100 {r.uniform(20, 40)},{r.uniform(24, 40)} 70,100", "#7d93ad")
    right = _shape(f"50,100 {r.uniform(85, 105)},{r.uniform(18, 36)} 140,100", "#8ea4bf")
    return _full("#a9c3de") + left + right + _box(0, 96, 128, 40, "#f3f7fb") + flakes


def _studio(r: random.Random) -> str:
    return _full(r.choice(["#e8e8ea", "#dfe7ee", "#f0e9e2"]))


_SCENES: dict[str, Draw] = {
    "beach": _beach,
    "sunset": _sunset,
    "city": _city,
    "forest": _forest,
    "gym": _gym,
    "cafe": _cafe,
    "snow": _snow,
    "studio": _studio,
}
