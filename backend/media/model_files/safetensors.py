"""Reads headers of safetensors files without trusting them and without torch."""

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
from backend.language import tr_lazy

MAX_HEADER = 16 * 1024 * 1024
MAX_TENSORS = 20_000
"""The largest LoRAs and checkpoints known have 6,000."""
_DTYPE_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip
_MAX_DIMENSIONS = 16
_NUMPY_FLOATS = {"F64": np.float64, "F32": np.float32, "F16": np.float16}
_EXPONENT_MASKS = {"BF16": 0x7F80, "F8_E5M2": 0x7C, "F8_E4M3": 0x7F}
"""For dtypes that numpy lacks: the exponent bits, which are all set in infinities and NaNs."""
_CHUNK_BYTES = 1 << 24
_KEY = re.compile(r"^lora_(unet|te|te1|te2)_\w+\.(lora_down\.weight|lora_up\.weight|alpha)$")
_BASES = {"sd_v1": "sd15", "sd_v2": "sd21", "sd_v2_v": "sd21", "sdxl_base_v1-0": "sdxl"}
_ARCHITECTURES = {"stable-diffusion-v1": "sd15", "stable-diffusion-v2": "sd21", "stable-diffusion-xl-v1-base": "sdxl"}
_TEXT_WIDTHS = {768: "sd15", 1024: "sd21", 2048: "sdxl"}


@dataclass(frozen=True, slots=True)
class LoraFileInfo:
    """`base`: model family (`sd15`, `sd21`, `sdxl`, `starter-128`, …; "" unknown). `dim`: the most common rank; `alpha`: of
    the first module.

    `keys_ok`: all tensors belong to kohya's LoRA layout, in complete pairs. `tensors`: how many. `metadata`: as in the file.
    """

    base: str
    dim: int
    alpha: float
    tensors: int
    keys_ok: bool
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor's type, shape and place: `start`, `end` are byte offsets in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def inspect(path: Path) -> LoraFileInfo:
    """Reads the header and one alpha of a LoRA file. Raises Invalid with a sentence."""
    tensors, metadata = read_header(path)
    downs = {key: tensor for key, tensor in tensors.items() if key.endswith(".lora_down.weight")}
    dims = [tensor.shape[0] for tensor in downs.values() if tensor.shape]
    dim = max(set(dims), key=dims.count) if dims else 0
    return LoraFileInfo(
        base=_base(downs, metadata),
        dim=dim,
        alpha=_alpha(path, tensors, downs, dim),
        tensors=len(tensors),
        keys_ok=bool(downs) and all(_KEY.match(key) for key in tensors) and _has_all_pairs(tensors),
        metadata=metadata,
    )


