"""Trains the codec, which turns latents into pictures.

`python -m starter_model.train_codec refine PICTURES MODEL --minutes 6` gives MODEL's PatchCodec a network that
removes block edges and mottle, or trains the one it has further: on pictures that MODEL itself has drawn over (`--redrawn`: how
many; kept beside MODEL in redrawn.pt), because that is the mottle there is to remove, and on latents with plain noise.
`python -m starter_model.train_codec tiny PICTURES OUT --minutes 8` trains a stock AutoencoderTiny from nothing,
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
from diffusers import AutoencoderTiny, DDIMScheduler

from backend.engines.local.diffusers import model_cards
from backend.engines.local.diffusers.model_folder import load_model
from backend.engines.local.starter_model import words
from backend.engines.local.starter_model.patch_codec import PatchCodec
from starter_model import captions, files

WIDTH = 64
DILATIONS = (1, 1, 1, 1, 2, 4, 8, 1)  # layers that a codec lacks are added, at first without effect
STRIDE, FIRST = 100, (399, 499, 599)  # timesteps that a picture is drawn over from: shapes stay, flats are the UNet's own
GUIDANCE = 3.0
REDRAWN_SHARE = 0.6  # of the batches
MAX_NOISE = 0.3  # of latents whose spread is about 1
CROP_PX = 64  # px a side
CHANNELS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["refine", "tiny"])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--redrawn", type=int, default=400, help="pictures that the model draws over (refine)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    pixels = np.load(options.pictures.with_suffix(".npy"), mmap_mode="r")
    torch.manual_seed(0)
    if options.what == "tiny":
        tiny(options, pixels)
    else:
        refine(options, pixels)


def refine(options: Any, pixels: np.ndarray[Any, Any]) -> None:
    codec = with_all_layers(PatchCodec.from_pretrained(options.folder / "vae", torch_dtype=torch.float32)).to(options.device)
    raw, clean = _redrawn(options, pixels)
    network, codec.polish = codec.polish, None
    network.requires_grad_(True)

    def step() -> torch.Tensor:
        """The loss on crops of pictures as the patch decoder leaves them, against the clean ones."""
        top, left = np.random.randint(0, (pixels.shape[1] - CROP_PX) // codec.config.patch + 1, 2) * codec.config.patch
        part = (..., slice(top, top + CROP_PX), slice(left, left + CROP_PX))
        if np.random.random() < REDRAWN_SHARE:
            rows = torch.randint(0, len(raw), (options.batch,))
            degraded, target = raw[rows][part].float().to(options.device), clean[rows][part].float().to(options.device)
            if np.random.random() < 0.5:
                degraded, target = degraded.flip(-1), target.flip(-1)
            return difference(network(degraded), target)
        rows = np.random.randint(0, len(pixels), options.batch)
        target = files.tensor(pixels[rows])[part].to(options.device)
        latents = codec.encode(target).latent_dist.mode()
        return difference(network(codec.decode(latents + _mottle(latents)).sample), target)

    _train(network, step, options.minutes, rate=8e-4)
    codec.polish = network.requires_grad_(False)
    codec.cpu().save_pretrained(options.folder / "vae")


def with_all_layers(plain: PatchCodec) -> PatchCodec:
    """The same codec with every layer of DILATIONS; added layers start at zero, without effect."""
    codec: PatchCodec = PatchCodec(
        **{**_config_values(plain.config), "refiner": plain.config.refiner or WIDTH, "refiner_reach": DILATIONS}
    )
    codec.load_state_dict(plain.state_dict(), strict=False)
    codec.requires_grad_(False)
    polish: Any = codec.polish
    for layer in polish.layers[len(plain.config.refiner_reach) if plain.config.refiner else 0 :]:
        layer.weight.zero_()
        layer.bias.zero_()
    return codec


def _mottle(latents: torch.Tensor) -> torch.Tensor:
    """Noise of up to NOISIEST, differently strong for each picture, finer in some and in wider patches in others."""
    count, channels, rows, columns = latents.shape
    spread = MAX_NOISE * torch.rand(3, count, 1, 1, 1, device=latents.device) ** 2
    noise = spread[0] * torch.randn_like(latents)
    for strength, wide in zip(spread[1:], (2, 4), strict=True):
        coarse = torch.randn(count, channels, rows // wide, columns // wide, device=latents.device)
        noise = noise + strength * F.interpolate(coarse, (rows, columns), mode="bilinear")
    return noise


def _redrawn(options: Any, pixels: np.ndarray[Any, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """(as MODEL redraws them, clean): two tensors (count, 3, side, side) float16. Drawn once and cached beside MODEL."""
    cache_file = options.folder / "redrawn.pt"
    if not cache_file.is_file():
        labels = json.loads(options.pictures.with_suffix(".json").read_text("utf-8"))
        torch.save(_draw_over(options, pixels[: options.redrawn], labels), cache_file)
    raw, clean = torch.load(cache_file, weights_only=True)
    return raw, clean


@torch.no_grad()  # type: ignore[untyped-decorator]
def _draw_over(options: Any, pixels: np.ndarray[Any, Any], labels: list[words.Attributes]) -> tuple[torch.Tensor, torch.Tensor]:
    """Adds noise to the latents of each picture and lets MODEL denoise them with guidance, as image-to-image does."""
    model = load_model(model_cards.read_card("starter", options.folder), options.folder, torch.device(options.device))
    parts, rng = model.components, random.Random(3)
    schedule = DDIMScheduler.from_config(parts["scheduler"].config)
    schedule.set_timesteps(schedule.config.num_train_timesteps // STRIDE)
    codec, decoded = PatchCodec.from_pretrained(options.folder / "vae", torch_dtype=torch.float32).to(options.device), []
    codec.polish = None
    clean = files.tensor(pixels)
    for start in range(0, len(pixels), 8):
        texts = [captions.describe(rng, portrait)[0] for portrait in labels[start : start + 8]]
        tokens = parts["tokenizer"]([*texts, *[""] * len(texts)], padding="max_length", truncation=True, return_tensors="pt")
        states = parts["text_encoder"](tokens["input_ids"].to(options.device))[0]
        latents = codec.encode(clean[start : start + 8].to(options.device)).latent_dist.mode()
        first = rng.choice(FIRST)
        latents = schedule.add_noise(latents, torch.randn_like(latents), torch.full((len(texts),), first))
        for level in (t for t in schedule.timesteps if t <= first):
            guess, plain = parts["unet"](torch.cat([latents] * 2), level, states, return_dict=False)[0].chunk(2)
            latents = schedule.step(plain + GUIDANCE * (guess - plain), level, latents).prev_sample
        decoded.append(codec.decode(latents).sample.half().cpu())
        print(f"drawn over {start + len(texts)} of {len(pixels)}", flush=True)
    return torch.cat(decoded), clean.half()


def tiny(options: Any, pixels: np.ndarray[Any, Any]) -> None:
    codec = AutoencoderTiny(latent_channels=CHANNELS)
    codec.to(options.device, memory_format=torch.channels_last).train()

    def step() -> torch.Tensor:
        rows = np.random.default_rng().integers(0, len(pixels), options.batch)
        pictures = files.tensor(pixels[rows]).to(options.device)
        latents = codec.encode(pictures).latents
        # Noise on the latents makes the decoder robust to what diffusion leaves; their variance is held near 1.
        decoded = codec.decode(latents + 0.05 * torch.randn_like(latents)).sample
        return difference(decoded, pictures) + 0.01 * (latents.square().mean() - 1).square()

    _train(codec, step, options.minutes, rate=1e-3)
    with torch.no_grad():
        latents_sample = torch.cat(
            [codec.encode(files.tensor(pixels[at : at + 16]).to(options.device)).latents for at in range(0, 256, 16)]
        )
    codec.register_to_config(scaling_factor=round(1 / float(latents_sample.std()), 4))
    codec.save_pretrained(options.folder)


def difference(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean difference of pixels and of the steps between neighbours: edges stay crisp, flat areas flat."""
    loss = F.mse_loss(predicted, target) * 4 + F.l1_loss(predicted, target)
    for axis in (2, 3):
        loss = loss + F.l1_loss(predicted.diff(dim=axis), target.diff(dim=axis))
    return loss


def _train(network: Any, step: Callable[[], torch.Tensor], minutes: float, rate: float) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.0, fused=True)
    started_at, printed_at, device = time.monotonic(), 0.0, next(network.parameters()).device.type
    while (progress := (time.monotonic() - started_at) / (minutes * 60)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, 0.02 + (1 - progress))
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            loss = step()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if time.monotonic() - printed_at > 15:
            printed_at = time.monotonic()
            print(f"{progress:.0%} loss {loss.item():.4f}", flush=True)


def _config_values(config: Any) -> dict[str, Any]:
    return {name: value for name, value in config.items() if not name.startswith("_")}


if __name__ == "__main__":
    main()
