"""How well the starter model obeys: `python -m backend.engines.starter_model.evaluate [--lora FILE] [--count 96]`.

Draws held-out full prompts and has the frozen classifier judge them. Last line of standard output: one JSON object with the
share obeyed per attribute and the seconds per picture.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path
from typing import Any

from backend.engines.diffusion.child import prepare
from backend.engines.starter_model import WEIGHTS, words

JUDGED = ("scene", "cloth", "glasses", "hair", "skin", "top")
AT_ONCE = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lora", type=Path, help="a LoRA in kohya key layout to draw with")
    parser.add_argument("--count", type=int, default=96)
    parser.add_argument("--folder", type=Path, default=WEIGHTS, help="another model folder")
    asked = parser.parse_args()
    prepare(threads=0)
    print(json.dumps(evaluate(asked.folder, asked.lora, asked.count)))


def evaluate(folder: Path, lora: Path | None, count: int) -> dict[str, Any]:
    """`{"prompts", "seconds_per_picture", "obeyed": {attribute: share}}`."""
    from backend.engines.diffusion import cards, draw
    from backend.engines.diffusion.folder import device_for, load
    from backend.engines.diffusion.lora import Merger

    model = load(cards.card("starter", folder), folder, device_for("auto"))
    Merger(model).apply([("lora", lora, 1.0)] if lora else [])
    wanted = held_out(count)
    prompts = [prompt for prompt, _ in wanted]
    began, images = time.monotonic(), []
    for at in range(0, count, AT_ONCE):
        images += draw.sketch(model, prompts[at : at + AT_ONCE], "", seed=100 + at, steps=model.card.steps)
    spent = time.monotonic() - began
    return {
        "prompts": count,
        "seconds_per_picture": round(spent / count, 2),
        "obeyed": _judge(images, [seen for _, seen in wanted]),
    }


def held_out(count: int) -> list[tuple[str, words.Attributes]]:
    """Prompts of a seed that training never used, with what they ask for."""
    from backend.engines.starter_model.pictures import sample

    rng = random.Random(999)
    asked = [sample(rng)[1] for _ in range(count)]
    return [(words.full_prompt(rng, seen), seen) for seen in asked]


def _judge(images: list[Any], wanted: list[words.Attributes]) -> dict[str, float]:
    import numpy as np
    import torch

    from backend.engines.starter_model import classifier

    pictures = classifier.shrink(torch.from_numpy(np.stack([np.asarray(image) for image in images])))
    found = classifier.classify(classifier.load(), pictures)
    hits: dict[str, list[bool]] = {attribute: [] for attribute in JUDGED}
    for seen, asked in zip(found, wanted, strict=True):
        for attribute in JUDGED:
            if attribute == "hair" and asked["top"] in words.HATS:
                continue  # a hat hides the hair
            if attribute == "glasses":
                hits[attribute].append((seen["glasses"] != "none") == bool(asked["glasses"]))
            else:
                hits[attribute].append(seen[attribute] == asked[attribute])
    return {attribute: round(sum(right) / len(right), 3) for attribute, right in hits.items()}


if __name__ == "__main__":
    main()
