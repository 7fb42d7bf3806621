"""Checkpoint files with the names and shapes of real ones and hardly any bytes: the weights are a hole in a sparse file."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

CONV_IN = "model.diffusion_model.input_blocks.0.0.weight"
CROSS = "model.diffusion_model.input_blocks.{}.1.transformer_blocks.0.attn2.to_k.weight"
SHAPES: dict[str, dict[str, tuple[int, ...]]] = {
    "sd15": {CONV_IN: (320, 4, 3, 3), CROSS.format(1): (320, 768), CROSS.format(4): (640, 768)},
    "sd21": {CONV_IN: (320, 4, 3, 3), CROSS.format(1): (320, 1024)},
    "sdxl": {CONV_IN: (320, 4, 3, 3), CROSS.format(4): (640, 2048), "conditioner.embedders.1.model.logit_scale": ()},
    "flux": {
        "model.diffusion_model.double_blocks.0.img_attn.qkv.weight": (9216, 3072),
        "model.diffusion_model.double_blocks.0.img_mod.lin.weight": (18432, 3072),
        "model.diffusion_model.img_in.weight": (3072, 64),
    },
}


def write_checkpoint(
    path: Path, family: str = "", *, shapes: Mapping[str, tuple[int, ...]] | None = None, dtype: str = "F16"
) -> Path:
    """A whole safetensors file of that family (a key of SHAPES), or with the tensors of `shapes`."""
    tensor_shapes = SHAPES[family] if shapes is None else shapes
    width = 1 if dtype.startswith("F8") else 2
    entries, at = {}, 0
    for name, shape in tensor_shapes.items():
        size = math.prod(shape) * width
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(entries).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        file.truncate(8 + len(head) + at)
    return path
