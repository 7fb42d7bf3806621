"""Trains the trait classifier: `python -m backend.engines.starter_model.train_classifier PICTURES OUT --steps 2000`.

Most of what it sees is blurred, noisy, tinted and shifted like drawn pictures, so that it judges traits and not sharpness.
Hair colour is neither learned nor measured on heads whose hat hides it.
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
from backend.engines.starter_model.classifier import SIDE, WIDTHS, TraitNet, scaled

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
    parser.add_argument("--steps", type=int, default=2000)
    asked = parser.parse_args()
    labels = json.loads(asked.pictures.with_suffix(".json").read_text("utf-8"))
    pixels = np.load(asked.pictures.with_suffix(".npy"), mmap_mode="r")
    truth = {head: torch.tensor([_row(head, seen) for seen in labels]) for head in HEADS}
    net, known = TraitNet(HEADS), int(len(pixels) * (1 - HELD_OUT))
    train(net, pixels[:known], truth, asked.steps)
    asked.out.mkdir(parents=True, exist_ok=True)
    save_file(net.state_dict(), asked.out / "traits.safetensors")
    card = {
        "side": SIDE,
        "widths": WIDTHS,
        "heads": HEADS,
        "accuracy_clean_held_out": accuracy(net, pixels[known:], {head: rows[known:] for head, rows in truth.items()}),
    }
    (asked.out / "traits.json").write_text(json.dumps(card, indent=1), "utf-8")
    print(json.dumps(card["accuracy_clean_held_out"]))


def _row(head: str, seen: words.Attributes) -> int:
    return HIDDEN if head == "hair" and seen["top"] in words.HATS else HEADS[head].index(seen[head] or "none")


def train(net: TraitNet, pixels: np.ndarray[Any, Any], truth: dict[str, torch.Tensor], steps: int) -> None:
    torch.manual_seed(0)
    net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.02)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, step / 50) * (1 - step / steps) + 1e-5
        rows = torch.randint(0, len(pixels), (BATCH,))
        seen = _roughened(scaled(torch.from_numpy(pixels[rows.numpy()])), blur=step % 3)
        logits = net(seen.contiguous(memory_format=torch.channels_last))
        losses = [F.cross_entropy(logits[head], truth[head][rows], label_smoothing=0.02) for head in net.heads]
        loss = torch.stack(losses).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(step, f"{loss.item():.2f}", flush=True)


@torch.no_grad()  # type: ignore[untyped-decorator]
def accuracy(net: TraitNet, pixels: np.ndarray[Any, Any], truth: dict[str, torch.Tensor]) -> dict[str, float]:
    """Share right per head on clean pictures that were not trained on; hair only where no hat hides it."""
    net.eval()
    best = [net(scaled(torch.from_numpy(pixels[at : at + 200].copy()))) for at in range(0, len(pixels), 200)]
    right = {head: torch.cat([logits[head].argmax(1) for logits in best]) == rows for head, rows in truth.items()}
    return {head: round(float(hits[truth[head] != HIDDEN].float().mean()), 4) for head, hits in right.items()}


def _roughened(pictures: torch.Tensor, *, blur: int) -> torch.Tensor:
    if blur:
        side = (pictures.shape[-1], pictures.shape[-1])
        pictures = F.interpolate(F.avg_pool2d(pictures, blur + 1, ceil_mode=True), side, mode="bilinear")
    count = len(pictures)
    tinted = pictures * (1 + 0.08 * torch.randn(count, 1, 1, 1)) + 0.04 * torch.randn(count, 3, 1, 1)
    noisy = tinted + 0.15 * torch.rand(count, 1, 1, 1) * torch.randn_like(pictures)
    shift: Any = tuple(torch.randint(-3, 4, (2,)).tolist())
    return torch.roll(noisy, shift, (2, 3))


if __name__ == "__main__":
    main()
