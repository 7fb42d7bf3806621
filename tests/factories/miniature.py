"""A randomly initialised Stable Diffusion 1.5 in stock diffusers format, small enough for a test: 64 px, a second a picture.

`python -m tests.factories.miniature FOLDER sd` makes it: torch stays out of the test process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from tests.support import torch_child

WORDS = [
    "a",
    "photo",
    "portrait",
    "of",
    "person",
    "someone",
    "smiling",
    "calm",
    "red",
    "blue",
    "in",
    "at",
    "the",
    "beach",
    ",",
    "forest",
    "wearing",
]


def make(folder: Path, *, kind: str = "sd") -> Path:
    """The model folder, made in a child process. `kind` "xl": two text encoders, as Stable Diffusion XL has."""
    torch_child.run_module(__name__, folder, kind)
    return folder


def _make(folder: Path, kind: str) -> None:
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}
    import torch
    from diffusers import PNDMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    from starter_model.tokenizer import build

    torch.manual_seed(0)
    tokenizer = build(WORDS, 77)
    parts: dict[str, Any] = {
        "vae": _codec(),
        "tokenizer": tokenizer,
        "text_encoder": CLIPTextModel(_text(tokenizer)),
        "unet": _unet(kind),
        "scheduler": PNDMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, skip_prk_steps=True
        ),
    }
    if kind == "xl":
        second = {"text_encoder_2": CLIPTextModelWithProjection(_text(tokenizer)), "tokenizer_2": tokenizer}
        StableDiffusionXLPipeline(**parts, **second, add_watermarker=False).save_pretrained(folder)
    else:
        nothing = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        StableDiffusionPipeline(**parts, **nothing).save_pretrained(folder)


def _text(tokenizer: Any) -> Any:
    from transformers import CLIPTextConfig

    ends = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.eos_token_id,
    }
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=32,
        **ends,
    )


def _unet(kind: str) -> Any:
    from diffusers import UNet2DConditionModel

    if kind == "xl":
        return UNet2DConditionModel(
            sample_size=8,
            block_out_channels=(16, 32),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            layers_per_block=2,
            cross_attention_dim=64,
            norm_num_groups=8,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + 32,
        )
    return UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 16, 32, 32), layers_per_block=1, cross_attention_dim=32, norm_num_groups=8
    )


def _codec() -> Any:
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
    )


if __name__ == "__main__":
    _make(Path(sys.argv[1]), sys.argv[2])
