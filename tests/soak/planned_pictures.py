"""Do planned pictures show who they should: `python -m tests.soak.planned_pictures OUT [--captions none] [--prompts FILE]`.

Draws new characters with the generator of the starter model's training pictures (none of the bundled samples), 14 pictures
each, trains a LoRA of each as *Quick trial* does, calibrates each identity threshold as the studio does, and draws what
*Plan days* would draw for them in 30 days with the offline writer, each picture once. OUT gets a contact sheet per character
and `figures.json`: passed, threshold, and which traits were missed. About 3 minutes a character on one core.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from backend import generation
from backend.engines.local.diffusers import model_cards
from backend.engines.local.diffusers.engine import DiffusersEngine
from backend.engines.local.identity.trait_net import NumpyTraitNet
from backend.engines.local.offline_writer.writer import OfflineWriter
from backend.engines.local.peft.trainer import PeftTrainer
from backend.engines.local.starter_model import words
from backend.engines.ports import identity_rules
from backend.engines.ports.events import Output
from backend.engines.ports.identity import Reading
from backend.engines.ports.image import ImageRequest, LoraUse, ModelCard, fit_size
from backend.engines.ports.text import Reply, TextRequest
from backend.engines.ports.trainer import TrainImage, TrainRequest
from backend.generation import rules as prompts
from backend.influencers import InfluencerCard, Persona
from backend.settings import Settings
from backend.training import rules as training
from backend.writing import IDEAS_PER_CALL, IdeasOrder
from backend.writing.composition import WritingContext, generate_ideas
from backend.writing.normalize import normalize_picture_prompt
from starter_model import pictures

PICTURES, DAYS, BAR = 14, 30, 0.9
_EMBEDDER = "starter-traits"
_MOODS = ("default", "smile", "twinkle", "serious")


@dataclass(frozen=True, slots=True)
class Somebody:
    """`seed`: of the generator, which chooses how they look."""

    name: str
    seed: int
    bio: str
    topics: tuple[str, ...] = ()
    language: str = "en"


PEOPLE = (
    Somebody("Nina", 101, "Barista from Turin, bikes, rainy days."),
    Somebody("Chiara", 102, "Insegna boxe a Napoli. Mattine presto, battute pessime.", language="it"),
    Somebody("Kenji", 103, "", ("street photography", "night walks", "ramen")),
    Somebody("Amara", 104, "Marine biologist who surfs and bakes bread."),
    Somebody("Stella", 105, ""),
)


def look(somebody: Somebody) -> words.Attributes:
    """What is the same on all their pictures. No hats: the reader cannot see the hair below one."""
    rng = random.Random(f"planned/{somebody.seed}")
    while (seen := pictures.training_attributes(rng))["top"] in words.HATS:
        pass
    return {head: seen[head] for head in ("top", "hair", "skin", "glasses", "beard", "clothes", "hat")} | {"eyes": "default"}


def draw_set(somebody: Somebody, folder: Path, captioned: bool) -> list[TrainImage]:
    """Their pictures, 512 px, with captions as the bundled samples have them: never what is the same on all."""
    rng, same = random.Random(f"set/{somebody.seed}"), look(somebody)
    places = rng.sample(list(words.SCENES), 7)
    folder.mkdir(parents=True, exist_ok=True)
    trigger, made = somebody.name.lower(), []
    for n in range(PICTURES):
        seen = pictures.attributes(rng) | same | {"scene": places[n % 7], "mouth": rng.choice(_MOODS)}
        path = folder / f"{n:02d}.jpg"
        pictures.draw(rng, seen, 512).save(path, quality=92)
        caption = (
            f"portrait of {trigger}, {words.MOUTHS[seen['mouth']]}, {words.SCENES[seen['scene']]}, wearing {seen['cloth']}"
        )
        made.append(TrainImage(path, training.with_trigger_word(caption if captioned else "", trigger)))
    return made


def train(settings: Settings, somebody: Somebody, images: Sequence[TrainImage], workdir: Path) -> Path:
    """A LoRA by the studio's quick trial, in the folder of the run."""
    trainer = PeftTrainer(settings)
    [card] = [card for card in trainer.models() if card.name == model_cards.STARTER]
    params = training.recommend(len(images), card, "quick")
    trigger = somebody.name.lower()
    samples = training.sample_prompts([image.caption for image in images], trigger)
    workdir.mkdir(parents=True, exist_ok=True)
    request = TrainRequest(card.name, trigger, tuple(images), params, samples, "", workdir)
    [last] = [event for event in trainer.run(request) if isinstance(event, Output)]
    return last.path


def planned(somebody: Somebody, days: int, drawing: ModelCard) -> list[str]:
    """The picture prompts that *Plan days* would draw, as they reach the engine."""
    card = _card(somebody)
    writer = OfflineWriter()

    def ask(name: str, request: TextRequest) -> Reply:
        for_free, answer = writer.quote(request), writer.run(request, writer.quote(request))
        assert for_free.most_usd == Decimal(0)
        while True:
            try:
                next(answer)
            except StopIteration as end:
                reply: Reply = end.value
                return reply

    order = IdeasOrder(influencer_id=card.id, days=min(days, IDEAS_PER_CALL))
    made: list[str] = []
    for first in range(1, days + 1, IDEAS_PER_CALL):
        n = min(IDEAS_PER_CALL, days - first + 1)
        whose = WritingContext(card, written=first - 1, prompts=drawing.prompts)
        found, _ = generate_ideas(ask, whose, order, first=first, n=n, earlier_hooks=())
        made += [
            prompts.assemble_prompt(normalize_picture_prompt(checked.idea.picture, card), card.trigger_word, card.look_prompt)
            for checked in found
        ]
    return made


