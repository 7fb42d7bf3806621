"""The UNet's shapes and initial weights: stock, with a pooled text embedding whose heads each read one slot from the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel

from starter_model import captions
from starter_model.train_text import WIDTH, SlotCodes

SHAPES: dict[str, dict[str, Any]] = {
    "cpu128": {
        "sample_size": 16,
        "in_channels": 48,
        "out_channels": 48,
        "block_out_channels": (96, 160, 224),
        "layers_per_block": 1,
        "norm_num_groups": 16,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    },
    "gpu256": {
        "sample_size": 32,
        "in_channels": 16,
        "out_channels": 16,
        "block_out_channels": (96, 160, 224),
        "layers_per_block": 1,
        "norm_num_groups": 16,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    },
}

# What each head of the pooled text embedding reads: twice what has the most values
POOLED_SLOTS = (*captions.SLOTS, "top", "hair", "cloth", "scene")
POINTED_BIAS = 8.0


def make(shape: str, codes: SlotCodes, start: Path | None) -> UNet2DConditionModel:
    """A new UNet, or that of the model folder `start`, which may lack the pooled embedding."""
    unet = UNet2DConditionModel(
        cross_attention_dim=WIDTH,
        attention_head_dim=8,
        addition_embed_type="text",
        addition_embed_type_num_heads=len(POOLED_SLOTS),
        **SHAPES[shape],
    )
    init_pooled_attention(unet.add_embedding, codes)
    if start:
        start_unet = UNet2DConditionModel.from_pretrained(start / "unet", torch_dtype=torch.float32)
        unet.load_state_dict(start_unet.state_dict(), strict=False)
    return unet


@torch.no_grad()  # type: ignore[untyped-decorator]
def init_pooled_attention(pooled: Any, codes: SlotCodes) -> None:
    """Sets the pooled text embedding so that from the first step each head reads one slot, whatever it says.

    A head's query is constant and its key the code of its slot; what its eight values mean is left to training.
    """
    pool, width = pooled.pool, WIDTH // len(POOLED_SLOTS)
    for projection in (pool.q_proj, pool.k_proj):
        projection.weight.zero_()
        projection.bias.zero_()
    for head, slot in enumerate(POOLED_SLOTS):
        row = head * width
        pool.q_proj.bias[row] = POINTED_BIAS
        pool.k_proj.weight[row] = codes.slots[1 + list(captions.SLOTS).index(slot)] / WIDTH**0.5
    pooled.norm2.weight.fill_(0.3)
