"""Child side: pictures encoded as latents and captions as tokens, once, and the choice of what each step uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from backend.engines.local.diffusers.model_folder import LoadedModel
from backend.engines.ports.trainer import TrainImage, TrainParams
from backend.errors import Rejected
from backend.language import tr_lazy

ENCODE_BATCH = 4


@dataclass(frozen=True, slots=True)
class TrainingData:
    """`latents`: (pictures, channels, h, w); with flips (2 * pictures, ...), the mirrored ones last.

    `captions`: caption number of each picture; `tokens`: (captions + 1, length), the empty caption last.
    """

    latents: torch.Tensor
    captions: torch.Tensor
    tokens: torch.Tensor
    shown: torch.Tensor
    """Picture numbers, each as often as an epoch shows it (times `TrainParams.repeats`)."""


@dataclass(frozen=True, slots=True)
class StepBatch:
    """The batch of one step. `captions` are rows of TrainingData.tokens; `noise` is on the CPU."""

    latents: torch.Tensor
    captions: torch.Tensor
    timesteps: torch.Tensor
    noise: torch.Tensor


@torch.no_grad()  # type: ignore[untyped-decorator]
def encode_dataset(
    model: LoadedModel, images: Sequence[TrainImage], params: TrainParams, on_progress: Callable[[int], None]
) -> TrainingData:
    """Encodes everything once; `on_progress` gets the number of pictures done. Raises Rejected naming an unreadable picture."""
    latents, mirrored = [], []
    for start in range(0, len(images), ENCODE_BATCH):
        pixels = torch.stack(
            [_read(image, start + i, params.resolution) for i, image in enumerate(images[start : start + ENCODE_BATCH])]
        )
        latents.append(_encode(model, pixels))
        if params.flip:
            mirrored.append(_encode(model, pixels.flip(-1)))
        on_progress(min(start + ENCODE_BATCH, len(images)))
    texts = sorted({image.caption for image in images})
    return TrainingData(
        latents=torch.cat(latents + mirrored),
        captions=torch.tensor([texts.index(image.caption) for image in images]),
        tokens=tokenize(model, [*texts, ""]),
        shown=torch.repeat_interleave(torch.arange(len(images)), torch.tensor([image.repeats for image in images])),
    )


def step_batch(dataset: TrainingData, params: TrainParams, step: int, train_timesteps: int) -> StepBatch:
    """Pictures, noise and timesteps of step `step`, from seed and step alone, so that a resumed run repeats nothing."""
    generator = torch.Generator().manual_seed(params.seed * 1_000_003 + step)
    count = len(dataset.captions)
    rows = dataset.shown[_positions(len(dataset.shown), params, step)]
    captions = dataset.captions[rows].clone()
    dropped = torch.rand(len(rows), generator=generator) < params.caption_dropout
    captions[dropped] = len(dataset.tokens) - 1
    if params.flip:
        rows = rows + count * (torch.rand(len(rows), generator=generator) < 0.5)
    latents = dataset.latents[rows.to(dataset.latents.device)]
    return StepBatch(
        latents=latents,
        captions=captions,
        timesteps=torch.randint(0, train_timesteps, (len(rows),), generator=generator),
        noise=torch.randn(latents.shape, generator=generator),
    )


def fixed_batches(dataset: TrainingData, params: TrainParams, train_timesteps: int, count: int = 32) -> list[StepBatch]:
    """`count` fixed samples to measure the loss before and after: spread over all timesteps, no caption dropped."""
    generator = torch.Generator().manual_seed(params.seed + 7)
    rows = torch.arange(count) % len(dataset.captions)
    timesteps = ((torch.arange(count) + 0.5) * train_timesteps / count).long()
    noise = torch.randn((count, *dataset.latents.shape[1:]), generator=generator)
    batch = StepBatch(dataset.latents[rows.to(dataset.latents.device)], dataset.captions[rows], timesteps, noise)
    slices = [slice(start, start + params.batch) for start in range(0, count, params.batch)]
    return [StepBatch(batch.latents[part], batch.captions[part], batch.timesteps[part], batch.noise[part]) for part in slices]


def _positions(count: int, params: TrainParams, step: int) -> torch.Tensor:
    """Positions in `shown` of one step: each `repeats` times per epoch, reshuffled per epoch; batches may span two epochs."""
    size = count * params.repeats
    positions = torch.arange((step - 1) * params.batch, step * params.batch)
    orders = {int(epoch): _shuffled(size, params.seed, int(epoch)) for epoch in (positions // size).unique()}
    return torch.stack([orders[int(position) // size][int(position) % size] % count for position in positions])


def _shuffled(size: int, seed: int, epoch: int) -> torch.Tensor:
    return torch.randperm(size, generator=torch.Generator().manual_seed(seed * 7919 + epoch))


def _read(image: TrainImage, n: int, side: int) -> torch.Tensor:
    try:
        with Image.open(image.path) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError) as error:
        raise Rejected(
            tr_lazy("Picture {n} of the dataset cannot be read. Remove it and start the training again.", n=n + 1)
        ) from error
    if image.crop:
        x, y, width, height = image.crop
        upright = upright.crop((x, y, x + width, y + height))
    fitted = ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(fitted).copy()).movedim(-1, 0).float() / 127.5 - 1


def _encode(model: LoadedModel, pixels: torch.Tensor) -> torch.Tensor:
    vae: Any = model.components["vae"]
    encoded = vae.encode(pixels.to(model.device, next(vae.parameters()).dtype))
    latents = encoded.latent_dist.mode() if hasattr(encoded, "latent_dist") else encoded.latents
    return (latents * vae.config.scaling_factor).float()


def tokenize(model: LoadedModel, texts: Sequence[str]) -> torch.Tensor:
    """(texts, length): each text as in a prompt, padded or truncated to what the text encoder reads."""
    tokenizer = model.components["tokenizer"]
    encoded = tokenizer(
        [model.card.prompts.effective_prompt(text) for text in texts],
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    )
    tokens: torch.Tensor = encoded["input_ids"]
    return tokens
