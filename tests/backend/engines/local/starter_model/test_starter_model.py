"""The bundled model is what its card says: whole, stock-shaped, and able to learn a character."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from backend.engines.local.diffusers.engine import DiffusersEngine
from backend.engines.local.peft.trainer import PeftTrainer
from backend.engines.local.starter_model import SampleCharacter, characters
from backend.engines.local.starter_model.words import SCENES
from backend.engines.ports.events import Output
from backend.engines.ports.image import ImageRequest, LoraUse
from backend.engines.ports.trainer import TrainRequest
from backend.media.model_files import safetensors
from backend.settings import Settings
from tests.backend.engines.ports.image_contract import outputs
from tests.support import torch_child

TOKENS = """
import json, sys
from transformers import CLIPTokenizer
from backend.engines.local.starter_model import WEIGHTS
tokenizer = CLIPTokenizer.from_pretrained(WEIGHTS / "tokenizer")
print(json.dumps([tokenizer(text)["input_ids"][1:-1] for text in json.load(sys.stdin)]))
"""


def test_characters_are_whole() -> None:
    assert [character.name for character in characters()] == ["bella", "marco", "zara"]
    for character in characters():
        pictures = sorted(character.folder.glob("*.jpg"))
        assert len(pictures) == 14
        for picture in pictures:
            caption = picture.with_suffix(".txt").read_text("utf-8")
            assert caption.startswith(f"portrait of {character.name}, ")
            with Image.open(picture) as opened:
                assert opened.size == (512, 512)
        assert len(character.traits) == 5


@pytest.mark.model
def test_known_words_are_one_token_and_unknown_names_are_distinct() -> None:
    known = ["bella", "v-neck", "t-shirt", "shoulder-length", ",", "Turquoise", "blazer"]
    names = ["bellatrix", "zx9qtr", "ohwx", "ohwy", "ünal", "😀"]
    rows = json.loads(torch_child.run_code(TOKENS, stdin=json.dumps(known + names)))
    assert [len(row) for row in rows[: len(known)]] == [1] * len(known)
    assert len({tuple(row) for row in rows}) == len(rows)
    assert all(len(row) > 1 for row in rows[len(known) :])


@pytest.mark.model
def test_the_starter_learns_a_character(
    settings: Settings,
    engine: DiffusersEngine,
    image_request: Callable[..., ImageRequest],
    train_request: Callable[..., TrainRequest],
    tmp_path: Path,
) -> None:
    bella = characters()[0]
    quick = {"steps": 50, "batch": 4, "network_dim": 16, "network_alpha": 16.0, "images": 14}
    # A sign of life may follow it on a busy machine
    [trained] = [event for event in PeftTrainer(settings).run(train_request("starter", **quick)) if isinstance(event, Output)]
    assert trained.meta["loss_last"] < trained.meta["loss_first"] * 0.8
    card = safetensors.inspect(trained.path)
    assert (card.base, card.dim, card.keys_ok) == ("starter-128", 16, True)
    before = judged(bella, drawn(engine, image_request, tmp_path / "before"))
    after = judged(bella, drawn(engine, image_request, tmp_path / "after", LoraUse("bella", trained.path, 1.0)))
    assert after["identity"] >= max(0.85, before["identity"] + 0.4)
    assert after["place_obeyed"] >= 0.75


def drawn(
    engine: DiffusersEngine, image_request: Callable[..., ImageRequest], folder: Path, *loras: LoraUse
) -> list[dict[str, str]]:
    paths = []
    for n, place in enumerate(list(SCENES.values())[:4]):
        workdir = folder / str(n)
        workdir.mkdir(parents=True)
        prompt = f"portrait of bella, smiling, {place}"
        request = image_request("starter", prompt=prompt, seeds=(n,), steps=8, workdir=workdir, loras=loras)
        paths += [{"path": str(event.path), "prompt": prompt} for event in outputs(engine, request)]
    return paths


def judged(character: SampleCharacter, pictures: list[dict[str, str]]) -> dict[str, Any]:
    traits = character.folder / "traits.json"
    judgement = torch_child.run_module("starter_model.judge", "--traits", traits, stdin=json.dumps(pictures))
    verdict: dict[str, Any] = json.loads(judgement.splitlines()[-1])
    return verdict
