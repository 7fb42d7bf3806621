"""Reads LoRA files without trusting them and without torch: the header says nearly everything."""

from __future__ import annotations

import json
import math
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from backend.errors import Invalid

MAX_HEADER = 16 * 1024 * 1024
_WIDTHS = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip
_MOST_SIDES = 16
_FLOATS = {"F64": np.float64, "F32": np.float32, "F16": np.float16}
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
    """Every tensor's place and the metadata. Raises Invalid when the file is no whole safetensors file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        if head[:2] == b"PK" or head[:1] == b"\x80":
            raise Invalid(
                "This is a pickle file, which can run programs. Only .safetensors files are accepted: convert it first."
            )
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
        if not 2 <= length <= min(MAX_HEADER, size - 8):
            raise Invalid("This is not a .safetensors file, or it is cut off. Download or export it again.")
        raw = file.read(length)
    try:
        table = json.loads(raw)
        metadata = {str(key): str(value) for key, value in table.pop("__metadata__", {}).items()}
        tensors = {name: _tensor(entry, 8 + length) for name, entry in table.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as broken:
        raise Invalid("The header of this .safetensors file is broken. Download or export it again.") from broken
    if any(tensor.end > size for tensor in tensors.values()):
        raise Invalid("This .safetensors file is cut off. Download or export it again.")
    return tensors, metadata


def finite(path: Path) -> bool:
    """Whether every number in the file is finite. Reads it all, one tensor at a time. Raises Invalid like `header`."""
    tensors, _ = header(path)
    return all(_finite(path, tensor) for tensor in tensors.values())


def _tensor(entry: dict[str, Any], data_at: int) -> Tensor:
    if len(entry["shape"]) > _MOST_SIDES:
        raise ValueError("a tensor has too many sides")
    shape = tuple(int(side) for side in entry["shape"])
    start, end = (int(offset) for offset in entry["data_offsets"])
    if start < 0 or min(shape, default=1) < 0 or end - start != math.prod(shape) * _WIDTHS[entry["dtype"]]:
        raise ValueError("a tensor's size and shape disagree")
    return Tensor(entry["dtype"], shape, data_at + start, data_at + end)


def _finite(path: Path, tensor: Tensor) -> bool:
    if tensor.start == tensor.end or tensor.dtype not in {*_FLOATS, "BF16"}:
        return True
    if tensor.dtype == "BF16":
        bits = np.memmap(path, np.uint16, "r", tensor.start, ((tensor.end - tensor.start) // 2,))
        return not bool(((bits & 0x7F80) == 0x7F80).any())
    kind = _FLOATS[tensor.dtype]
    return bool(
        np.isfinite(np.memmap(path, kind, "r", tensor.start, ((tensor.end - tensor.start) // _WIDTHS[tensor.dtype],))).all()
    )


def _complete(tensors: dict[str, Tensor]) -> bool:
    modules = {key.partition(".")[0] for key in tensors}
    return all({f"{name}.lora_down.weight", f"{name}.lora_up.weight"} <= tensors.keys() for name in modules)


def _base(downs: dict[str, Tensor], metadata: dict[str, str]) -> str:
    if said := metadata.get("ss_base_model_version"):
        return _BASES.get(said, said)
    if said := metadata.get("modelspec.architecture", "").partition("/")[0]:
        return _ARCHITECTURES.get(said, "")
    widths = [
        tensor.shape[1]
        for key, tensor in downs.items()
        if key.endswith("attn2_to_k.lora_down.weight") and len(tensor.shape) == 2
    ]
    return _TEXT_WIDTHS.get(widths[0], "") if widths else ""


def _alpha(path: Path, tensors: dict[str, Tensor], downs: dict[str, Tensor], dim: int) -> float:
    """The first module's alpha; without one kohya's rule is alpha = dim."""
    for key in downs:
        tensor = tensors.get(key.replace(".lora_down.weight", ".alpha"))
        if tensor and tensor.end - tensor.start == _WIDTHS[tensor.dtype]:
            with path.open("rb") as file:
                file.seek(tensor.start)
                return _number(file.read(tensor.end - tensor.start), tensor.dtype)
    return float(dim)


def _number(raw: bytes, dtype: str) -> float:
    if dtype == "BF16":
        return float(np.frombuffer(b"\0\0" + raw, np.float32)[0])
    return float(np.frombuffer(raw, _FLOATS.get(dtype, np.uint8))[0])
