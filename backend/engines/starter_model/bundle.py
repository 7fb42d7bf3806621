"""Makes a trained folder the bundled one: `python -m backend.engines.starter_model.bundle MODEL OUT`.

Halves, files of at most 15 MB, `studio.json`: what the studio's card says beyond the configs, and `prior.txt`: full captions of
other names, which a LoRA trained on this model leaves as they are (backend/engines/trainer/prior.py).
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import torch

from backend.engines.diffusion import cards
from backend.engines.diffusion.folder import load
from backend.engines.starter_model import characters, files, words
from backend.engines.starter_model.pictures import known

OURS: dict[str, Any] = {
    "title": "Starter model (cartoon portraits, {side} px)",
    "base": "starter-{side}",
    "steps": 20,
    "cfg": 3.0,
    "note": "Bundled. Draws cartoon portraits at {side} px in half a second on a laptop; words it knows are in its model card.",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cfg", type=float, default=OURS["cfg"])
    asked = parser.parse_args()
    card = cards.card("starter", asked.model)
    parts = load(card, asked.model, torch.device("cpu")).components
    asked.out.mkdir(parents=True, exist_ok=True)
    files.save(
        asked.out,
        unet=parts["unet"],
        text=parts["text_encoder"],
        codec=parts["vae"],
        tokenizer=parts["tokenizer"],
        scheduler=parts["scheduler"],
        dtype=torch.float16,
    )
    said = {name: value.format(side=card.side) if isinstance(value, str) else value for name, value in OURS.items()}
    said |= {"cfg": asked.cfg, "longest_px": card.side * 5 // 4}
    (asked.out / "studio.json").write_text(json.dumps(said, indent=2) + "\n", "utf-8")
    (asked.out / "prior.txt").write_text("\n".join(others()) + "\n", "utf-8")


def others(count: int = 16, seed: int = 1234) -> list[str]:
    """Full captions, none of a sample character and none that evaluation asks for."""
    rng, names = random.Random(seed), {character.name for character in characters()}
    made = (words.full_prompt(rng, known(rng)) for _ in range(4 * count))
    return [caption for caption in made if not any(name in caption for name in names)][:count]


if __name__ == "__main__":
    main()
