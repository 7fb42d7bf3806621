"""Trains what turns latents into pictures.

`python -m backend.engines.starter_model.train_codec refine PICTURES MODEL --minutes 6` gives MODEL's PatchCodec a network that
removes block edges and noise, or trains the one it has further.
`python -m backend.engines.starter_model.train_codec tiny PICTURES OUT --minutes 8` trains a stock AutoencoderTiny from nothing,
8 px to a latent of 16 channels: the codec of the gpu256 shape. Needs a GPU: a CPU trains about 4 pictures a second.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny

from backend.engines.starter_model import files
from backend.engines.starter_model.patch_codec import PatchCodec

WIDTH = 64
NOISIEST = 0.3  # of latents whose spread is about 1
PART = 64  # px a side
CHANNELS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["refine", "tiny"])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    asked = parser.parse_args()
    pixels = np.load(asked.pictures.with_suffix(".npy"), mmap_mode="r")
    torch.manual_seed(0)
    if asked.what == "tiny":
        tiny(asked, pixels)
    else:
        refine(asked, pixels)


def refine(asked: Any, pixels: np.ndarray[Any, Any]) -> None:
    plain = PatchCodec.from_pretrained(asked.folder / "vae", torch_dtype=torch.float32)
    codec = PatchCodec(**{**_own(plain.config), "refiner": plain.config.refiner or WIDTH})
    codec.load_state_dict(plain.state_dict(), strict=False)
    codec.requires_grad_(False).to(asked.device)
    network, codec.polish = codec.polish, None
    network.requires_grad_(True)

    def step() -> torch.Tensor:
        """Parts of pictures, coded with noise as a UNet leaves it, decoded patch by patch, and to be made whole."""
        rows = np.random.randint(0, len(pixels), asked.batch)
        top, left = np.random.randint(0, (pixels.shape[1] - PART) // codec.config.patch + 1, 2) * codec.config.patch
        whole = files.tensor(pixels[rows][:, top : top + PART, left : left + PART]).to(asked.device)
        latents = codec.encode(whole).latent_dist.mode()
        spread = NOISIEST * torch.rand(len(latents), 1, 1, 1, device=asked.device)
        return difference(network(codec.decode(latents + spread * torch.randn_like(latents)).sample), whole)

    _train(network, step, asked.minutes, rate=1.2e-3)
    codec.polish = network.requires_grad_(False)
    codec.cpu().save_pretrained(asked.folder / "vae")


def tiny(asked: Any, pixels: np.ndarray[Any, Any]) -> None:
    codec = AutoencoderTiny(latent_channels=CHANNELS)
    codec.to(asked.device, memory_format=torch.channels_last).train()

    def step() -> torch.Tensor:
        rows = np.random.default_rng().integers(0, len(pixels), asked.batch)
        pictures = files.tensor(pixels[rows]).to(asked.device)
        latents = codec.encode(pictures).latents
        # Noise on the latents makes the decoder forgive what diffusion leaves; their size is held near 1.
        made = codec.decode(latents + 0.05 * torch.randn_like(latents)).sample
        return difference(made, pictures) + 0.01 * (latents.square().mean() - 1).square()

    _train(codec, step, asked.minutes, rate=1e-3)
    with torch.no_grad():
        some = torch.cat(
            [codec.encode(files.tensor(pixels[at : at + 16]).to(asked.device)).latents for at in range(0, 256, 16)]
        )
    codec.register_to_config(scaling_factor=round(1 / float(some.std()), 4))
    codec.save_pretrained(asked.folder)


def difference(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean difference of pixels and of the steps between neighbours: edges stay crisp, flat areas flat."""
    loss = F.mse_loss(made, wanted) * 4 + F.l1_loss(made, wanted)
    for axis in (2, 3):
        loss = loss + F.l1_loss(made.diff(dim=axis), wanted.diff(dim=axis))
    return loss


def _train(network: Any, step: Callable[[], torch.Tensor], minutes: float, rate: float) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.0, fused=True)
    began, told, device = time.monotonic(), 0.0, next(network.parameters()).device.type
    while (gone := (time.monotonic() - began) / (minutes * 60)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, 0.02 + (1 - gone))
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            loss = step()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if time.monotonic() - told > 15:
            told = time.monotonic()
            print(f"{gone:.0%} loss {loss.item():.4f}", flush=True)


def _own(config: Any) -> dict[str, Any]:
    return {name: value for name, value in config.items() if not name.startswith("_")}


if __name__ == "__main__":
    main()
