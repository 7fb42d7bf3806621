"""What the starter model is trained on and judged by, without training it."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from backend.engines.diffusion import cards
from backend.engines.starter_model import WEIGHTS, captions, characters, evaluate, prompts, words
from backend.engines.starter_model.combinations import combination, held_out
from backend.engines.starter_model.pictures import attributes, known
from backend.training import rules


@given(st.randoms(use_true_random=False))
def test_training_never_sees_a_held_out_combination(rng: random.Random) -> None:
    assert not held_out(known(rng))


def test_evaluation_asks_only_for_held_out_combinations() -> None:
    wanted = [seen for _, seen in prompts.unseen(500)]
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
        for prompt, asked in prompts.of_character(character, 24):
            assert prompt.startswith(f"portrait of {character.name}, ")
            assert words.SCENES[asked["scene"]] not in said
            assert f"wearing {asked['cloth']}" not in said


def test_the_trial_is_the_studios_quick_trial() -> None:
    assert rules.recommend(14, cards.card("starter", WEIGHTS), "quick") == evaluate.QUICK
