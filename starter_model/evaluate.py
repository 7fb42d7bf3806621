"""How well the starter model obeys and learns: `python -m starter_model.evaluate [--lora]`.

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

from backend.engines.diffusion.child import prepare_environment
from backend.engines.starter_model import WEIGHTS, SampleCharacter, characters, words
from backend.engines.trainer.port import TrainParams
from backend.settings import Settings
from starter_model import prompts

BARS = {"scene": 0.95, "hair": 0.90, "top": 0.80, "cloth": 0.85, "glasses": 0.90}
JUDGED = (*BARS, "skin", "clothes")
LORA_BARS = {"nearly_all_after": 0.95, "place_obeyed": 0.95, "colour_obeyed": 0.80, "other_names_own_traits_after": 0.92}
Asked = list[tuple[str, words.Attributes]]
SECONDS_AN_IMAGE, SECONDS_A_TRIAL = 4.0, 60.0
AT_ONCE, EACH, OTHERS = 8, 24, 16
# What `backend.training` recommends for a quick trial on 14 pictures; a test holds them together.
QUICK = TrainParams(
    steps=100, batch=4, resolution=128, network_dim=16, network_alpha=16.0, unet_lr=1.2e-3, text_encoder_lr=0.0,
    scheduler="constant", warmup_steps=0, repeats=1, seed=42, save_every=50, sample_every=50,
    caption_dropout=0.0, train_convolutions=True, prior_weight=0.1,
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lora", action="store_true", help="also train and judge the three sample characters")
    parser.add_argument("--character", choices=[one.name for one in characters()], help="only this one (with --lora)")
    parser.add_argument("--count", type=int, default=500, help="of held-out prompts")
    parser.add_argument("--folder", type=Path, default=WEIGHTS, help="another model folder")
    parser.add_argument("--cfg", type=float, help="another guidance than the model's own")
    parser.add_argument("--show", type=Path, help="folder for contact sheets")
    asked = parser.parse_args()
    prepare_environment(threads=0)
    studio = Easel(asked.folder, asked.cfg, asked.show)
    figures = base(studio, asked.count)
    if asked.lora:
        some = [character for character in characters() if asked.character in (None, character.name)]
        figures["lora"] = {character.name: trial(studio, character) for character in some}
        figures["missed"] += missed(figures["lora"])
    print(json.dumps(figures))


def base(studio: Easel, count: int) -> dict[str, Any]:
    """What the model does without a LoRA, and which bars it misses."""
    wanted = prompts.unseen(count)
    began, worked = time.monotonic(), time.process_time()
    images = studio.draw([prompt for prompt, _ in wanted], seed=100, name="held-out") if wanted else []
    spent, worked = time.monotonic() - began, time.process_time() - worked
    obeyed = studio.obeyed(images, [seen for _, seen in wanted]) if wanted else {}
    alone = studio.seconds_alone()
    short = [f"{head} {obeyed[head]} < {bar}" for head, bar in BARS.items() if wanted and obeyed[head] < bar]
    short += [f"one image {alone} s > {SECONDS_AN_IMAGE} s"] if alone > SECONDS_AN_IMAGE else []
    return {
        "prompts": count,
        "seconds_one_image": alone,
        "seconds_per_image_in_batches": round(spent / max(count, 1), 2),
        "cpu_seconds_per_image": round(worked / max(count, 1), 2),
        "obeyed": obeyed,
        "missed": short,
    }


def trial(studio: Easel, character: SampleCharacter) -> dict[str, Any]:
    """One quick trial: seconds, and the same prompts and seeds before and after it."""
    mine, others = prompts.of_character(character, EACH), prompts.of_others(character, OTHERS)
    with tempfile.TemporaryDirectory() as folder:
        before = _seen(studio, character, mine, others, "before")
        began, worked = time.monotonic(), _children_worked()
        lora = _train(studio, character, Path(folder))
        seconds, worked = time.monotonic() - began, _children_worked() - worked
        studio.use(lora)
        after = _seen(studio, character, mine, others, "after")
        studio.use(None)
    return {
        "train_seconds": round(seconds, 1),
        "train_cpu_seconds": round(worked, 1),
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
    """The bars of LoRA training that are not reached, with their figures."""
    short = []
    for name, seen in trials.items():
        short += [f"{name}: {what} {seen[what]} < {bar}" for what, bar in LORA_BARS.items() if seen[what] < bar]
        if seen["train_seconds"] > SECONDS_A_TRIAL:
            short.append(f"{name}: train_seconds {seen['train_seconds']} > {SECONDS_A_TRIAL}")
    return short


def _seen(studio: Easel, character: SampleCharacter, mine: Asked, others: Asked, name: str) -> dict[str, Any]:
    images = studio.draw([prompt for prompt, _ in mine], seed=500, name=f"{character.name}-{name}")
    foreign = studio.draw([prompt for prompt, _ in others], seed=700, name=f"{character.name}-{name}-others")
    hits, strange = (studio.hits(drawn, character.traits) for drawn in (images, foreign))
    enough = len(character.traits) - 1
    own = [hit for hits in studio.right(foreign, [seen for _, seen in others]).values() for hit in hits]
    return {
        "nearly_all": round(sum(hit >= enough for hit in hits) / len(hits), 3),
        "identity": round(sum(hits) / (len(hits) * len(character.traits)), 3),
        "traits": studio.shown(images, character.traits),
        "obeyed": studio.obeyed(images, [seen for _, seen in mine]),
        "others": round(sum(own) / len(own), 3),
        "taken_over": round(sum(hit >= enough for hit in strange) / len(strange), 3),
    }


def _children_worked() -> float:
    """CPU seconds of the processes that have ended: what a trial costs whatever else the machine does."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _train(studio: Easel, character: SampleCharacter, workdir: Path) -> Path:
    """The studio's own way: the trainer's child process, with checkpoints and samples as the quick trial has them."""
    from backend.engines.events import Output
    from backend.engines.trainer.peft_trainer import PeftTrainer
    from backend.engines.trainer.port import TrainImage, TrainRequest

    pictures = sorted(character.folder.glob("*.jpg"))
    images = tuple(TrainImage(path, path.with_suffix(".txt").read_text("utf-8").strip()) for path in pictures)
    longest = sorted({image.caption for image in images}, key=lambda caption: (-len(caption), caption))
    request = TrainRequest(studio.name, character.name, images, QUICK, tuple(longest[:2]), "", workdir)
    # A sign of life may follow it on a busy machine
    [last] = [event for event in PeftTrainer(studio.settings).run(request) if isinstance(event, Output)]
    print(character.name, last.meta, file=sys.stderr, flush=True)
    # Out of the run's folder, which is not kept
    return last.path.replace(Path(tempfile.mkdtemp()) / last.path.name)


