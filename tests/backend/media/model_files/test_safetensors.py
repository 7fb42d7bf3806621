"""Untrusted LoRA files: what their header says, and that bad ones get a sentence instead of a crash."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Invalid
from backend.media.model_files import safetensors

DOWN, UP, ALPHA = (
    "lora_unet_x_attn2_to_k.lora_down.weight",
    "lora_unet_x_attn2_to_k.lora_up.weight",
    "lora_unet_x_attn2_to_k.alpha",
)


def write(path: Path, tensors: dict[str, tuple[str, list[int], bytes]], metadata: dict[str, str] | None = None) -> Path:
    header: dict[str, Any] = {"__metadata__": metadata or {}}
    body = b""
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + body)
    return path


def half(*values: float) -> bytes:
    return np.array(values, np.float16).tobytes()


def bfloat(*values: float) -> bytes:
    return (np.array(values, np.float32).view(np.uint32) >> 16).astype(np.uint16).tobytes()


def lora(path: Path, *, width: int = 768, dim: int = 4, metadata: dict[str, str] | None = None) -> Path:
    tensors = {
        DOWN: ("F16", [dim, width], half(*[0.5] * dim * width)),
        UP: ("F16", [8, dim], half(*[0.25] * dim * 8)),
        ALPHA: ("F16", [], half(2.0)),
    }
    return write(path, tensors, metadata)


def test_the_header_tells_base_dim_and_alpha(tmp_path: Path) -> None:
    card = safetensors.inspect(lora(tmp_path / "a.safetensors", metadata={"ss_base_model_version": "starter-128"}))
    assert (card.base, card.dim, card.alpha, card.tensors, card.keys_ok) == ("starter-128", 4, 2.0, 3, True)
    assert safetensors.all_finite(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("metadata", "width", "base"),
    [
        ({"ss_base_model_version": "sd_v1"}, 768, "sd15"),
        ({"ss_base_model_version": "sdxl_base_v1-0"}, 2048, "sdxl"),
        ({"modelspec.architecture": "stable-diffusion-v1/lora"}, 5, "sd15"),
        ({}, 768, "sd15"),
        ({}, 2048, "sdxl"),
        ({}, 33, ""),
    ],
)
def test_the_base_comes_from_metadata_or_shapes(tmp_path: Path, metadata: dict[str, str], width: int, base: str) -> None:
    assert safetensors.inspect(lora(tmp_path / "a.safetensors", width=width, metadata=metadata)).base == base


@pytest.mark.parametrize("length", [128, 640, 0x4B50])
def test_a_header_is_no_pickle_for_its_length(tmp_path: Path, length: int) -> None:
    head = b"{}".ljust(length)
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", length) + head)
    assert safetensors.read_header(tmp_path / "a.safetensors") == ({}, {})


@pytest.mark.parametrize("missing", [DOWN, UP])
def test_incomplete_or_other_layouts_are_told(tmp_path: Path, missing: str) -> None:
    tensors = {name: ("F16", [1, 1], half(1)) for name in (DOWN, UP) if name != missing}
    assert not safetensors.inspect(write(tmp_path / "a.safetensors", tensors)).keys_ok
    other = {"unet.down.lora_A.weight": ("F16", [1, 1], half(1)), "unet.down.lora_B.weight": ("F16", [1, 1], half(1))}
    assert not safetensors.inspect(write(tmp_path / "b.safetensors", other)).keys_ok
    assert not safetensors.inspect(write(tmp_path / "c.safetensors", {})).keys_ok


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    ("dtype", "pack"), [("F16", half), ("BF16", bfloat), ("F32", lambda *v: np.array(v, np.float32).tobytes())]
)
def test_numbers_that_are_not_finite_are_found(tmp_path: Path, dtype: str, pack: Any, bad: float) -> None:
    good = write(tmp_path / "good.safetensors", {"t": (dtype, [3], pack(1.0, -2.0, 3e4))})
    assert safetensors.all_finite(good)
    assert not safetensors.all_finite(write(tmp_path / "bad.safetensors", {"t": (dtype, [3], pack(1.0, bad, 3.0))}))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "cut off"),
        (b"1234567", "cut off"),
        (pickle.dumps({"a": 1}), "pickle"),
        (b"PK\x03\x04 a torch zip", "pickle"),
        (struct.pack("<Q", 2**40) + b"{}", "cut off"),
        (struct.pack("<Q", 17 * 2**20) + b" " * (18 * 2**20), "not a .safetensors"),
        (struct.pack("<Q", 4) + b"[1] ", "broken"),
        (struct.pack("<Q", 200_000) + b"[" * 200_000, "broken"),
        (struct.pack("<Q", 9) + b'{"a": 1} ', "broken"),
    ],
)
def test_what_is_no_safetensors_file_gets_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=says):
        safetensors.inspect(path)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F16", "shape": [4], "data_offsets": [0, 9]},
        {"dtype": "F16", "shape": [-4], "data_offsets": [0, 8]},
        {"dtype": "F16", "shape": [4], "data_offsets": [-8, 0]},
        {"dtype": "F99", "shape": [4], "data_offsets": [0, 8]},
        {"dtype": "F16", "shape": [2**40], "data_offsets": [0, 2**41]},
        {"dtype": "F16"},
    ],
)
def test_offsets_and_shapes_must_agree_with_the_file(tmp_path: Path, entry: dict[str, Any]) -> None:
    head = json.dumps({DOWN: entry}).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(head)) + head + bytes(8))
    with pytest.raises(Invalid):
        safetensors.inspect(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_told_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    path.write_bytes(struct.pack("<Q", len(content)) + content)
    try:
        safetensors.inspect(path)
    except Invalid:
        return
