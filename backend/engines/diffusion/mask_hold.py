"""Child side: holds the latents outside a mask to the picture's own while the rest is drawn. Works with any latent width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from backend.engines.diffusion.folder import Model
from backend.engines.diffusion.inpaint import Painting


class Keep:
    """Called after each step with what is drawn so far (N, channels, h, w); answers it with the outside put back.

    The outside gets the noise that the next step expects, drawn as the picture-to-picture pipeline draws its own.
    """

    def __init__(self, model: Model, pipe: Any, painting: Painting, seeds: Sequence[int]) -> None:
        self._pipe = pipe
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        pixels = pipe.image_processor.preprocess(painting.start(), painting.height, painting.width)
        own = _encoded(model, pixels.to(model.device), generators)
        self._own = torch.cat(own)
        self._noise = torch.cat(
            [_noise(one.shape, generator, self._own) for one, generator in zip(own, generators, strict=True)]
        )
        hole = painting.hole().resize((self._own.shape[-1], self._own.shape[-2]), Image.Resampling.BOX)
        # A latent cell that is painted in part is drawn as a whole: the pixels of its rest are put back afterwards.
        self._hole = torch.from_numpy((np.asarray(hole) > 0)[None, None].copy()).to(self._own)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def __call__(self, timestep: Any, latents: torch.Tensor) -> torch.Tensor:
        scheduler = self._pipe.scheduler
        at = int((scheduler.timesteps == timestep).nonzero()[0])
        own = self._own
        if at + 1 < len(scheduler.timesteps):
            own = scheduler.add_noise(own, self._noise, scheduler.timesteps[at + 1 : at + 2])
        return (latents * self._hole + own * (1 - self._hole)).to(latents.dtype)


@torch.no_grad()  # type: ignore[untyped-decorator]
def _encoded(model: Model, pixels: torch.Tensor, generators: Sequence[torch.Generator]) -> list[torch.Tensor]:
    """One (1, channels, h, w) for each generator; XL's codec overflows in half precision and is lifted for it."""
    codec = model.components["vae"]
    lifted = model.dtype == torch.float16 and getattr(codec.config, "force_upcast", False)
    codec = codec.to(torch.float32) if lifted else codec
    made = [codec.encode(pixels.to(codec.dtype)).latent_dist.sample(generator) for generator in generators]
    if lifted:
        codec.to(torch.float16)
    return [(one * codec.config.scaling_factor).to(model.dtype) for one in made]


def _noise(shape: torch.Size, generator: torch.Generator, like: torch.Tensor) -> torch.Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float32).to(like)
