"""Reads LoRA files without trusting them and without torch: the header says nearly everything."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from safetensors import SafetensorError, safe_open

from backend.errors import Invalid

MAX_HEADER = 16 * 1024 * 1024
MAX_TENSORS = 20_000
"""The largest LoRAs and checkpoints known have 6,000."""
_WIDTHS = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip
_MOST_SIDES = 16
_FLOATS = {"F64": np.float64, "F32": np.float32, "F16": np.float16}
_EXPONENTS = {"BF16": 0x7F80, "F8_E5M2": 0x7C, "F8_E4M3": 0x7F}
"""Of what numpy has no numbers for: which bits are all set where a number is none."""
_PIECE = 1 << 24
_KEY = re.compile(r"^lora_(unet|te|te1|te2)_\w+\.(lora_down\.weight|lora_up\.weight|alpha)$")
_BASES = {"sd_v1": "sd15", "sd_v2": "sd21", "sd_v2_v": "sd21", "sdxl_base_v1-0": "sdxl"}
_ARCHITECTURES = {"stable-diffusion-v1": "sd15", "stable-diffusion-v2": "sd21", "stable-diffusion-xl-v1-base": "sdxl"}
_TEXT_WIDTHS = {768: "sd15", 1024: "sd21", 2048: "sdxl"}


@dataclass(frozen=True, slots=True)
class LoraCard:
    """`base`: model family (`sd15`, `sd21`, `sdxl`, `starter-128`, …; "" unknown). `dim`, `alpha`: the commonest pair.

    `keys_ok`: every tensor is one of kohya's LoRA layout and complete. `tensors`: how many. `metadata`: as written.
    """

    base: str
    dim: int
    alpha: float
    tensors: int
    keys_ok: bool
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor lies: `start`, `end` are byte offsets in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def inspect(path: Path) -> LoraCard:
    """What a LoRA file says of itself; reads the header and one number. Raises Invalid with a sentence."""
    tensors, metadata = header(path)
    downs = {key: tensor for key, tensor in tensors.items() if key.endswith(".lora_down.weight")}
    dims = [tensor.shape[0] for tensor in downs.values() if tensor.shape]
    dim = max(set(dims), key=dims.count) if dims else 0
    return LoraCard(
        base=_base(downs, metadata),
        dim=dim,
        alpha=_alpha(path, tensors, downs, dim),
        tensors=len(tensors),
        keys_ok=bool(downs) and all(_KEY.match(key) for key in tensors) and _complete(tensors),
        metadata=metadata,
    )


def header(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Every tensor's place and the metadata. Raises Invalid when the file is no whole safetensors file.

    Tensors follow one another without gap or overlap from the first byte after the header to the last of the file: the
    format demands it, its own library checks it, and so nobody who reads them all reads more than the file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
        if not 2 <= length <= min(MAX_HEADER, size - 8):
            # Only now: a header of 128 bytes begins like a pickle, one of 19,280 like a ZIP
            if head[:2] == b"PK" or head[:1] == b"\x80":
                raise Invalid(
                    "This is a pickle file, which can run programs. Only .safetensors files are accepted: convert it first."
                )
            raise Invalid("This is not a .safetensors file, or it is cut off. Download or export it again.")
        raw = file.read(length)
    try:
        table = json.loads(raw)
        metadata = {str(key): str(value) for key, value in table.pop("__metadata__", {}).items()}
        tensors = {name: _tensor(entry, 8 + length) for name, entry in table.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as broken:
        raise Invalid("The header of this .safetensors file is broken. Download or export it again.") from broken
    if len(tensors) > MAX_TENSORS:
        raise Invalid(f"This file lists {len(tensors):,} tensors; no model has more than {MAX_TENSORS:,}. Export it again.")
    if any(tensor.end > size for tensor in tensors.values()):
        raise Invalid("This .safetensors file is cut off. Download or export it again.")
    try:
        with safe_open(path, framework="np"):
            pass
    except SafetensorError as broken:
        raise Invalid("The header of this .safetensors file is broken. Download or export it again.") from broken
    return tensors, metadata


def finite(path: Path) -> bool:
    """Whether every number in the file is finite. Reads it all, a piece at a time. Raises Invalid like `header`."""
    tensors, _ = header(path)
    with path.open("rb") as file:
        return all(_finite(file, tensor) for tensor in sorted(tensors.values(), key=lambda one: one.start))


def _tensor(entry: dict[str, Any], data_at: int) -> Tensor:
    if len(entry["shape"]) > _MOST_SIDES:
        raise ValueError("a tensor has too many sides")
    shape = tuple(int(side) for side in entry["shape"])
    start, end = (int(offset) for offset in entry["data_offsets"])
    if start < 0 or min(shape, default=1) < 0 or end - start != math.prod(shape) * _WIDTHS[entry["dtype"]]:
        raise ValueError("a tensor's size and shape disagree")
    return Tensor(entry["dtype"], shape, data_at + start, data_at + end)


def _finite(file: BinaryIO, tensor: Tensor) -> bool:
    if tensor.dtype not in {*_FLOATS, *_EXPONENTS}:
        return True
    file.seek(tensor.start)
    for at in range(tensor.start, tensor.end, _PIECE):
        raw = file.read(min(_PIECE, tensor.end - at))
        if mask := _EXPONENTS.get(tensor.dtype):
            bits: Any = np.frombuffer(raw, np.uint16 if tensor.dtype == "BF16" else np.uint8)
            good = bool(((bits & mask) != mask).all())
        else:
            good = bool(np.isfinite(np.frombuffer(raw, _FLOATS[tensor.dtype])).all())
        if not good:
            return False
    return True


def _complete(tensors: dict[str, Tensor]) -> bool:
    modules = {key.partition(".")[0] for key in tensors}
    return all({f"{name}.lora_down.weight", f"{name}.lora_up.weight"} <= tensors.keys() for name in modules)


def claimed_base(metadata: Mapping[str, str]) -> str:
    """The family the file says it is for, in our word where we have one; "" when it says nothing."""
    if said := metadata.get("ss_base_model_version", ""):
        return _BASES.get(said, said)
    said = metadata.get("modelspec.architecture", "").partition("/")[0]
    return _ARCHITECTURES.get(said, "")


def _base(downs: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    if metadata.get("ss_base_model_version") or metadata.get("modelspec.architecture"):
        return claimed_base(metadata)
    widths = [
        tensor.shape[1]
        for key, tensor in downs.items()
        if key.endswith("attn2_to_k.lora_down.weight") and len(tensor.shape) == 2
    ]
    return _TEXT_WIDTHS.get(widths[0], "") if widths else ""


def _alpha(path: Path, tensors: Mapping[str, Tensor], downs: Mapping[str, Tensor], dim: int) -> float:
    """The first module's alpha; without one kohya's rule is alpha = dim."""
    for key in downs:
        tensor = tensors.get(key.replace(".lora_down.weight", ".alpha"))
        if tensor and tensor.end - tensor.start == _WIDTHS[tensor.dtype]:
            with path.open("rb") as file:
                return number(file, tensor)
    return float(dim)


def number(file: BinaryIO, tensor: Tensor) -> float:
    """A tensor of one number. Raises Invalid when it has more."""
    if tensor.end - tensor.start != _WIDTHS[tensor.dtype]:
        raise Invalid("An alpha of this LoRA is not one number. Export it again.")
    file.seek(tensor.start)
    raw = file.read(tensor.end - tensor.start)
    if tensor.dtype == "BF16":
        return float(np.frombuffer(b"\0\0" + raw, np.float32)[0])
    return float(np.frombuffer(raw, _FLOATS.get(tensor.dtype, np.uint8))[0])
