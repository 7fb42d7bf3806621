"""Makes a trained folder the bundled one: `python -m backend.engines.starter_model.bundle MODEL OUT`.

Halves, files of at most 15 MB, and `studio.json`: what the studio's card says beyond the configs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from backend.engines.diffusion import cards
from backend.engines.diffusion.folder import load
from backend.engines.starter_model import files

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


if __name__ == "__main__":
    main()
