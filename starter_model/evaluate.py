"""Measures how well the starter model follows prompts and learns LoRAs: `python -m starter_model.evaluate [--lora]`.

Draws 500 held-out full prompts; the frozen classifier judges them. `--lora`: trains the three sample characters with the
studio's own trainer and the parameters of its quick trial, and judges them before and after. Last line of standard output: one
JSON object. Minutes on a laptop: 500 pictures take about 4, the three trials about 5.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from backend.engines.local.starter_model import WEIGHTS, SampleCharacter, characters, words
from backend.engines.local.torch_host.child import prepare_environment
from backend.engines.ports.trainer import TrainParams
from backend.settings import Settings
from starter_model import prompts

MIN_OBEYED = {"scene": 0.95, "hair": 0.90, "top": 0.80, "cloth": 0.85, "glasses": 0.90}
JUDGED = (*MIN_OBEYED, "skin", "clothes")
MIN_LORA_FIGURES = {"nearly_all_after": 0.95, "place_obeyed": 0.95, "colour_obeyed": 0.80, "other_names_own_traits_after": 0.92}
PromptsWithAttributes = list[tuple[str, words.Attributes]]
MAX_SECONDS_PER_IMAGE, MAX_SECONDS_PER_TRIAL = 4.0, 60.0
DRAW_BATCH, PROMPTS_PER_CHARACTER, OTHER_PROMPTS = 8, 24, 16
# What `backend.training` recommends for a quick run on 14 pictures; a test compares the two.
QUICK = TrainParams(
    steps=100,
    batch=4,
    resolution=128,
    network_dim=16,
    network_alpha=16.0,
    unet_lr=1.2e-3,
    text_encoder_lr=0.0,
    scheduler="constant",
    warmup_steps=0,
    repeats=1,
    seed=42,
    save_every=50,
    sample_every=50,
    caption_dropout=0.0,
    train_convolutions=True,
    prior_weight=0.1,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lora", action="store_true", help="also train and judge the three sample characters")
    parser.add_argument(
        "--character", choices=[character.name for character in characters()], help="only this one (with --lora)"
    )
    parser.add_argument("--count", type=int, default=500, help="of held-out prompts")
    parser.add_argument("--folder", type=Path, default=WEIGHTS, help="another model folder")
    parser.add_argument("--cfg", type=float, help="another guidance than the model's own")
    parser.add_argument("--show", type=Path, help="folder for contact sheets")
    options = parser.parse_args()
    prepare_environment(threads=0)
    evaluator = Evaluator(options.folder, options.cfg, options.show)
    figures = base(evaluator, options.count)
    if options.lora:
        chosen = [character for character in characters() if options.character in (None, character.name)]
        figures["lora"] = {character.name: trial(evaluator, character) for character in chosen}
        figures["missed"] += missed(figures["lora"])
    print(json.dumps(figures))


def base(evaluator: Evaluator, count: int) -> dict[str, Any]:
    """Figures of the model without a LoRA, and which minimums it misses."""
    held_out = prompts.held_out_prompts(count)
    started_at, cpu_s = time.monotonic(), time.process_time()
    images = evaluator.draw([prompt for prompt, _ in held_out], seed=100, name="held-out") if held_out else []
    wall_s, cpu_s = time.monotonic() - started_at, time.process_time() - cpu_s
    obeyed = evaluator.obeyed(images, [portrait for _, portrait in held_out]) if held_out else {}
    seconds_alone = evaluator.seconds_alone()
    missed_bars = [f"{head} {obeyed[head]} < {bar}" for head, bar in MIN_OBEYED.items() if held_out and obeyed[head] < bar]
    missed_bars += [f"one image {seconds_alone} s > {MAX_SECONDS_PER_IMAGE} s"] if seconds_alone > MAX_SECONDS_PER_IMAGE else []
    return {
        "prompts": count,
        "seconds_one_image": seconds_alone,
        "seconds_per_image_in_batches": round(wall_s / max(count, 1), 2),
        "cpu_seconds_per_image": round(cpu_s / max(count, 1), 2),
        "obeyed": obeyed,
        "missed": missed_bars,
    }


def trial(evaluator: Evaluator, character: SampleCharacter) -> dict[str, Any]:
    """One quick training: its seconds, and figures of the same prompts and seeds before and after it."""
    own_prompts, other_prompts = (
        prompts.character_prompts(character, PROMPTS_PER_CHARACTER),
        prompts.other_name_prompts(character, OTHER_PROMPTS),
    )
    with tempfile.TemporaryDirectory() as folder:
        before = _figures(evaluator, character, own_prompts, other_prompts, "before")
        started_at, cpu_s = time.monotonic(), _children_cpu_s()
        lora = _train(evaluator, character, Path(folder))
        seconds, cpu_s = time.monotonic() - started_at, _children_cpu_s() - cpu_s
        evaluator.use(lora)
        after = _figures(evaluator, character, own_prompts, other_prompts, "after")
        evaluator.use(None)
    return {
        "train_seconds": round(seconds, 1),
        "train_cpu_seconds": round(cpu_s, 1),
        "nearly_all_before": before["nearly_all"],
        "nearly_all_after": after["nearly_all"],
        "identity_before": before["identity"],
        "identity_after": after["identity"],
        "traits_after": after["traits"],
        "place_obeyed": after["obeyed"]["scene"],
        "colour_obeyed": after["obeyed"]["cloth"],
        "other_names_own_traits_before": before["others"],
        "other_names_own_traits_after": after["others"],
        "other_names_taken_over_after": after["taken_over"],
    }


def missed(trials: dict[str, dict[str, Any]]) -> list[str]:
    """The minimums of LoRA training that are not reached, with their figures."""
    missed_bars = []
    for name, figures in trials.items():
        missed_bars += [
            f"{name}: {figure} {figures[figure]} < {bar}" for figure, bar in MIN_LORA_FIGURES.items() if figures[figure] < bar
        ]
        if figures["train_seconds"] > MAX_SECONDS_PER_TRIAL:
            missed_bars.append(f"{name}: train_seconds {figures['train_seconds']} > {MAX_SECONDS_PER_TRIAL}")
    return missed_bars


def _figures(
    evaluator: Evaluator,
    character: SampleCharacter,
    own_prompts: PromptsWithAttributes,
    other_prompts: PromptsWithAttributes,
    name: str,
) -> dict[str, Any]:
    images = evaluator.draw([prompt for prompt, _ in own_prompts], seed=500, name=f"{character.name}-{name}")
    other_images = evaluator.draw([prompt for prompt, _ in other_prompts], seed=700, name=f"{character.name}-{name}-others")
    hits, other_hits = (evaluator.hits(pictures, character.traits) for pictures in (images, other_images))
    enough = len(character.traits) - 1
    own_traits_shown = [
        hit for hits in evaluator.right(other_images, [portrait for _, portrait in other_prompts]).values() for hit in hits
    ]
    return {
        "nearly_all": round(sum(hit >= enough for hit in hits) / len(hits), 3),
        "identity": round(sum(hits) / (len(hits) * len(character.traits)), 3),
        "traits": evaluator.shown(images, character.traits),
        "obeyed": evaluator.obeyed(images, [portrait for _, portrait in own_prompts]),
        "others": round(sum(own_traits_shown) / len(own_traits_shown), 3),
        "taken_over": round(sum(hit >= enough for hit in other_hits) / len(other_hits), 3),
    }


def _children_cpu_s() -> float:
    """CPU seconds of ended child processes: the cost of a training, whatever else the machine does."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _train(evaluator: Evaluator, character: SampleCharacter, workdir: Path) -> Path:
    """Trains as the studio does: in the trainer's child process, with the versions and samples of the quick preset."""
    from backend.engines.local.peft.trainer import PeftTrainer
    from backend.engines.ports.events import Output
    from backend.engines.ports.trainer import TrainImage, TrainRequest

    pictures = sorted(character.folder.glob("*.jpg"))
    images = tuple(TrainImage(path, path.with_suffix(".txt").read_text("utf-8").strip()) for path in pictures)
    longest = sorted({image.caption for image in images}, key=lambda caption: (-len(caption), caption))
    request = TrainRequest(evaluator.name, character.name, images, QUICK, tuple(longest[:2]), "", workdir)
    # On a busy machine a progress event may follow the output
    [last] = [event for event in PeftTrainer(evaluator.settings).run(request) if isinstance(event, Output)]
    print(character.name, last.meta, file=sys.stderr, flush=True)
    # Moved out of the run's folder, which is removed
    return last.path.replace(Path(tempfile.mkdtemp()) / last.path.name)


