"""Makes a trained folder the bundled one: `python -m starter_model.bundle MODEL OUT`.

Half precision, files of at most 15 MB. `studio.json`: the model card's values beyond the configs. `prior.txt`: captions of
other names, which a LoRA trained on this model must leave as they are; `prior.safetensors`: what the model draws for them, so
that no training has to draw it (backend/engines/local/peft/prior.py).
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler
from safetensors.torch import save_file

from backend.engines.local.diffusers import model_cards
from backend.engines.local.diffusers.model_folder import LoadedModel, load_model
from backend.engines.local.peft import prior
from backend.engines.local.starter_model import characters, words
from starter_model import captions, files
from starter_model.pictures import training_attributes

CARD_VALUES: dict[str, Any] = {
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
    parser.add_argument("--cfg", type=float, default=CARD_VALUES["cfg"])
    options = parser.parse_args()
    model = load_model(model_cards.read_card("starter", options.model), options.model, torch.device("cpu"))
    card, parts = model.card, model.components
    options.out.mkdir(parents=True, exist_ok=True)
    files.save(
        options.out,
        unet=parts["unet"],
        text=parts["text_encoder"],
        codec=parts["vae"],
        tokenizer=parts["tokenizer"],
        scheduler=parts["scheduler"],
        dtype=torch.float16,
    )
    card_values = {
        name: value.format(side=card.side) if isinstance(value, str) else value for name, value in CARD_VALUES.items()
    }
    card_values |= {"cfg": options.cfg, "longest_px": card.side * 5 // 4, "square": True}
    card_values |= {"prompts": captions.prompt_form()}
    (options.out / "studio.json").write_text(json.dumps(card_values, indent=2) + "\n", "utf-8")
    texts = prior_captions()
    (options.out / prior.PROMPTS_FILE).write_text("\n".join(texts) + "\n", "utf-8")
    save_file({"latents": prior_latents(model, texts, options.cfg, card_values["steps"])}, options.out / prior.LATENTS_FILE)
    (options.out / prior.LATENTS_FILE).chmod(0o644)


@torch.no_grad()  # type: ignore[untyped-decorator]
def prior_latents(model: LoadedModel, texts: list[str], cfg: float, steps: int, at_once: int = 8) -> torch.Tensor:
    """(texts, channels, h, w) float16: the latents of a finished picture of each text."""
    parts, latents_of_texts = model.components, []
    schedule = DDIMScheduler.from_config(parts["scheduler"].config)
    schedule.set_timesteps(steps)
    for start in range(0, len(texts), at_once):
        batch = texts[start : start + at_once]
        tokens = parts["tokenizer"]([*batch, *[""] * len(batch)], padding="max_length", truncation=True, return_tensors="pt")
        states = parts["text_encoder"](tokens["input_ids"])[0]
        shape = (len(batch), model.unet.config.in_channels, *[model.unet.config.sample_size] * 2)
        latents = torch.randn(shape, generator=torch.Generator().manual_seed(start))
        for level in schedule.timesteps:
            guess, plain = model.unet(torch.cat([latents] * 2), level, states, return_dict=False)[0].chunk(2)
            latents = schedule.step(plain + cfg * (guess - plain), level, latents).prev_sample
        latents_of_texts.append(latents.half())
    return torch.cat(latents_of_texts)


def prior_captions(count: int = 64, seed: int = 1234) -> list[str]:
    """Full captions, none of a sample character and none that evaluation asks for."""
    rng, names = random.Random(seed), {character.name for character in characters()}
    captions_made = (words.full_prompt(rng, training_attributes(rng)) for _ in range(4 * count))
    return [caption for caption in captions_made if not any(name in caption for name in names)][:count]


if __name__ == "__main__":
    main()
