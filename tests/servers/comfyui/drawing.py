"""Values that nodes pass on, and pictures that depend on everything that made them: real pixels without a model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

Pixels = np.ndarray
"""(height, width, 3), 0..255 as float32."""


@dataclass(frozen=True)
class Latent:
    """`picture`: what it was encoded from, None: empty. `mask`: 0..1 where it may change."""

    width: int
    height: int
    count: int = 1
    picture: Pixels | None = None
    mask: Pixels | None = None

    def scaled(self, width: int, height: int) -> Latent:
        picture = None if self.picture is None else scaled(self.picture, width, height)
        return replace(self, width=width, height=height, picture=picture)


def colour_field(signature: str, latent: Latent, denoise: float, n: int = 0) -> Pixels:
    """A soft field of colours that `signature` decides, over what was there as far as `denoise` (0..1) and the mask let it."""
    rng = np.random.default_rng(int(signature[:16], 16) + n)
    rough = Image.fromarray(rng.integers(30, 226, (6, 6, 3), np.uint8))
    field = np.asarray(rough.resize((latent.width, latent.height), Image.Resampling.BILINEAR), np.float32)
    under = latent.picture
    if under is None:
        return field
    share = np.full((latent.height, latent.width, 1), denoise, np.float32)
    if latent.mask is not None:
        share = share * scaled(latent.mask, latent.width, latent.height)
    return under * (1 - share) + field * share


def scaled(pixels: Pixels, width: int, height: int) -> Pixels:
    """(h, w, 3) or a mask (h, w), which comes back as (h, w, 1)."""
    if pixels.ndim == 2:
        mask = Image.fromarray((pixels * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(mask, np.float32)[..., None] / 255
    whole = Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(whole, np.float32)


def load_picture(path: Path) -> tuple[Pixels, Pixels]:
    """(picture, mask): the mask is one minus alpha, 64 x 64 zeros without one, as the real LoadImage gives."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"), np.float32)
        if "A" in picture.getbands():
            return pixels, 1 - np.asarray(picture.getchannel("A"), np.float32) / 255
        return pixels, np.zeros((64, 64), np.float32)


def image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))
