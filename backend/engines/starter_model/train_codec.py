"""Trains what turns latents into pictures.

`python -m backend.engines.starter_model.train_codec refine PICTURES MODEL --minutes 8` gives MODEL's PatchCodec a network that
removes block edges and noise, trained on what MODEL's own UNet makes of slightly noisy latents.
`python -m backend.engines.starter_model.train_codec tiny PICTURES OUT --minutes 8` trains a stock AutoencoderTiny from nothing,
8 px to a latent of 16 channels: the codec of the gpu256 shape. Needs a GPU: a CPU trains about 4 pictures a second.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from backend.engines.starter_model import captions, files
from backend.engines.starter_model.patch_codec import PatchCodec

WIDTH = 64
GUESSED = 6000  # pictures the refiner learns from
NOISIEST = 550  # timestep up to which the UNet's guess is still that picture
CHANNELS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["refine", "tiny"])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--guessed", type=int, default=GUESSED)
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
    codec = PatchCodec(**{**_own(plain.config), "refiner": WIDTH}).requires_grad_(False)
    codec.load_state_dict(plain.state_dict(), strict=False)
    network, codec.polish = codec.polish.to(asked.device), None
    rough, clean = guesses(asked, pixels, codec)
    print("guessed", F.mse_loss(rough.float(), clean.float()).item(), flush=True)

    def step() -> torch.Tensor:
        rows = torch.randint(0, len(rough), (asked.batch,))
        return difference(network(rough[rows].to(asked.device).float()), clean[rows].to(asked.device).float())

    network.requires_grad_(True)
    _train(network, step, asked.minutes, rate=1e-3)
    codec.polish = network.cpu().requires_grad_(False)
    codec.save_pretrained(asked.folder / "vae")


@torch.no_grad()  # type: ignore[untyped-decorator]
def guesses(asked: Any, pixels: np.ndarray[Any, Any], codec: PatchCodec) -> tuple[torch.Tensor, torch.Tensor]:
    """(rough, clean) pictures in halves: decoded guesses of the UNet at low noise, a fifth only coded and decoded."""
    part = {"local_files_only": True, "torch_dtype": torch.float32}
    unet = UNet2DConditionModel.from_pretrained(asked.folder / "unet", **part).to(asked.device)
    text = CLIPTextModel.from_pretrained(asked.folder / "text_encoder", **part).to(asked.device)
    tokenizer = CLIPTokenizer.from_pretrained(asked.folder / "tokenizer")
    schedule = DDIMScheduler.from_pretrained(asked.folder / "scheduler")
    labels = json.loads(asked.pictures.with_suffix(".json").read_text("utf-8"))
    rng, rough, clean = random.Random(3), [], []
    for at in range(0, min(asked.guessed, len(pixels)), 32):
        pictures = files.tensor(pixels[at : at + 32])
        latents = codec.encode(pictures).latent_dist.mode()
        times = (torch.rand(len(latents)) ** 1.5 * NOISIEST).long()
        texts = [captions.describe(rng, seen)[0] for seen in labels[at : at + 32]]
        tokens = tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"].to(asked.device)
        noisy = schedule.add_noise(latents, torch.randn_like(latents), times)
        with torch.autocast(asked.device, torch.bfloat16):
            states = text(tokens).last_hidden_state
            velocity = unet(noisy.to(asked.device), times.to(asked.device), states, return_dict=False)[0].float().cpu()
        signal = schedule.alphas_cumprod[times].sqrt().view(-1, 1, 1, 1)
        guess = signal * noisy - (1 - signal.square()).sqrt() * velocity
        plain = torch.rand(len(latents)) < 0.2
        guess[plain] = latents[plain]
        rough.append(codec.decode(guess).sample.half())
        clean.append(pictures.half())
    return torch.cat(rough), torch.cat(clean)


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
