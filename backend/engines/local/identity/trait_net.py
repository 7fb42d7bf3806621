"""Child side: the frozen trait classifier in NumPy. Torch takes four seconds to import, this network four milliseconds to run.

The same numbers as `backend.engines.local.starter_model.classifier` (a test compares them), from the same weights.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file

from backend.engines.local.starter_model import HERE

FOLDER = HERE / "trait_weights"
_READ_SIDE = 128
_SIDE = 64
"""px a side: the size pictures are read at, and the network's input size if its card does not name one."""
_EPSILON = 1e-5
Array = NDArray[np.float32]


class NumpyTraitNet:
    """Bundled weights in memory (3 MB)."""

    def __init__(self) -> None:
        card = json.loads((FOLDER / "traits.json").read_text("utf-8"))
        self.heads: dict[str, list[str]] = card["heads"]
        self._side: int = card.get("side", _SIDE)
        self._w: dict[str, Any] = load_file(FOLDER / "traits.safetensors")
        self._layers = sum(name.startswith("f.") and name.endswith(".0.weight") for name in self._w)

    def traits(self, path: Path) -> dict[str, str]:
        """The likeliest value of every head. Raises OSError when it is no picture."""
        features = self._features(_pixels(path, self._side))
        return {head: values[int(np.argmax(self._linear(f"h.{head}", features)))] for head, values in self.heads.items()}

    def _features(self, picture: Array) -> Array:
        for n in range(self._layers):
            picture = np.maximum(self._normalised(f"f.{n}.1", self._convolved(f"f.{n}.0", picture)), 0)
        return np.maximum(self._linear(f"f.{self._layers + 1}", picture.reshape(-1)), 0)

    def _convolved(self, name: str, picture: Array) -> Array:
        """(C, H, W) to (C', H/2, W/2): 3 x 3, stride 2, padding 1."""
        weight = self._w[f"{name}.weight"]
        padded = np.pad(picture, ((0, 0), (1, 1), (1, 1)))
        patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
        convolved: Array = np.einsum("chwij,ocij->ohw", patches, weight, optimize=True) + self._w[f"{name}.bias"][:, None, None]
        return convolved

    def _normalised(self, name: str, picture: Array) -> Array:
        scale = self._w[f"{name}.weight"] / np.sqrt(self._w[f"{name}.running_var"] + _EPSILON)
        shift = self._w[f"{name}.bias"] - self._w[f"{name}.running_mean"] * scale
        normalised: Array = picture * scale[:, None, None] + shift[:, None, None]
        return normalised

    def _linear(self, name: str, features: Array) -> Array:
        product: Array = self._w[f"{name}.weight"] @ features + self._w[f"{name}.bias"]
        return product


def _pixels(path: Path, side: int) -> Array:
    """(3, side, side) in -1..1, as the classifier was trained: 128 px, then averaged down."""
    with Image.open(path) as opened:
        picture = np.asarray(opened.convert("RGB").resize((_READ_SIDE, _READ_SIDE), Image.Resampling.LANCZOS), np.float32)
    factor = _READ_SIDE // side
    smaller = picture.reshape(side, factor, side, factor, 3).mean((1, 3))
    pixels: Array = (smaller / 127.5 - 1).transpose(2, 0, 1).astype(np.float32)
    return pixels