def _card(somebody: Somebody) -> InfluencerCard:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return InfluencerCard(
        id="inf_1", name=somebody.name, trigger_word=somebody.name.lower(),
        persona=Persona(bio=somebody.bio, topics=somebody.topics), language=somebody.language, time_zone="UTC", look_prompt="",
        look_negative="", default_lora_id="lora_1", default_lora_name="lora", default_lora_weight=1.0, ai_mark=True,
        cover_asset_id=None, setup={}, version=1, created_at=now, updated_at=now, archived_at=None,
    )  # fmt: skip


def draw(engine: DiffusersEngine, lora: Path, asked: Sequence[str], seed: int, size: str, workdir: Path) -> list[Path]:
    """One picture a prompt, at the size of a post."""
    [card] = [card for card in engine.models() if card.name == model_cards.STARTER]
    wanted = generation.SIZES[size]
    width, height = fit_size(card, wanted.width, wanted.height)
    workdir.mkdir(parents=True, exist_ok=True)
    request = ImageRequest(
        model=card.name, prompt=asked[0], negative_prompt="", width=width, height=height, steps=card.steps, cfg=card.cfg,
        sampler=card.sampler, seeds=tuple(seed + n for n in range(len(asked))), workdir=workdir,
        loras=(LoraUse("lora", lora, card.lora_weight),), prompts=tuple(asked),
    )  # fmt: skip
    made = {event.n: event.path for event in engine.run(request) if isinstance(event, Output)}
    return [made[n] for n in sorted(made)]


def judged(net: NumpyTraitNet, references: Sequence[Path], drawn: Sequence[Path]) -> dict[str, Any]:
    """As the studio calibrates and scores."""
    read: Callable[[Path], Reading] = lambda path: Reading(_EMBEDDER, traits=net.traits(path))  # noqa: E731
    known = [read(path) for path in references]
    common = identity_rules.build_reference(known)
    line = identity_rules.threshold(identity_rules.leave_one_out(known), traits=len(common.traits))
    readings = [read(path) for path in drawn]
    scores = [identity_rules.score(common, reading) for reading in readings]
    missed = Counter(
        head for reading in readings for head, value in common.traits.items() if reading.traits[head] != value
    )  # fmt: skip
    return {
        "traits": common.traits, "line": line, "passed": identity_rules.count_passing(scores, line), "of": len(scores),
        "scores": [round(score, 3) for score in scores], "missed": dict(missed),
    }  # fmt: skip


def sheet(drawn: Sequence[Path], references: Sequence[Path], scores: Sequence[float], line: float, path: Path) -> None:
    """A row of references, then what was drawn; what misses the threshold has a red bar."""
    columns, (width, height) = 10, Image.open(drawn[0]).size
    rows = 1 + -(-len(drawn) // columns)
    whole = Image.new("RGB", (columns * (width + 4), rows * (height + 12)), "white")
    brush = ImageDraw.Draw(whole)
    for n, file in enumerate(references[:columns]):
        whole.paste(Image.open(file).convert("RGB").resize((width, width)), (n * (width + 4), 0))
    for n, (file, score) in enumerate(zip(drawn, scores, strict=True)):
        x, y = n % columns * (width + 4), (1 + n // columns) * (height + 12)
        whole.paste(Image.open(file).convert("RGB"), (x, y))
        if not identity_rules.passes(score, line):
            brush.rectangle((x, y + height, x + width, y + height + 6), fill="red")
    whole.save(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", help="one of the characters, by name")
    parser.add_argument("--captions", choices=["kit", "none"], default="kit", help="of the pictures that are learned from")
    parser.add_argument("--prompts", type=Path, help="JSON, name -> prompts, instead of those of Plan days")
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--size", default="", help="of the pictures; as a post of Plan days has it where none is given")
    asked = parser.parse_args()
    settings = Settings.read(MODELS_DIR=None)
    engine, net, figures = DiffusersEngine(settings), NumpyTraitNet(), dict[str, Any]()
    for somebody in (person for person in PEOPLE if asked.only in (None, person.name)):
        folder = asked.out / somebody.name.lower()
        images = draw_set(somebody, folder / "set", asked.captions == "kit")
        lora = folder / "lora.safetensors"
        if not lora.exists():
            begun = time.monotonic()
            made = train(settings, somebody, images, folder / "run")
            shutil.copy(made, lora)
            sys.stderr.write(f"{somebody.name}: trained in {time.monotonic() - begun:.0f} s\n")
        [drawing] = [card for card in engine.models() if card.name == model_cards.STARTER]
        wanted = (
            json.loads(asked.prompts.read_text("utf-8"))[somebody.name]
            if asked.prompts
            else planned(somebody, asked.days, drawing)
        )
        (folder / "prompts.txt").write_text("\n".join(wanted) + "\n", "utf-8")
        drawn = draw(
            engine,
            lora,
            wanted,
            1000 * somebody.seed,
            asked.size or generation.default_size([drawing], "portrait"),
            folder / "drawn",
        )
        references = [image.path for image in images]
        figures[somebody.name] = judged(net, references, drawn)
        sheet(drawn, references, figures[somebody.name]["scores"], figures[somebody.name]["line"], folder / "sheet.png")
        sys.stderr.write(f"{somebody.name}: {json.dumps(figures[somebody.name])}\n")
    engine.unload()
    (asked.out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    sys.stdout.write(json.dumps({name: f"{figure['passed']}/{figure['of']}" for name, figure in figures.items()}) + "\n")
    return 0 if all(figure["passed"] >= BAR * figure["of"] for figure in figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
