"""A linear picture codec with AutoencoderKL's interface: the autoencoder of the starter model.

8x8 patches minus their mean, projected on 48 principal components, each divided by its scale: closed form, not trained. A small
trained network (`refiner` channels wide) can remove block edges and noise after decoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.autoencoders.vae import DecoderOutput


class PointDistribution:
    """A latent distribution without variance: `sample` and `mode` are the same (N, channels, H/patch, W/patch) tensor."""

    def __init__(self, latents: torch.Tensor) -> None:
        self._latents = latents

    def sample(self, generator: torch.Generator | None = None) -> torch.Tensor:
        return self._latents

    def mode(self) -> torch.Tensor:
        return self._latents


@dataclass
class EncoderOutput:
    latent_dist: PointDistribution


class Refiner(torch.nn.Module):  # type: ignore[misc]
    """Cleans (N, 3, H, W) in -1..1: a residual network on 4x4 cells, so that it sees across the 8x8 patches.

    `reach`: the dilation of each layer in cells; large ones see the colour of a whole area.
    """

    def __init__(self, width: int, reach: Sequence[int]) -> None:
        super().__init__()
        self.cells, self.pixels = torch.nn.PixelUnshuffle(4), torch.nn.PixelShuffle(4)
        self.enter = torch.nn.Conv2d(48, width, 3, padding=1)
        self.layers = torch.nn.ModuleList(
            torch.nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation) for dilation in reach
        )
        self.leave = torch.nn.Conv2d(width, 48, 3, padding=1)
        torch.nn.init.zeros_(self.leave.weight)
        torch.nn.init.zeros_(self.leave.bias)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        features = self.enter(self.cells(pictures))
        for layer in self.layers:
            features = features + layer(torch.nn.functional.silu(features))
        refined: torch.Tensor = pictures + self.pixels(self.leave(torch.nn.functional.silu(features)))
        return refined


class PatchCodec(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Pictures in -1..1 as (N, 3, H, W), H and W multiples of `patch`, to latents and back."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        patch: int = 8,
        latent_channels: int = 48,
        scaling_factor: float = 1.0,
        block_out_channels: tuple[int, ...] = (1, 1, 1, 1),
        refiner: int = 0,
        refiner_reach: tuple[int, ...] = (1, 1, 1, 1),
    ) -> None:
        super().__init__()
        self.fold = torch.nn.PixelShuffle(patch)
        self.unfold = torch.nn.PixelUnshuffle(patch)
        self.mean = torch.nn.Parameter(torch.zeros(3 * patch * patch))
        self.basis = torch.nn.Parameter(torch.zeros(3 * patch * patch, latent_channels))
        self.scale = torch.nn.Parameter(torch.ones(latent_channels))
        self.polish = Refiner(refiner, refiner_reach) if refiner else None

    def encode(self, pictures: torch.Tensor, return_dict: bool = True) -> Any:
        patches = self.unfold(pictures).movedim(1, -1) - self.mean
        latents = PointDistribution((patches @ self.basis / self.scale).movedim(-1, 1))
        return EncoderOutput(latents) if return_dict else (latents,)

    def decode(self, latents: torch.Tensor, return_dict: bool = True, generator: torch.Generator | None = None) -> Any:
        patches = (latents.movedim(1, -1) * self.scale) @ self.basis.T + self.mean
        pictures = self.fold(patches.movedim(-1, 1))
        if self.polish is not None:
            pictures = self.polish(pictures)
        return DecoderOutput(sample=pictures) if return_dict else (pictures,)


def fit_codec(pixels: np.ndarray[Any, Any], channels: int = 48, sample: int = 3000) -> PatchCodec:
    """Fits the principal components of 8x8 patches of (N, H, W, 3) bytes; latents are scaled to about unit variance."""
    codec: PatchCodec = PatchCodec(latent_channels=channels)
    codec.requires_grad_(False)
    rows = np.sort(np.random.default_rng(0).choice(len(pixels), min(sample, len(pixels)), replace=False))
    patches = codec.unfold(torch.from_numpy(pixels[rows]).movedim(-1, 1).float() / 127.5 - 1).movedim(1, -1).flatten(0, 2)
    mean = patches.mean(0)
    values, vectors = torch.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))
    spread = values.flip(0)[:channels].clamp(min=1e-8).sqrt()
    share = (spread / spread[0]).sqrt()
    codec.mean.copy_(mean)
    codec.basis.copy_(vectors.flip(1)[:, :channels])
    codec.scale.copy_(spread / share * share.square().mean().sqrt())
    return codec
