"""Trains the trait classifier: `python -m starter_model.train_classifier PICTURES OUT --steps 3500`.

Most of what it sees is blurred, noisy, tinted and shifted like drawn pictures, so that it judges traits and not sharpness.
What cannot be seen is neither learned nor measured: hair below a hat, the cut of clothes below a hijab.
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

from backend.engines.local.starter_model import words
from backend.engines.local.starter_model.classifier import TraitNet, shrink

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
HELD_OUT = 0.05
BATCH = 64
RATE = 2e-3
HIDDEN = -100  # what cross_entropy leaves out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=3500)
    options = parser.parse_args()
    labels = json.loads(options.pictures.with_suffix(".json").read_text("utf-8"))
    pixels = np.load(options.pictures.with_suffix(".npy"), mmap_mode="r")
    truth = {head: torch.tensor([_row(head, portrait) for portrait in labels]) for head in HEADS}
    small = torch.cat([shrink(torch.from_numpy(pixels[at : at + 500].copy())).half() for at in range(0, len(pixels), 500)])
    net, train_count = TraitNet(HEADS), int(len(small) * (1 - HELD_OUT))
    train(net, small[:train_count], truth, options.steps)
    options.out.mkdir(parents=True, exist_ok=True)
    save_file(net.state_dict(), options.out / "traits.safetensors")
    card = {
        "heads": HEADS,
        "accuracy_clean_held_out": accuracy(
            net, small[train_count:], {head: rows[train_count:] for head, rows in truth.items()}
        ),
    }
    (options.out / "traits.json").write_text(json.dumps(card, indent=1), "utf-8")
    print(json.dumps(card["accuracy_clean_held_out"]))


def _row(head: str, portrait: words.Attributes) -> int:
    hidden = (head == "hair" and portrait["top"] in words.HATS) or (head == "clothes" and portrait["top"] == "hijab")
    return HIDDEN if hidden else HEADS[head].index(portrait[head] or "none")


def train(net: TraitNet, small: torch.Tensor, truth: dict[str, torch.Tensor], steps: int) -> None:
    torch.manual_seed(0)
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.02)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, step / 50) * (1 - step / steps) + 1e-5
        rows = torch.randint(0, len(small), (BATCH,))
        logits = net(_roughened(small[rows].float(), blur=step % 3 == 0))
        losses = [F.cross_entropy(logits[head], truth[head][rows], label_smoothing=0.02) for head in net.heads]
        loss = torch.stack(losses).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(step, f"{loss.item():.2f}", flush=True)


@torch.no_grad()  # type: ignore[untyped-decorator]
def accuracy(net: TraitNet, small: torch.Tensor, truth: dict[str, torch.Tensor]) -> dict[str, float]:
    """Share right per head on clean pictures that were not trained on, where it can be seen."""
    logits = net.eval()(small.float())
    right = {head: logits[head].argmax(1) == rows for head, rows in truth.items()}
    return {head: round(float(hits[truth[head] != HIDDEN].float().mean()), 4) for head, hits in right.items()}


def _roughened(pictures: torch.Tensor, *, blur: bool) -> torch.Tensor:
    if blur:
        pictures = F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2, mode="bilinear")
    count = len(pictures)
    tinted = pictures * (1 + 0.08 * torch.randn(count, 1, 1, 1)) + 0.04 * torch.randn(count, 3, 1, 1)
    noisy = tinted + 0.12 * torch.rand(count, 1, 1, 1).square() * torch.randn_like(pictures)
    shift: Any = tuple(torch.randint(-1, 2, (2,)).tolist())
    return torch.roll(noisy, shift, (2, 3))


if __name__ == "__main__":
    main()
