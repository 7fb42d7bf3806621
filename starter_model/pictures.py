"""Draws labelled cartoon portraits, for training: `python -m starter_model.pictures COUNT SEED OUT`.

Heads: avataaars by Pablo Stanley ("free for personal and commercial use") through dicebear-core and dicebear-styles (MIT),
which return the chosen options, so that every picture is labelled. Scenes: our own SVG. resvg-py (MIT) draws both.
Writes OUT.npy (count, side, side, 3) bytes and OUT.json, a list of attributes; no combination held out for evaluation.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import random
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from backend.engines.starter_model.words import (
    BEARDS,
    CLOTH_COLORS,
    CLOTHES,
    EYES,
    GLASSES,
    HAIR_COLORS,
    MOSTLY_WOMEN,
    MOUTHS,
    SCENES,
    SKINS,
    TOPS,
    Attributes,
)
from starter_model import scenes
from starter_model.combinations import held_out

SIDE = 128
HEAD_SIDE, HEAD_AT = 124, (2, 4)  # always at the same place: learning is several times faster than with jitter


def sample(rng: random.Random, fixed: Attributes | None = None) -> tuple[Image.Image, Attributes]:
    """A random portrait, with `fixed` attributes as given, and what it shows."""
    seen = attributes(rng) | (fixed or {})
    return draw(rng, seen), seen


def attributes(rng: random.Random) -> Attributes:
    """What a random portrait shows. Beards only below short hair."""
    seen: Attributes = {
        "top": rng.choice(list(TOPS)),
        "hair": rng.choice(list(HAIR_COLORS)),
        "skin": rng.choice(list(SKINS)),
        "clothes": rng.choice(list(CLOTHES)),
        "cloth": rng.choice(list(CLOTH_COLORS)),
        "mouth": rng.choices(list(MOUTHS), [4, 4, 2, 1, 1, 1, 1, 1, 1])[0],
        "eyes": rng.choices(list(EYES), [6, 2, 1, 1, 1, 1, 1, 1])[0],
        "glasses": rng.choice(list(GLASSES)) if rng.random() < 0.4 else None,
        "scene": rng.choice(list(SCENES)),
    }
    seen["beard"] = rng.choice(list(BEARDS)) if seen["top"] not in MOSTLY_WOMEN and rng.random() < 0.3 else None
    seen["hat"] = rng.choice(list(CLOTH_COLORS))
    return seen


def known(rng: random.Random) -> Attributes:
    """What a portrait for training shows: never a combination that is held out."""
    while held_out(seen := attributes(rng)):
        pass
    return seen


def draw(rng: random.Random, seen: Attributes, side: int = SIDE) -> Image.Image:
    """The portrait with these attributes, `side` px (a multiple of 64)."""
    picture = _raster(scenes.svg(rng, seen["scene"]), side)
    head_side, head_at = HEAD_SIDE * side // SIDE, (HEAD_AT[0] * side // SIDE, HEAD_AT[1] * side // SIDE)
    head = _raster(_head(rng, seen), side).resize((head_side, head_side), Image.Resampling.LANCZOS)
    picture.alpha_composite(head, head_at)
    return picture.convert("RGB")


def _head(rng: random.Random, seen: Attributes) -> str:
    from dicebear import Avatar

    options: dict[str, Any] = {
        "seed": str(rng.random()),
        "topVariant": [seen["top"]],
        "hairColor": [HAIR_COLORS[seen["hair"]]],
        "skinColor": [SKINS[seen["skin"]]],
        "clothesVariant": [seen["clothes"]],
        "clothesColor": [CLOTH_COLORS[seen["cloth"]]],
        "mouthVariant": [seen["mouth"]],
        "eyesVariant": [seen["eyes"]],
        "eyebrowsVariant": ["default"],
        "hatColor": [CLOTH_COLORS[seen["hat"]]],
        "accessoriesColor": ["#262e33"],
        "topProbability": 100,
        "accessoriesProbability": 100 if seen["glasses"] else 0,
        "facialHairProbability": 100 if seen["beard"] else 0,
        "facialHairColor": [HAIR_COLORS[seen["hair"]]],
    }
    options |= {"accessoriesVariant": [seen["glasses"]]} if seen["glasses"] else {}
    options |= {"facialHairVariant": [seen["beard"]]} if seen["beard"] else {}
    return str(Avatar(_style(), options).to_string())


@cache
def _style() -> Any:
    import dicebear_styles
    from dicebear import Style

    [file] = Path(next(iter(dicebear_styles.__path__))).rglob("avataaars.json")
    return Style(json.loads(file.read_text("utf-8")))


def _raster(svg: str, side: int) -> Image.Image:
    import resvg_py

    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=side, height=side)))).convert("RGBA")


def numbered(n: int, seed: int, side: int) -> tuple[np.ndarray[Any, Any], Attributes]:
    """Picture `n` of `seed`: the same whoever draws it, in any order."""
    rng = random.Random(f"{seed}/{n}")
    seen = known(rng)
    return np.asarray(draw(rng, seen, side)), seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--side", type=int, default=SIDE)
    asked = parser.parse_args()
    labels, shape = [], (asked.count, asked.side, asked.side, 3)
    pixels = np.lib.format.open_memmap(asked.out.with_suffix(".npy"), "w+", np.uint8, shape)
    with multiprocessing.Pool(os.cpu_count()) as pool:
        drawn = pool.imap(partial(numbered, seed=asked.seed, side=asked.side), range(asked.count), chunksize=64)
        for n, (picture, seen) in enumerate(drawn):
            pixels[n] = picture
            labels.append(seen)
    asked.out.with_suffix(".json").write_text(json.dumps(labels), "utf-8")


if __name__ == "__main__":
    main()
