"""Child side: changes a part of a picture. Around the mask is drawn at the model's size, then laid back pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from backend.engines.image import sizes
from backend.engines.image.port import ImageRequest, ModelCard
from backend.errors import Rejected

Box = tuple[int, int, int, int]
MARGIN = 0.35
"""Seen around the mask on each side, as a share of its size: what is drawn should fit what is there."""


@dataclass(frozen=True, slots=True)
class Painting:
    """`source` RGB and `mask` L (255 = draw anew) of the same size; `box` (left, top, right, bottom) of what is drawn."""

    source: Image.Image
    mask: Image.Image
    box: Box
    width: int
    height: int
    feather: int

    @classmethod
    def of(cls, request: ImageRequest, card: ModelCard) -> Painting:
        """Raises Rejected (unreadable, nothing painted), Unsupported (a shape the model cannot draw)."""
        assert request.init_image
        assert request.mask
        source = opened(request.init_image)
        mask = opened(request.mask).convert("L").resize(source.size, Image.Resampling.BILINEAR)
        mask = mask.point([0] * 128 + [255] * 128)
        painted = mask.getbbox()
        if painted is None:
            raise Rejected("Nothing is painted in the mask. Paint over what should change.")
        box = around(painted, source.size, card)
        width, height = sizes.fit(card, box[2] - box[0], box[3] - box[1])
        return cls(source, mask, box, width, height, request.feather)

    def start(self) -> Image.Image:
        return self.source.crop(self.box).resize((self.width, self.height), Image.Resampling.LANCZOS)

    def hole(self) -> Image.Image:
        """The mask as the model gets it."""
        return self.mask.crop(self.box).resize((self.width, self.height), Image.Resampling.BILINEAR)

    def put_back(self, drawn: Image.Image) -> Image.Image:
        """The source with what was drawn in its place. Where the mask is black nothing changes, not by one level."""
        left, top, right, bottom = self.box
        part = drawn.convert("RGB").resize((right - left, bottom - top), Image.Resampling.LANCZOS)
        whole = self.source.copy()
        whole.paste(part, (left, top), faded(self.mask, self.feather).crop(self.box))
        return whole


def around(painted: Box, size: tuple[int, int], card: ModelCard) -> Box:
    """What to draw of a picture of `size`: all of it when the model can, else the mask with a margin, in a shape for it."""
    if max(size) <= max(card.side, card.longest_px):
        return (0, 0, *size)
    spans = []
    for low, high, whole in ((painted[0], painted[2], size[0]), (painted[1], painted[3], size[1])):
        spans.append(min(whole, max(round((high - low) * (1 + 2 * MARGIN)), card.side)))
    shortest = -(-max(spans) * 2 // 3)
    width, height = (min(whole, max(span, shortest)) for span, whole in zip(spans, size, strict=True))
    left = min(max(0, (painted[0] + painted[2] - width) // 2), size[0] - width)
    top = min(max(0, (painted[1] + painted[3] - height) // 2), size[1] - height)
    return left, top, left + width, top + height


def faded(mask: Image.Image, feather: int) -> Image.Image:
    """The mask rising from its edge inwards over `feather` px; black stays black, and the picture's border is no edge."""
    if feather < 1:
        return mask
    levels, inner = np.zeros((mask.height, mask.width), np.uint16), mask
    for _ in range(feather):
        inner = inner.filter(ImageFilter.MinFilter(3))
        levels += np.asarray(inner, np.uint16) // 255
    painted = np.asarray(mask, np.uint16) // 255
    return Image.fromarray((((levels + painted) * 255) // (feather + 1)).astype(np.uint8))


def opened(path: Path) -> Image.Image:
    """Raises Rejected."""
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except (OSError, ValueError) as broken:
        raise Rejected("The start picture cannot be read. Choose another picture.") from broken
