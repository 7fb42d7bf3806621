"""LoRAs that stock diffusers wrote change a model by exactly as much after they were renamed, and our tables are its layers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backend.media.model_files import sd_layers
from tests.factories import foreign_loras, miniature
from tests.support import torch_child

pytestmark = pytest.mark.model


def test_a_renamed_lora_changes_each_layer_by_as_much(tmp_path: Path) -> None:
    for name, found in foreign_loras.compare(miniature.make(tmp_path / "model")).items():
        assert found["size"] > 1e-3, name
        assert found["engine"] < 1e-6 * max(1, found["size"]), name
        assert found["diffusers"] < 1e-6 * max(1, found["size"]), name


_LAYERS = """
import json, sys, torch
from diffusers import UNet2DConditionModel
SIZES = {
    "sd15": dict(cross_attention_dim=768, attention_head_dim=8),
    "sd21": dict(cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True),
    "sdxl": dict(
        cross_attention_dim=2048, attention_head_dim=[5, 10, 20], use_linear_projection=True,
        block_out_channels=(320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), transformer_layers_per_block=[1, 2, 10],
        addition_embed_type="text_time", addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816,
    ),
}
found = {}
for base, sizes in SIZES.items():
    with torch.device("meta"):
        unet = UNet2DConditionModel(**sizes)
    found[base] = {}
    for name, layer in unet.named_modules():
        if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)):
            writes, reads, *kernel = layer.weight.shape
            found[base]["lora_unet_" + name.replace(".", "_")] = [reads, writes, kernel[0] if kernel else 1]
print(json.dumps(found))
"""


def test_the_tables_are_the_layers_of_stock_models() -> None:
    for base, stock in json.loads(torch_child.run_code(_LAYERS).splitlines()[-1]).items():
        own_layers = {
            name: [layer.reads, layer.writes, layer.kernel]
            for name, layer in sd_layers.layers(base).items()
            if name.startswith("lora_unet_")
        }
        if base == "sdxl":
            originals = {sd_layers.original_name(name) for name in stock}
            assert len(originals) == len(stock)
            assert {name: own_layers.pop(name) for name in originals - stock.keys()}.keys() == originals - stock.keys()
        assert own_layers == stock, base