class Evaluator:
    """The loaded model, with or without a LoRA, and the classifier that judges what it draws."""

    def __init__(self, folder: Path, cfg: float | None, show: Path | None) -> None:
        import dataclasses

        from backend.engines.local.diffusers import model_cards
        from backend.engines.local.diffusers.lora import LoraMerger
        from backend.engines.local.diffusers.model_folder import load_model, select_device
        from backend.engines.local.starter_model import classifier

        bundled = folder.resolve() == WEIGHTS.resolve()
        self.name = model_cards.STARTER if bundled else folder.name
        self.settings = Settings.read(MODELS_DIR=None if bundled else folder.parent, ENGINE_THREADS=0)
        card = model_cards.read_card(self.name, folder)
        self.model = load_model(dataclasses.replace(card, cfg=cfg or card.cfg), folder, select_device("auto"))
        self._merger, self._judge, self._show = LoraMerger(self.model), classifier.load(), show

    def use(self, lora: Path | None) -> None:
        self._merger.apply([("lora", lora, 1.0)] if lora else [])

    def draw(self, texts: list[str], *, seed: int, name: str) -> list[Any]:
        from backend.engines.local.diffusers.draw import sketch

        images: list[Any] = []
        for start in range(0, len(texts), DRAW_BATCH):
            images += sketch(self.model, texts[start : start + DRAW_BATCH], "", seed=seed + start, steps=self.model.card.steps)
        if self._show:
            _sheet(images[:48], self._show / f"{name}.png")
        return images

    def seconds_alone(self) -> float:
        """Median time of one picture drawn alone."""
        from backend.engines.local.diffusers.draw import sketch

        seconds = []
        for n in range(3):
            started_at = time.monotonic()
            sketch(self.model, ["portrait of bella, smiling, at the beach"], "", seed=n, steps=self.model.card.steps)
            seconds.append(time.monotonic() - started_at)
        return round(sorted(seconds)[1], 2)

    def obeyed(self, images: list[Any], expected: list[words.Attributes]) -> dict[str, float]:
        """Share of pictures that show what was asked for, by attribute."""
        right = self.right(images, expected)
        return {head: round(sum(hits) / len(hits), 3) for head, hits in right.items()}

    def right(self, images: list[Any], expected: list[words.Attributes]) -> dict[str, list[bool]]:
        """Whether each picture shows what was asked for, by attribute; left out where a hat or a hijab hides it."""
        hits_by_head: dict[str, list[bool]] = {}
        for shown_traits, expected_traits in zip(self._read_traits(images), expected, strict=True):
            for head in JUDGED:
                hidden = {"hair": words.HATS, "clothes": {"hijab"}}.get(head, set())
                if head not in expected_traits or (hidden and expected_traits.get("top") in hidden):
                    continue
                hit = (
                    (shown_traits[head] != "none") == bool(expected_traits[head])
                    if head == "glasses"
                    else shown_traits[head] == expected_traits[head]
                )
                hits_by_head.setdefault(head, []).append(hit)
        return hits_by_head

    def shown(self, images: list[Any], traits: dict[str, str]) -> dict[str, float]:
        """Share of pictures that show each of `traits`, and exactly that: these glasses, this beard."""
        classified = self._read_traits(images)
        return {
            head: round(sum(portrait[head] == value for portrait in classified) / len(classified), 3)
            for head, value in traits.items()
        }

    def hits(self, images: list[Any], traits: dict[str, str]) -> list[int]:
        """How many of `traits` each picture shows."""
        return [sum(portrait[head] == value for head, value in traits.items()) for portrait in self._read_traits(images)]

    def _read_traits(self, images: list[Any]) -> list[dict[str, str]]:
        import numpy as np
        import torch
        from PIL import Image

        from backend.engines.local.starter_model import classifier

        pixels = np.stack([np.asarray(image.convert("RGB").resize((128, 128), Image.Resampling.LANCZOS)) for image in images])
        return classifier.classify(self._judge, classifier.shrink(torch.from_numpy(pixels)))


def _sheet(images: list[Any], path: Path) -> None:
    from PIL import Image

    side, columns = images[0].width, 8
    sheet = Image.new("RGB", (side * columns, side * -(-len(images) // columns)))
    for n, image in enumerate(images):
        sheet.paste(image, (n % columns * side, n // columns * side))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


if __name__ == "__main__":
    main()
