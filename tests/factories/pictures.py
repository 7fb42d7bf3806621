"""Picture files and archives, good and bad, made on the spot."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image


def photo(seed: int = 0, *, size: tuple[int, int] = (256, 256), kind: str = "JPEG", mode: str = "RGB", **save: Any) -> bytes:
    """A sharp picture, different for each seed."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (8, 8, 3), np.uint8)
    picture = Image.fromarray(coarse).resize(size, Image.Resampling.NEAREST)
    out = io.BytesIO()
    picture.convert(mode).save(out, kind, **save)
    return out.getvalue()


def blurred_photo(seed: int = 0) -> bytes:
    random = np.random.default_rng(seed)
    coarse = random.integers(90, 160, (4, 4, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((256, 256), Image.Resampling.BICUBIC).save(out, "JPEG")
    return out.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()