class Easel:
    """The loaded model with or without a LoRA, and the judge of what it draws."""

    def __init__(self, folder: Path, cfg: float | None, show: Path | None) -> None:
        import dataclasses

        from backend.engines.diffusion import cards
        from backend.engines.diffusion.folder import load_model, select_device
        from backend.engines.diffusion.lora import LoraMerger
        from backend.engines.starter_model import classifier

        bundled = folder.resolve() == WEIGHTS.resolve()
        self.name = cards.STARTER if bundled else folder.name
        self.settings = Settings(models_dir=None if bundled else folder.parent, engine_threads=0)
        card = cards.read_card(self.name, folder)
        self.model = load_model(dataclasses.replace(card, cfg=cfg or card.cfg), folder, select_device("auto"))
        self._merger, self._judge, self._show = LoraMerger(self.model), classifier.load(), show

    def use(self, lora: Path | None) -> None:
        self._merger.apply([("lora", lora, 1.0)] if lora else [])

    def draw(self, asked: list[str], *, seed: int, name: str) -> list[Any]:
        from backend.engines.diffusion.draw import sketch

        images: list[Any] = []
        for at in range(0, len(asked), AT_ONCE):
            images += sketch(self.model, asked[at : at + AT_ONCE], "", seed=seed + at, steps=self.model.card.steps)
        if self._show:
            _sheet(images[:48], self._show / f"{name}.png")
        return images

    def seconds_alone(self) -> float:
        """Median time of one picture drawn alone."""
        from backend.engines.diffusion.draw import sketch

        spent = []
        for n in range(3):
            began = time.monotonic()
            sketch(self.model, ["portrait of bella, smiling, at the beach"], "", seed=n, steps=self.model.card.steps)
            spent.append(time.monotonic() - began)
        return round(sorted(spent)[1], 2)

    def obeyed(self, images: list[Any], wanted: list[words.Attributes]) -> dict[str, float]:
        """Share of pictures that show what was asked for, by attribute."""
        right = self.right(images, wanted)
        return {head: round(sum(hits) / len(hits), 3) for head, hits in right.items()}

    def right(self, images: list[Any], wanted: list[words.Attributes]) -> dict[str, list[bool]]:
        """Whether each picture shows what was asked for, by attribute; nothing for what a hat or a hijab hides."""
        right: dict[str, list[bool]] = {}
        for seen, asked in zip(self._found(images), wanted, strict=True):
            for head in JUDGED:
                hidden = {"hair": words.HATS, "clothes": {"hijab"}}.get(head, set())
                if head not in asked or (hidden and asked.get("top") in hidden):
                    continue
                hit = (seen[head] != "none") == bool(asked[head]) if head == "glasses" else seen[head] == asked[head]
                right.setdefault(head, []).append(hit)
        return right

    def shown(self, images: list[Any], traits: dict[str, str]) -> dict[str, float]:
        """Share of pictures that show each of `traits`, and exactly that: these glasses, this beard."""
        found = self._found(images)
        return {head: round(sum(seen[head] == value for seen in found) / len(found), 3) for head, value in traits.items()}

    def hits(self, images: list[Any], traits: dict[str, str]) -> list[int]:
        """How many of `traits` each picture shows."""
        return [sum(seen[head] == value for head, value in traits.items()) for seen in self._found(images)]

    def _found(self, images: list[Any]) -> list[dict[str, str]]:
        import numpy as np
        import torch
        from PIL import Image

        from backend.engines.starter_model import classifier

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
