"""Trains the trait classifier: `python -m backend.engines.starter_model.train_classifier PICTURES OUT --steps 1400`.

Half of what it sees is blurred, noisy, tinted and shifted like drawn pictures, so that it judges traits and not sharpness.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from backend.engines.starter_model import words
from backend.engines.starter_model.classifier import TraitNet, shrink

HEADS = {
    "top": list(words.TOPS),
    "hair": list(words.HAIR_COLORS),
    "skin": list(words.SKINS),
    "glasses": ["none", *words.GLASSES],
    "beard": ["none", *words.BEARDS],
    "clothes": list(words.CLOTHES),
    "cloth": list(words.CLOTH_COLORS),
    "scene": list(words.SCENES),
}
HELD_OUT = 0.075
BATCH = 64
RATE = 2e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=1400)
    asked = parser.parse_args()
    labels = json.loads(asked.pictures.with_suffix(".json").read_text("utf-8"))
    pixels = np.load(asked.pictures.with_suffix(".npy"), mmap_mode="r")
    small = torch.cat([shrink(torch.from_numpy(pixels[at : at + 500].copy())).half() for at in range(0, len(pixels), 500)])
    truth = {head: torch.tensor([values.index(seen[head] or "none") for seen in labels]) for head, values in HEADS.items()}
    net, known = TraitNet(HEADS), int(len(small) * (1 - HELD_OUT))
    train(net, small[:known], {head: rows[:known] for head, rows in truth.items()}, asked.steps)
    asked.out.mkdir(parents=True, exist_ok=True)
    save_file(net.state_dict(), asked.out / "traits.safetensors")
    card = {
        "heads": HEADS,
        "accuracy_clean_held_out": accuracy(net, small[known:], {h: rows[known:] for h, rows in truth.items()}),
    }
    (asked.out / "traits.json").write_text(json.dumps(card, indent=1), "utf-8")
    print(json.dumps(card["accuracy_clean_held_out"]))


def train(net: TraitNet, small: torch.Tensor, truth: dict[str, torch.Tensor], steps: int) -> None:
    torch.manual_seed(0)
    optimizer = torch.optim.AdamW(net.parameters(), RATE)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / steps) + 1e-5
        rows = torch.randint(0, len(small), (BATCH,))
        logits = net(_roughened(small[rows].float(), blur=bool(step % 2)))
        loss = torch.stack([F.cross_entropy(logits[head], truth[head][rows]) for head in net.heads]).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 200 == 0:
            print(step, f"{loss.item():.2f}", flush=True)


@torch.no_grad()  # type: ignore[untyped-decorator]
def accuracy(net: TraitNet, small: torch.Tensor, truth: dict[str, torch.Tensor]) -> dict[str, float]:
    """Share right per head on clean pictures that were not trained on."""
    logits = net.eval()(small.float())
    return {head: round(float((logits[head].argmax(1) == rows).float().mean()), 4) for head, rows in truth.items()}


def _roughened(pictures: torch.Tensor, *, blur: bool) -> torch.Tensor:
    if blur:
        pictures = F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2, mode="bilinear")
    count = len(pictures)
    tinted = pictures * (1 + 0.1 * torch.randn(count, 1, 1, 1)) + 0.05 * torch.randn(count, 3, 1, 1)
    noisy = tinted + 0.12 * torch.rand(count, 1, 1, 1) * torch.randn_like(pictures)
    shift: Any = tuple(torch.randint(-2, 3, (2,)).tolist())
    return torch.roll(noisy, shift, (2, 3))


if __name__ == "__main__":
    main()
