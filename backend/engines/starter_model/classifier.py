"""The frozen trait classifier that judges cartoon portraits: used by the demo and the tests only, never by the studio."""

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

from backend.engines.starter_model import HERE

FOLDER = HERE / "trait_weights"
SIDE = 128
WIDTHS = (16, 32, 64, 96, 128)
_FIRST = {"side": 64, "widths": (32, 64, 96, 128)}  # the first classifier's, whose card does not say


class TraitNet(nn.Module):  # type: ignore[misc]
    """(N, 3, side, side) in -1..1 -> {head: (N, values)} logits."""

    def __init__(self, heads: dict[str, list[str]], side: int = SIDE, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.heads, self.side = heads, side

        def block(into: int, out: int) -> nn.Sequential:
            return nn.Sequential(nn.Conv2d(into, out, 3, 2, 1), nn.BatchNorm2d(out), nn.ReLU())

        self.f = nn.Sequential(
            *(block(into, out) for into, out in zip((3, *widths), widths, strict=False)),
            nn.Flatten(),
            nn.Linear(widths[-1] * 16, 256),
            nn.ReLU(),
        )
        self.h = nn.ModuleDict({name: nn.Linear(256, len(values)) for name, values in heads.items()})

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.f(pictures)
        return {name: head(features) for name, head in self.h.items()}


def load() -> TraitNet:
    """The bundled classifier, frozen."""
    card = _FIRST | json.loads((FOLDER / "traits.json").read_text("utf-8"))
    net = TraitNet(card["heads"], card["side"], card["widths"])
    net.load_state_dict(load_file(FOLDER / "traits.safetensors"))
    net.eval().requires_grad_(False)
    return net


def read(paths: Sequence[Path]) -> torch.Tensor:
    """Picture files of any size as the classifier wants them."""
    pictures = [np.asarray(Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)) for path in paths]
    return scaled(torch.from_numpy(np.stack(pictures)))


def scaled(pictures: torch.Tensor) -> torch.Tensor:
    """(N, 128, 128, 3) bytes to (N, 3, 128, 128) in -1..1."""
    return pictures.movedim(-1, 1).float().div(127.5).sub(1)


def classify(net: TraitNet, pictures: torch.Tensor) -> list[dict[str, str]]:
    """The likeliest value of every head, per picture of (N, 3, 128, 128)."""
    pictures = F.avg_pool2d(pictures, SIDE // net.side)
    best = {head: logits.argmax(1).tolist() for head, logits in net(pictures).items()}
    return [{head: net.heads[head][rows[i]] for head, rows in best.items()} for i in range(len(pictures))]
