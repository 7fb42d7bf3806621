"""Stable Diffusion XL folders draw, and take LoRAs with kohya's block names; they are not trained here."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from backend.engines.local.diffusers.engine import DiffusersEngine
from backend.engines.local.peft.trainer import PeftTrainer
from backend.engines.ports.image import ImageRequest, LoraUse
from backend.settings import Settings
from tests.backend.engines.ports.image_contract import outputs, pixels
from tests.factories import miniature

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def xl_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("xl-models")
    miniature.make(folder / "xl", kind="xl")
    return Settings.read(MODELS_DIR=folder, ENGINE_DEVICE="cpu", ENGINE_THREADS=1)


@pytest.fixture(scope="module")
def xl(xl_settings: Settings) -> Iterator[DiffusersEngine]:
    xl_engine = DiffusersEngine(xl_settings)
    yield xl_engine
    xl_engine.unload()


def write_lora(path: Path) -> Path:
    """A layer of the second level and one of the middle, named as kohya names XL's."""
    header, body = {"__metadata__": {"ss_base_model_version": "sdxl_base_v1-0"}}, b""
    for layer in ("input_blocks_4_1_transformer_blocks_0_attn2_to_k", "middle_block_1_transformer_blocks_0_attn2_to_k"):
        for part, shape in (("down", [2, 64]), ("up", [32, 2])):
            data = np.ones(shape, np.float32).tobytes()
            header[f"lora_unet_{layer}.lora_{part}.weight"] = {
                "dtype": "F32",
                "shape": shape,
                "data_offsets": [len(body), len(body) + len(data)],
            }
            body += data
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + body)
    return path


def test_draws_with_and_without_a_lora(xl: DiffusersEngine, image_request: Callable[..., ImageRequest], tmp_path: Path) -> None:
    card = next(card for card in xl.models() if card.name == "xl")
    assert (card.base, card.trainable) == ("sdxl", False)
    changed = {"width": 64, "height": 64, "seeds": (1,)}
    (tmp_path / "with").mkdir()
    [plain] = outputs(xl, image_request("xl", **changed))
    lora = LoraUse("a", write_lora(tmp_path / "a.safetensors"), 1.0)
    [with_lora] = outputs(xl, image_request("xl", **changed, loras=(lora,), workdir=tmp_path / "with"))
    assert pixels(plain.path).std() > 1
    assert abs(pixels(plain.path) - pixels(with_lora.path)).sum() > 0
    [again] = outputs(xl, image_request("xl", **changed, init_image=plain.path, strength=0.5))
    assert pixels(again.path).std() > 1


def test_is_not_offered_for_training(xl_settings: Settings) -> None:
    assert [card.name for card in PeftTrainer(xl_settings).models()] == ["starter"]
