"""Draws the pictures of the sample influencer: `python -m starter_model.sample_influencer OUT`.

One cartoon woman in several places and clothes, as `starter_model.pictures` draws them, in the format of a feed (1080 x 1350).
Writes OUT/NN.webp with its thumbnails and prints the perceptual hash of each, which `backend/onboarding/sample.json` has beside
what it shows: adding the sample then decodes nothing.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from PIL import Image

from backend.engines.local.starter_model.words import Attributes
from backend.media.images.picture_hash import dhash
from backend.media.images.pictures import write_thumbs
from starter_model import pictures, scenes

WIDTH, HEIGHT = 1080, 1350
HEAD_SIDE = 1060
FACE: Attributes = {"top": "bob", "hair": "auburn", "skin": "light", "glasses": None, "beard": None, "hat": "blue"}
_LOOKS = (
    ("cafe", "collarAndSweater", "green", "smile", "happy"),
    ("cafe", "overall", "blue", "twinkle", "default"),
    ("city", "blazerAndShirt", "black", "smile", "side"),
    ("forest", "hoodie", "turquoise", "smile", "closed"),
    ("sunset", "shirtVNeck", "white", "smile", "happy"),
    ("studio", "graphicShirt", "yellow", "tongue", "wink"),
    ("snow", "collarAndSweater", "red", "smile", "happy"),
    ("beach", "shirtScoopNeck", "pink", "smile", "default"),
    ("cafe", "blazerAndSweater", "grey", "eating", "closed"),
    ("gym", "shirtCrewNeck", "purple", "serious", "default"),
    ("yellow background", "hoodie", "orange", "disbelief", "surprised"),
    ("blue background", "shirtVNeck", "red", "smile", "hearts"),
    ("green background", "overall", "purple", "smile", "wink"),
    ("pink background", "blazerAndShirt", "blue", "twinkle", "squint"),
)
"""(scene, clothes, their colour, mouth, eyes) of each picture."""


def draw(n: int) -> Image.Image:
    """Picture `n`: the scene cut to the format, the head at its lower edge."""
    scene, clothes, cloth, mouth, eyes = _LOOKS[n]
    rng = random.Random(n)
    portrait = {**FACE, "scene": scene, "clothes": clothes, "cloth": cloth, "mouth": mouth, "eyes": eyes}
    background = pictures.raster(scenes.svg(rng, scene), HEIGHT)
    left = (HEIGHT - WIDTH) // 2
    picture = background.crop((left, 0, left + WIDTH, HEIGHT))
    head = pictures.raster(pictures.head_svg(rng, portrait), HEAD_SIDE)
    picture.alpha_composite(head, ((WIDTH - HEAD_SIDE) // 2, HEIGHT - HEAD_SIDE))
    return picture.convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for n in range(len(_LOOKS)):
        picture = draw(n)
        picture.save(out / f"{n:02}.webp", "WEBP", quality=82, method=6)
        write_thumbs(picture, out, f"{n:02}")
        print(f"{n:02} {dhash(picture)}")


if __name__ == "__main__":
    main()
