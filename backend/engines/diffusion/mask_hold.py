"""Child side: keeps the latents outside a mask at the source picture's while the rest is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from backend.engines.diffusion.folder import LoadedModel
from backend.engines.diffusion.inpaint import Inpaint


class MaskHold:
    """Called after each step with the latents (N, channels, h, w); returns them with the outside replaced by the source.

    The outside gets the noise level that the next step expects, with the same noise as the image-to-image pipeline.
    """

    def __init__(self, model: LoadedModel, pipe: Any, inpaint: Inpaint, seeds: Sequence[int]) -> None:
        self._pipe = pipe
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        pixels = pipe.image_processor.preprocess(inpaint.source_crop(), inpaint.height, inpaint.width)
        latents = _encoded(model, pixels.to(model.device), generators)
        self._latents = torch.cat(latents)
        self._noise = torch.cat(
            [_noise(latent.shape, generator, self._latents) for latent, generator in zip(latents, generators, strict=True)]
        )
        mask = inpaint.mask_crop().resize((self._latents.shape[-1], self._latents.shape[-2]), Image.Resampling.BOX)
        # A latent cell that is only partly masked is redrawn as a whole; pasting restores its unmasked pixels.
        self._mask = torch.from_numpy((np.asarray(mask) > 0)[None, None].copy()).to(self._latents)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def __call__(self, timestep: Any, latents: torch.Tensor) -> torch.Tensor:
        scheduler = self._pipe.scheduler
        index = int((scheduler.timesteps == timestep).nonzero()[0])
        outside = self._latents
        if index + 1 < len(scheduler.timesteps):
            outside = scheduler.add_noise(outside, self._noise, scheduler.timesteps[index + 1 : index + 2])
        return (latents * self._mask + outside * (1 - self._mask)).to(latents.dtype)


@torch.no_grad()  # type: ignore[untyped-decorator]
def _encoded(model: LoadedModel, pixels: torch.Tensor, generators: Sequence[torch.Generator]) -> list[torch.Tensor]:
    """One (1, channels, h, w) per generator. XL's VAE overflows in float16 and runs in float32."""
    codec = model.components["vae"]
    upcast = model.dtype == torch.float16 and getattr(codec.config, "force_upcast", False)
    codec = codec.to(torch.float32) if upcast else codec
    latents = [codec.encode(pixels.to(codec.dtype)).latent_dist.sample(generator) for generator in generators]
    if upcast:
        codec.to(torch.float16)
    return [(latent * codec.config.scaling_factor).to(model.dtype) for latent in latents]


def _noise(shape: torch.Size, generator: torch.Generator, like: torch.Tensor) -> torch.Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float32).to(like)
