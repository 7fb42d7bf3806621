"""What the starter model is trained on and judged by, without training it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.local.diffusers import model_cards
from backend.engines.local.starter_model import WEIGHTS, characters, words
from backend.training import rules
from starter_model import captions, evaluate, prompts
from starter_model.combinations import combination, held_out
from starter_model.pictures import attributes, training_attributes
from tests.support import torch_child


@given(st.randoms(use_true_random=False))
def test_training_never_sees_a_held_out_combination(rng: random.Random) -> None:
    assert not held_out(training_attributes(rng))


def test_evaluation_asks_only_for_held_out_combinations() -> None:
    wanted = [seen for _, seen in prompts.held_out_prompts(500)]
    assert all(held_out(seen) for seen in wanted)
    assert len({combination(seen) for seen in wanted}) == 500


def test_a_tenth_of_all_combinations_is_held_out() -> None:
    rng = random.Random(5)
    share = sum(held_out(attributes(rng)) for _ in range(4000)) / 4000
    assert 0.08 < share < 0.12


@given(st.randoms(use_true_random=False))
def test_a_caption_says_only_what_the_picture_shows(rng: random.Random) -> None:
    seen = attributes(rng)
    text, said, name = captions.describe(rng, seen)
    assert name in text
    for slot, value in said.items():
        assert value in captions.SLOTS[slot]
        assert slot == "sex" or seen[slot] == value


def test_characters_are_judged_in_places_and_colours_they_were_not_trained_in() -> None:
    for character in characters():
        said = " ".join(path.read_text("utf-8") for path in Path(character.folder).glob("*.txt"))
        for prompt, asked in prompts.character_prompts(character, 24):
            assert prompt.startswith(f"portrait of {character.name}, ")
            assert words.SCENES[asked["scene"]] not in said
            assert f"wearing {asked['cloth']}" not in said


def test_the_trial_is_the_studios_quick_trial() -> None:
    assert rules.recommend(14, model_cards.read_card("starter", WEIGHTS), "quick") == evaluate.QUICK


RESUMED = """
import sys
from pathlib import Path
import torch
from starter_model import bundle, pictures, train, train_text, unet

out = Path(sys.argv[1])


def call(module, *words):
    sys.argv = ["", *map(str, words)]
    module.main()


if __name__ == "__main__":
    unet.SHAPES["cpu128"]["block_out_channels"] = (16, 32, 32)
    call(pictures, 8, 3, out / "pictures")
    tokenizer = train_text.fresh_tokenizer()
    tokenizer.save_pretrained(out / "text" / "tokenizer")
    train_text.make(tokenizer).save_pretrained(out / "text" / "text_encoder")
    minutes = 0.0001
    for _ in range(2):
        call(train, out / "pictures", out / "text", out / "model", "--minutes", minutes, "--batch", 2)
        state = torch.load(out / "model" / "state.pt", weights_only=True)
        minutes = state["seconds"] / 60 + 0.0001
        print(state["step"])
    call(bundle, out / "model", out / "bundled")
"""


@pytest.mark.model
def test_training_goes_on_where_it_stopped_and_ends_as_a_folder_that_draws(tmp_path: Path) -> None:
    assert torch_child.run_code(RESUMED, tmp_path).split()[-2:] == ["8", "16"]
    card = model_cards.read_card("starter", tmp_path / "bundled")
    assert (card.side, card.base, card.cfg) == (128, "starter-128", 3.0)


def test_the_bundled_files_are_small() -> None:
    sizes = [file.stat().st_size for file in WEIGHTS.rglob("*") if file.is_file()]
    assert max(sizes) <= 16e6
    assert sum(sizes) <= 40e6
