"""Checkpoint files by their headers: each family's own names and shapes, and files that lie."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from backend.media.model_files import checkpoints
from backend.media.model_files.checkpoints import CheckpointInfo
from tests.factories.checkpoints import CONV_IN, CROSS, write_checkpoint

FLUX = {
    "double_blocks.0.img_attn.qkv.weight": (9216, 3072),
    "double_blocks.0.img_mod.lin.weight": (18432, 3072),
    "img_in.weight": (3072, 64),
}


@pytest.mark.parametrize("name", ["sd15", "sd21", "sdxl", "flux"])
@pytest.mark.parametrize("dtype", ["F16", "F8_E4M3"])
def test_each_family_is_known_by_its_shapes(tmp_path: Path, name: str, dtype: str) -> None:
    path = write_checkpoint(tmp_path / "a.safetensors", name, dtype=dtype)
    assert checkpoints.inspect(path) == CheckpointInfo(name)
    assert checkpoints.checkpoint_family(path) == name


def test_flux_without_a_prefix_and_inpainting(tmp_path: Path) -> None:
    assert checkpoints.checkpoint_family(write_checkpoint(tmp_path / "a.safetensors", shapes=FLUX)) == "flux"
    inpainting = write_checkpoint(tmp_path / "b.safetensors", shapes={CONV_IN: (320, 9, 3, 3), CROSS.format(1): (320, 768)})
    assert checkpoints.inspect(inpainting) == CheckpointInfo("sd15", inpainting=True)


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {CONV_IN: (384, 4, 3, 3), CROSS.format(4): (768, 1280)},  # the XL refiner
        {CONV_IN: (320, 8, 3, 3), CROSS.format(1): (320, 1024), f"{CROSS.format(1)[:36]}.time_stack.0.weight": (1,)},  # SVD
        {key: shape for key, shape in FLUX.items() if "img_mod" not in key},  # FLUX.2
        {CROSS.format(1): (320,)},
        {CROSS.format(1): (320, 768)},
        {"joint_blocks.0.x_block.attn.qkv.weight": (4, 4)},
    ],
)
def test_everything_else_is_unknown(tmp_path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    assert checkpoints.checkpoint_family(write_checkpoint(tmp_path / "a.safetensors", shapes=shapes)) == ""


def framed(head: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(head)) + head + body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 a pickle in a ZIP",
        b"\xff" * 64,
        framed(b"{"),
        framed(b"[" * 200_000),
        framed(b'{"a": ' * 50_000),
        framed(json.dumps({CROSS.format(1): {"dtype": "F16", "shape": [320, 768], "data_offsets": [0, 491520]}}).encode()),
        framed(b'{"a": {"dtype": "F16", "shape": [Infinity], "data_offsets": [0, 0]}}'),
        framed(json.dumps({"a": {"dtype": "F16", "shape": [10**4000] * 500, "data_offsets": [0, 0]}}).encode()),
        framed(json.dumps({"a": {"dtype": "F16", "shape": [-1], "data_offsets": [2, 0]}}).encode(), b"ab"),
        framed(b'{"__metadata__": [], "a": 3}'),
    ],
)
def test_a_broken_file_is_unknown_and_never_an_accident(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    assert checkpoints.checkpoint_family(path) == ""


def test_what_is_gone_is_unknown(tmp_path: Path) -> None:
    assert checkpoints.checkpoint_family(tmp_path / "gone.safetensors") == ""
    assert checkpoints.checkpoint_family(tmp_path) == ""