def read_header(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Every tensor's place and the metadata. Raises Invalid when the file is no whole safetensors file.

    The safetensors library checks that tensors follow one another without gap or overlap, as the format demands. So reading
    all of them never reads more than the file's size.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        first_bytes = file.read(8)
        length = struct.unpack("<Q", first_bytes)[0] if len(first_bytes) == 8 else 0
        if not 2 <= length <= min(MAX_HEADER, size - 8):
            # Only now: a header of 128 bytes begins like a pickle, one of 19,280 like a ZIP
            if first_bytes[:2] == b"PK" or first_bytes[:1] == b"\x80":
                raise Invalid(
                    tr_lazy(
                        "This is a pickle file, which can run programs. Only .safetensors files are accepted: convert it first."
                    )
                )
            raise Invalid(tr_lazy("This is not a .safetensors file, or it is cut off. Download or export it again."))
        raw = file.read(length)
    try:
        table = json.loads(raw)
        metadata = {str(key): str(value) for key, value in table.pop("__metadata__", {}).items()}
        tensors = {name: _tensor(entry, 8 + length) for name, entry in table.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise Invalid(tr_lazy("The header of this .safetensors file is broken. Download or export it again.")) from error
    if len(tensors) > MAX_TENSORS:
        raise Invalid(
            tr_lazy(
                "This file lists {n:,} tensors; no model has more than {max_tensors:,}. Export it again.",
                n=len(tensors),
                max_tensors=MAX_TENSORS,
            )
        )
    if any(tensor.end > size for tensor in tensors.values()):
        raise Invalid(tr_lazy("This .safetensors file is cut off. Download or export it again."))
    try:
        with safe_open(path, framework="np"):
            pass
    except SafetensorError as error:
        raise Invalid(tr_lazy("The header of this .safetensors file is broken. Download or export it again.")) from error
    return tensors, metadata


def all_finite(path: Path) -> bool:
    """Whether every number in the file is finite. Reads all of it in chunks. Raises Invalid like `read_header`."""
    tensors, _ = read_header(path)
    with path.open("rb") as file:
        return all(_is_finite(file, tensor) for tensor in sorted(tensors.values(), key=lambda tensor: tensor.start))


def _tensor(entry: dict[str, Any], data_at: int) -> Tensor:
    if len(entry["shape"]) > _MAX_DIMENSIONS:
        raise ValueError("a tensor has too many sides")
    shape = tuple(int(side) for side in entry["shape"])
    start, end = (int(offset) for offset in entry["data_offsets"])
    if start < 0 or min(shape, default=1) < 0 or end - start != math.prod(shape) * _DTYPE_BYTES[entry["dtype"]]:
        raise ValueError("a tensor's size and shape disagree")
    return Tensor(entry["dtype"], shape, data_at + start, data_at + end)


def _is_finite(file: BinaryIO, tensor: Tensor) -> bool:
    if tensor.dtype not in {*_NUMPY_FLOATS, *_EXPONENT_MASKS}:
        return True
    file.seek(tensor.start)
    for offset in range(tensor.start, tensor.end, _CHUNK_BYTES):
        raw = file.read(min(_CHUNK_BYTES, tensor.end - offset))
        if mask := _EXPONENT_MASKS.get(tensor.dtype):
            bits: Any = np.frombuffer(raw, np.uint16 if tensor.dtype == "BF16" else np.uint8)
            is_finite = bool(((bits & mask) != mask).all())
        else:
            is_finite = bool(np.isfinite(np.frombuffer(raw, _NUMPY_FLOATS[tensor.dtype])).all())
        if not is_finite:
            return False
    return True


def _has_all_pairs(tensors: dict[str, Tensor]) -> bool:
    modules = {key.partition(".")[0] for key in tensors}
    return all({f"{name}.lora_down.weight", f"{name}.lora_up.weight"} <= tensors.keys() for name in modules)


def claimed_base(metadata: Mapping[str, str]) -> str:
    """The family named in the metadata, by our name where we have one; "" when there is none."""
    if family := metadata.get("ss_base_model_version", ""):
        return _BASES.get(family, family)
    family = metadata.get("modelspec.architecture", "").partition("/")[0]
    return _ARCHITECTURES.get(family, "")


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
    """The first module's alpha; without one alpha = dim, as in kohya's scripts."""
    for key in downs:
        tensor = tensors.get(key.replace(".lora_down.weight", ".alpha"))
        if tensor and tensor.end - tensor.start == _DTYPE_BYTES[tensor.dtype]:
            with path.open("rb") as file:
                return read_number(file, tensor)
    return float(dim)


def read_number(file: BinaryIO, tensor: Tensor) -> float:
    """Reads a tensor of one number. Raises Invalid when it has more."""
    if tensor.end - tensor.start != _DTYPE_BYTES[tensor.dtype]:
        raise Invalid(tr_lazy("An alpha of this LoRA is not one number. Export it again."))
    file.seek(tensor.start)
    raw = file.read(tensor.end - tensor.start)
    if tensor.dtype == "BF16":
        return float(np.frombuffer(b"\0\0" + raw, np.float32)[0])
    return float(np.frombuffer(raw, _NUMPY_FLOATS.get(tensor.dtype, np.uint8))[0])
