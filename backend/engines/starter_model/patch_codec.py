"""A linear picture codec with AutoencoderKL's call shape: what an autoencoder is to other models, for ours.

8x8 patches, minus their mean, times 48 principal components, each divided by its scale. Closed form, never trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.autoencoders.vae import DecoderOutput


class Exactly:
    """A latent distribution without spread: `sample` and `mode` are the same (N, channels, H/patch, W/patch) tensor."""

    def __init__(self, latents: torch.Tensor) -> None:
        self._latents = latents

    def sample(self, generator: torch.Generator | None = None) -> torch.Tensor:
        return self._latents

    def mode(self) -> torch.Tensor:
        return self._latents


@dataclass
class Encoded:
    latent_dist: Exactly


class PatchCodec(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Pictures in -1..1 as (N, 3, H, W), H and W multiples of `patch`, to latents and back."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        patch: int = 8,
        latent_channels: int = 48,
        scaling_factor: float = 1.0,
        block_out_channels: tuple[int, ...] = (1, 1, 1, 1),
    ) -> None:
        super().__init__()
        self.fold = torch.nn.PixelShuffle(patch)
        self.unfold = torch.nn.PixelUnshuffle(patch)
        self.mean = torch.nn.Parameter(torch.zeros(3 * patch * patch))
        self.basis = torch.nn.Parameter(torch.zeros(3 * patch * patch, latent_channels))
        self.scale = torch.nn.Parameter(torch.ones(latent_channels))

    def encode(self, pictures: torch.Tensor, return_dict: bool = True) -> Any:
        patches = self.unfold(pictures).movedim(1, -1) - self.mean
        latents = Exactly((patches @ self.basis / self.scale).movedim(-1, 1))
        return Encoded(latents) if return_dict else (latents,)

    def decode(self, latents: torch.Tensor, return_dict: bool = True, generator: torch.Generator | None = None) -> Any:
        patches = (latents.movedim(1, -1) * self.scale) @ self.basis.T + self.mean
        pictures = self.fold(patches.movedim(-1, 1))
        return DecoderOutput(sample=pictures) if return_dict else (pictures,)
