"""Trains what turns latents into pictures.

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

from backend.engines.diffusion import cards
from backend.engines.diffusion.folder import load_model
from backend.engines.starter_model import words
from backend.engines.starter_model.patch_codec import PatchCodec
from starter_model import captions, files

WIDTH = 64
REACH = (1, 1, 1, 1, 2, 4, 8, 1)  # layers that a codec lacks are added, at first without effect
STRIDE, FIRST = 100, (399, 499, 599)  # timesteps that a picture is drawn over from: shapes stay, flats are the UNet's own
GUIDANCE = 3.0
REDRAWN_SHARE = 0.6  # of the batches
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
    parser.add_argument("--redrawn", type=int, default=400, help="pictures that the model draws over (refine)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    asked = parser.parse_args()
    pixels = np.load(asked.pictures.with_suffix(".npy"), mmap_mode="r")
    torch.manual_seed(0)
    if asked.what == "tiny":
        tiny(asked, pixels)
    else:
        refine(asked, pixels)


def refine(asked: Any, pixels: np.ndarray[Any, Any]) -> None:
    codec = deepened(PatchCodec.from_pretrained(asked.folder / "vae", torch_dtype=torch.float32)).to(asked.device)
    raw, whole = _redrawn(asked, pixels)
    network, codec.polish = codec.polish, None
    network.requires_grad_(True)

    def step() -> torch.Tensor:
        """Parts of pictures as they come out of the patches, and what they shall become."""
        top, left = np.random.randint(0, (pixels.shape[1] - PART) // codec.config.patch + 1, 2) * codec.config.patch
        part = (..., slice(top, top + PART), slice(left, left + PART))
        if np.random.random() < REDRAWN_SHARE:
            rows = torch.randint(0, len(raw), (asked.batch,))
            came, wanted = raw[rows][part].float().to(asked.device), whole[rows][part].float().to(asked.device)
            if np.random.random() < 0.5:
                came, wanted = came.flip(-1), wanted.flip(-1)
            return difference(network(came), wanted)
        rows = np.random.randint(0, len(pixels), asked.batch)
        wanted = files.tensor(pixels[rows])[part].to(asked.device)
        latents = codec.encode(wanted).latent_dist.mode()
        return difference(network(codec.decode(latents + _mottle(latents)).sample), wanted)

    _train(network, step, asked.minutes, rate=8e-4)
    codec.polish = network.requires_grad_(False)
    codec.cpu().save_pretrained(asked.folder / "vae")


def deepened(plain: PatchCodec) -> PatchCodec:
    """The same codec with every layer of REACH; those it lacked change nothing yet."""
    codec: PatchCodec = PatchCodec(**{**_own(plain.config), "refiner": plain.config.refiner or WIDTH, "refiner_reach": REACH})
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
    spread = NOISIEST * torch.rand(3, count, 1, 1, 1, device=latents.device) ** 2
    noise = spread[0] * torch.randn_like(latents)
    for strength, wide in zip(spread[1:], (2, 4), strict=True):
        coarse = torch.randn(count, channels, rows // wide, columns // wide, device=latents.device)
        noise = noise + strength * F.interpolate(coarse, (rows, columns), mode="bilinear")
    return noise


def _redrawn(asked: Any, pixels: np.ndarray[Any, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures as MODEL leaves them before any refining, and as they were: two (count, 3, side, side) in halves."""
    kept = asked.folder / "redrawn.pt"
    if not kept.is_file():
        labels = json.loads(asked.pictures.with_suffix(".json").read_text("utf-8"))
        torch.save(_draw_over(asked, pixels[: asked.redrawn], labels), kept)
    raw, whole = torch.load(kept, weights_only=True)
    return raw, whole


@torch.no_grad()  # type: ignore[untyped-decorator]
def _draw_over(asked: Any, pixels: np.ndarray[Any, Any], labels: list[words.Attributes]) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise on the latents of each picture, and MODEL's own steps with guidance from there down."""
    model = load_model(cards.read_card("starter", asked.folder), asked.folder, torch.device(asked.device))
    parts, rng = model.components, random.Random(3)
    schedule = DDIMScheduler.from_config(parts["scheduler"].config)
    schedule.set_timesteps(schedule.config.num_train_timesteps // STRIDE)
    codec, made = PatchCodec.from_pretrained(asked.folder / "vae", torch_dtype=torch.float32).to(asked.device), []
    codec.polish = None
    whole = files.tensor(pixels)
    for at in range(0, len(pixels), 8):
        texts = [captions.describe(rng, seen)[0] for seen in labels[at : at + 8]]
        said = parts["tokenizer"]([*texts, *[""] * len(texts)], padding="max_length", truncation=True, return_tensors="pt")
        states = parts["text_encoder"](said["input_ids"].to(asked.device))[0]
        latents = codec.encode(whole[at : at + 8].to(asked.device)).latent_dist.mode()
        first = rng.choice(FIRST)
        latents = schedule.add_noise(latents, torch.randn_like(latents), torch.full((len(texts),), first))
        for level in (t for t in schedule.timesteps if t <= first):
            guess, plain = parts["unet"](torch.cat([latents] * 2), level, states, return_dict=False)[0].chunk(2)
            latents = schedule.step(plain + GUIDANCE * (guess - plain), level, latents).prev_sample
        made.append(codec.decode(latents).sample.half().cpu())
        print(f"drawn over {at + len(texts)} of {len(pixels)}", flush=True)
    return torch.cat(made), whole.half()


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
