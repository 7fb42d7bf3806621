"""Child side: the pictures as latents and the captions as embeddings, worked out once, and which of them a step uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from backend.engines.diffusion.folder import Model
from backend.engines.trainer.port import TrainImage, TrainParams
from backend.errors import Rejected

AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Material:
    """`latents`: (pictures, channels, h, w), with flips (2 * pictures, ...): mirrored ones after the others.

    `captions`: caption number of each picture; `tokens`: (captions + 1, length), the empty caption last.
    """

    latents: torch.Tensor
    captions: torch.Tensor
    tokens: torch.Tensor


@dataclass(frozen=True, slots=True)
class Draws:
    """What one step learns from. `captions` are rows of Material.tokens; `noise` is on the CPU."""

    latents: torch.Tensor
    captions: torch.Tensor
    timesteps: torch.Tensor
    noise: torch.Tensor


@torch.no_grad()  # type: ignore[untyped-decorator]
def prepare(model: Model, images: Sequence[TrainImage], params: TrainParams, told: Callable[[int], None]) -> Material:
    """Encodes everything once; `told` gets the number of pictures done. Raises Rejected naming an unreadable picture."""
    latents, mirrored = [], []
    for at in range(0, len(images), AT_ONCE):
        pixels = torch.stack([_read(image, at + i, params.resolution) for i, image in enumerate(images[at : at + AT_ONCE])])
        latents.append(_encode(model, pixels))
        if params.flip:
            mirrored.append(_encode(model, pixels.flip(-1)))
        told(min(at + AT_ONCE, len(images)))
    texts = sorted({image.caption for image in images})
    return Material(
        latents=torch.cat(latents + mirrored),
        captions=torch.tensor([texts.index(image.caption) for image in images]),
        tokens=to_tokens(model, [*texts, ""]),
    )


def draws(material: Material, params: TrainParams, step: int, train_timesteps: int) -> Draws:
    """Step `step`'s pictures, noise and timesteps: from the seed and the step alone, so a resumed run repeats nothing."""
    chance = torch.Generator().manual_seed(params.seed * 1_000_003 + step)
    count = len(material.captions)
    rows = _rows(count, params, step)
    captions = material.captions[rows].clone()
    dropped = torch.rand(len(rows), generator=chance) < params.caption_dropout
    captions[dropped] = len(material.tokens) - 1
    if params.flip:
        rows = rows + count * (torch.rand(len(rows), generator=chance) < 0.5)
    latents = material.latents[rows.to(material.latents.device)]
    return Draws(
        latents=latents,
        captions=captions,
        timesteps=torch.randint(0, train_timesteps, (len(rows),), generator=chance),
        noise=torch.randn(latents.shape, generator=chance),
    )


def fixed_draws(material: Material, params: TrainParams, train_timesteps: int, count: int = 32) -> list[Draws]:
    """The same `count` draws before and after training: spread over all timesteps, no caption dropped."""
    chance = torch.Generator().manual_seed(params.seed + 7)
    rows = torch.arange(count) % len(material.captions)
    times = ((torch.arange(count) + 0.5) * train_timesteps / count).long()
    noise = torch.randn((count, *material.latents.shape[1:]), generator=chance)
    whole = Draws(material.latents[rows.to(material.latents.device)], material.captions[rows], times, noise)
    cut = [slice(at, at + params.batch) for at in range(0, count, params.batch)]
    return [Draws(whole.latents[c], whole.captions[c], whole.timesteps[c], whole.noise[c]) for c in cut]


def _rows(count: int, params: TrainParams, step: int) -> torch.Tensor:
    """Every picture `repeats` times per epoch, shuffled anew each epoch; batches run on across the epochs' borders."""
    size = count * params.repeats
    places = torch.arange((step - 1) * params.batch, step * params.batch)
    shuffled = {int(epoch): _shuffled(size, params.seed, int(epoch)) for epoch in (places // size).unique()}
    return torch.stack([shuffled[int(place) // size][int(place) % size] % count for place in places])


def _shuffled(size: int, seed: int, epoch: int) -> torch.Tensor:
    return torch.randperm(size, generator=torch.Generator().manual_seed(seed * 7919 + epoch))


def _read(image: TrainImage, n: int, side: int) -> torch.Tensor:
    try:
        with Image.open(image.path) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError) as broken:
        raise Rejected(f"Picture {n + 1} of the dataset cannot be read. Remove it and start the training again.") from broken
    if image.crop:
        x, y, width, height = image.crop
        upright = upright.crop((x, y, x + width, y + height))
    fitted = ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(fitted).copy()).movedim(-1, 0).float() / 127.5 - 1


def _encode(model: Model, pixels: torch.Tensor) -> torch.Tensor:
    vae: Any = model.components["vae"]
    encoded = vae.encode(pixels.to(model.device, next(vae.parameters()).dtype))
    latents = encoded.latent_dist.mode() if hasattr(encoded, "latent_dist") else encoded.latents
    return (latents * vae.config.scaling_factor).float()


def to_tokens(model: Model, texts: Sequence[str]) -> torch.Tensor:
    """(texts, length): each as it would be drawn, padded or cut to what the text encoder reads."""
    tokenizer = model.components["tokenizer"]
    cut = tokenizer(
        [model.card.prompts.heard(text) for text in texts],
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    )
    tokens: torch.Tensor = cut["input_ids"]
    return tokens
