"""The frozen trait classifier for cartoon portraits in torch: for the demo, the tests and the training of the starter model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from backend.engines.local.starter_model import HERE

FOLDER = HERE / "trait_weights"
SIDE = 64


class TraitNet(nn.Module):  # type: ignore[misc]
    """(N, 3, 64, 64) in -1..1 -> {head: (N, values)} logits."""

    def __init__(self, heads: dict[str, list[str]]) -> None:
        super().__init__()
        self.heads = heads

        def block(into: int, out: int) -> nn.Sequential:
            return nn.Sequential(nn.Conv2d(into, out, 3, 2, 1), nn.BatchNorm2d(out), nn.ReLU())

        self.f = nn.Sequential(
            *(block(32 * i or 3, 32 * (i + 1)) for i in range(4)), nn.Flatten(), nn.Linear(128 * 16, 256), nn.ReLU()
        )
        self.h = nn.ModuleDict({name: nn.Linear(256, len(values)) for name, values in heads.items()})

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.f(pictures)
        return {name: head(features) for name, head in self.h.items()}


def load() -> TraitNet:
    """The bundled classifier, frozen."""
    net = TraitNet(json.loads((FOLDER / "traits.json").read_text("utf-8"))["heads"])
    net.load_state_dict(load_file(FOLDER / "traits.safetensors"))
    net.eval().requires_grad_(False)
    return net


def read_pictures(paths: Sequence[Path]) -> torch.Tensor:
    """Picture files of any size as the classifier's input, (N, 3, 64, 64)."""
    pictures = [np.asarray(Image.open(path).convert("RGB").resize((128, 128), Image.Resampling.LANCZOS)) for path in paths]
    return shrink(torch.from_numpy(np.stack(pictures)))


def shrink(pictures: torch.Tensor) -> torch.Tensor:
    """(N, 128, 128, 3) bytes to (N, 3, 64, 64) in -1..1."""
    return F.avg_pool2d(pictures.movedim(-1, 1).float(), 2).div(127.5).sub(1)


def classify(net: TraitNet, pictures: torch.Tensor) -> list[dict[str, str]]:
    """The likeliest value of every head, per picture."""
    best = {head: logits.argmax(1).tolist() for head, logits in net(pictures).items()}
    return [{head: net.heads[head][rows[i]] for head, rows in best.items()} for i in range(len(pictures))]
