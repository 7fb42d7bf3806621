"""Child side: inpainting. A crop around the mask is drawn at the model's size, then pasted back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from backend.engines.ports.image import ImageRequest, ModelCard, fit_size
from backend.errors import Rejected
from backend.language import tr_lazy

Box = tuple[int, int, int, int]
MARGIN = 0.35
"""Context around the mask on each side, as a share of its size, so that the new part fits its surroundings."""


@dataclass(frozen=True, slots=True)
class Inpaint:
    """`source` RGB and `mask` L (255 = redraw) of the same size; `box` (left, top, right, bottom) of the drawn crop;
    `width`, `height`: the size it is drawn at, px."""

    source: Image.Image
    mask: Image.Image
    box: Box
    width: int
    height: int
    feather: int

    @classmethod
    def of(cls, request: ImageRequest, card: ModelCard) -> Inpaint:
        """Raises Rejected (unreadable, nothing painted), Unsupported (a shape the model cannot draw)."""
        assert request.init_image
        assert request.mask
        source = open_rgb(request.init_image)
        mask = open_rgb(request.mask).convert("L").resize(source.size, Image.Resampling.BILINEAR)
        mask = mask.point([0] * 128 + [255] * 128)
        painted = mask.getbbox()
        if painted is None:
            raise Rejected(tr_lazy("Nothing is painted in the mask. Paint over what should change."))
        box = crop_box(painted, source.size, card)
        width, height = fit_size(card, box[2] - box[0], box[3] - box[1])
        return cls(source, mask, box, width, height, request.feather)

    def source_crop(self) -> Image.Image:
        return self.source.crop(self.box).resize((self.width, self.height), Image.Resampling.LANCZOS)

    def mask_crop(self) -> Image.Image:
        """The mask of the crop, at the drawing size."""
        return self.mask.crop(self.box).resize((self.width, self.height), Image.Resampling.BILINEAR)

    def paste_back(self, drawn: Image.Image) -> Image.Image:
        """The source with `drawn` pasted under the mask. Where the mask is black every pixel stays identical."""
        left, top, right, bottom = self.box
        patch = drawn.convert("RGB").resize((right - left, bottom - top), Image.Resampling.LANCZOS)
        result = self.source.copy()
        result.paste(patch, (left, top), feathered(self.mask, self.feather).crop(self.box))
        return result


def crop_box(painted: Box, size: tuple[int, int], card: ModelCard) -> Box:
    """The crop to draw of a picture of `size`: all of it if the model can, else the mask with a margin, at most 3:2."""
    if max(size) <= max(card.side, card.longest_px):
        return (0, 0, *size)
    spans = []
    for start, end, length in ((painted[0], painted[2], size[0]), (painted[1], painted[3], size[1])):
        spans.append(min(length, max(round((end - start) * (1 + 2 * MARGIN)), card.side)))
    shortest = -(-max(spans) * 2 // 3)
    width, height = (min(length, max(span, shortest)) for span, length in zip(spans, size, strict=True))
    left = min(max(0, (painted[0] + painted[2] - width) // 2), size[0] - width)
    top = min(max(0, (painted[1] + painted[3] - height) // 2), size[1] - height)
    return left, top, left + width, top + height


def feathered(mask: Image.Image, feather: int) -> Image.Image:
    """The mask fading in from its edge over `feather` px; black stays black, and the picture's border is no edge."""
    if feather < 1:
        return mask
    levels, inner = np.zeros((mask.height, mask.width), np.uint16), mask
    for _ in range(feather):
        inner = inner.filter(ImageFilter.MinFilter(3))
        levels += np.asarray(inner, np.uint16) // 255
    painted = np.asarray(mask, np.uint16) // 255
    return Image.fromarray((((levels + painted) * 255) // (feather + 1)).astype(np.uint8))


def open_rgb(path: Path) -> Image.Image:
    """Raises Rejected."""
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except (OSError, ValueError) as error:
        raise Rejected(tr_lazy("The start image cannot be read. Choose another picture.")) from error
