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

from backend.engines.local.starter_model.words import (
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
    portrait = attributes(rng) | (fixed or {})
    return draw(rng, portrait), portrait


def attributes(rng: random.Random) -> Attributes:
    """What a random portrait shows. Beards only below short hair."""
    portrait: Attributes = {
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
    portrait["beard"] = rng.choice(list(BEARDS)) if portrait["top"] not in MOSTLY_WOMEN and rng.random() < 0.3 else None
    portrait["hat"] = rng.choice(list(CLOTH_COLORS))
    return portrait


def training_attributes(rng: random.Random) -> Attributes:
    """Random attributes of a portrait for training: never a held-out combination."""
    while held_out(portrait := attributes(rng)):
        pass
    return portrait


def draw(rng: random.Random, portrait: Attributes, side: int = SIDE) -> Image.Image:
    """The portrait with these attributes, `side` px (a multiple of 64)."""
    picture = raster(scenes.svg(rng, portrait["scene"]), side)
    head_side, head_at = HEAD_SIDE * side // SIDE, (HEAD_AT[0] * side // SIDE, HEAD_AT[1] * side // SIDE)
    head = raster(head_svg(rng, portrait), side).resize((head_side, head_side), Image.Resampling.LANCZOS)
    picture.alpha_composite(head, head_at)
    return picture.convert("RGB")


def head_svg(rng: random.Random, portrait: Attributes) -> str:
    from dicebear import Avatar

    options: dict[str, Any] = {
        "seed": str(rng.random()),
        "topVariant": [portrait["top"]],
        "hairColor": [HAIR_COLORS[portrait["hair"]]],
        "skinColor": [SKINS[portrait["skin"]]],
        "clothesVariant": [portrait["clothes"]],
        "clothesColor": [CLOTH_COLORS[portrait["cloth"]]],
        "mouthVariant": [portrait["mouth"]],
        "eyesVariant": [portrait["eyes"]],
        "eyebrowsVariant": ["default"],
        "hatColor": [CLOTH_COLORS[portrait["hat"]]],
        "accessoriesColor": ["#262e33"],
        "topProbability": 100,
        "accessoriesProbability": 100 if portrait["glasses"] else 0,
        "facialHairProbability": 100 if portrait["beard"] else 0,
        "facialHairColor": [HAIR_COLORS[portrait["hair"]]],
    }
    options |= {"accessoriesVariant": [portrait["glasses"]]} if portrait["glasses"] else {}
    options |= {"facialHairVariant": [portrait["beard"]]} if portrait["beard"] else {}
    return str(Avatar(_style(), options).to_string())


@cache
def _style() -> Any:
    import dicebear_styles
    from dicebear import Style

    [file] = Path(next(iter(dicebear_styles.__path__))).rglob("avataaars.json")
    return Style(json.loads(file.read_text("utf-8")))


def raster(svg: str, side: int) -> Image.Image:
    import resvg_py

    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=side, height=side)))).convert("RGBA")


def nth_picture(n: int, seed: int, side: int) -> tuple[np.ndarray[Any, Any], Attributes]:
    """Picture `n` of `seed`: the same in any process and order."""
    rng = random.Random(f"{seed}/{n}")
    portrait = training_attributes(rng)
    return np.asarray(draw(rng, portrait, side)), portrait


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--side", type=int, default=SIDE)
    options = parser.parse_args()
    labels, shape = [], (options.count, options.side, options.side, 3)
    pixels = np.lib.format.open_memmap(options.out.with_suffix(".npy"), "w+", np.uint8, shape)
    with multiprocessing.Pool(os.cpu_count()) as pool:
        pictures = pool.imap(partial(nth_picture, seed=options.seed, side=options.side), range(options.count), chunksize=64)
        for n, (picture, portrait) in enumerate(pictures):
            pixels[n] = picture
            labels.append(portrait)
    options.out.with_suffix(".json").write_text(json.dumps(labels), "utf-8")


if __name__ == "__main__":
    main()
