"""What a checkpoint says about its prompts, and what is made of words that it does not know."""

from __future__ import annotations

import random
from typing import Any

import pytest

from backend.engines.local import starter_model
from backend.engines.local.diffusers import model_cards
from backend.engines.local.starter_model import words
from backend.engines.ports.prompt_forms import NATURAL, PromptForm, form_from_name
from backend.writing.prompts import picture_rule
from starter_model import pictures, prompts
from starter_model.captions import describe, prompt_form, vocabulary

SLOTS = PromptForm("slots", {"mood": ("calm", "smiling"), "eyes": ("", "winking"), "place": ("in a cafe",)})


def test_the_starter_says_what_it_knows() -> None:
    card = model_cards.read_card(model_cards.STARTER, starter_model.WEIGHTS)
    assert card.square
    assert card.prompts == PromptForm.from_json(prompt_form())
    assert card.prompts.slots == {name: tuple(phrases) for name, phrases in words.POSTS.items()}
    known = {word for phrase in vocabulary() for word in phrase.replace(",", "").split()}
    assert all(set(phrase.split()) <= known for phrases in card.prompts.slots.values() for phrase in phrases)


def test_unknown_parts_are_left_out() -> None:
    assert SLOTS.known_phrases("Smiling, walking towards the camera, in a cafe") == "Smiling, in a cafe"
    assert SLOTS.known_phrases("an ordinary day") == ""
    assert NATURAL.known_phrases("an ordinary day") == "an ordinary day"


def test_unknown_phrases_are_not_heard_and_names_are() -> None:
    form = model_cards.read_card(model_cards.STARTER, starter_model.WEIGHTS).prompts
    plan = "nina_01, walking towards the camera, an ordinary day, window light, a red bicycle, natural colours"
    assert form.effective_prompt(plan) == "nina_01"
    assert form.effective_prompt("portrait of anna maria, smiling in a cafe, golden hour, wearing red") == (
        "portrait of anna maria, smiling in a cafe, wearing red"
    )
    assert form.effective_prompt("a woman at the beach, nina") == "a woman at the beach, nina"
    assert NATURAL.effective_prompt(plan) == plan


def test_what_the_starter_knows_is_heard_as_it_stands() -> None:
    """So that a LoRA learns and draws as it did before anything was left out."""
    form, rng = model_cards.read_card(model_cards.STARTER, starter_model.WEIGHTS).prompts, random.Random(7)
    asked = [describe(rng, pictures.training_attributes(rng), strange_names=0.0)[0] for _ in range(2000)]
    asked += [prompt for prompt, _ in prompts.held_out_prompts(500)]
    for character in starter_model.characters():
        asked += [
            prompt for prompt, _ in (*prompts.character_prompts(character, 24), *prompts.other_name_prompts(character, 16))
        ]
        asked += [path.read_text("utf-8").strip() for path in character.folder.glob("*.txt")]
    asked += (starter_model.WEIGHTS / "prior.txt").read_text("utf-8").splitlines()
    assert [prompt for prompt in asked if form.effective_prompt(prompt) != prompt] == []


@pytest.mark.parametrize("plain", [{"form": "poem"}, {"form": "slots"}, {"slots": {"mood": ["calm"]}}])
def test_what_makes_no_sense_is_refused(plain: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="form"):
        PromptForm.from_json(plain)


def test_other_checkpoints_are_told_by_their_names() -> None:
    assert form_from_name("ponyDiffusionV6XL.safetensors").form == "tags"
    assert form_from_name("v1-5-pruned") == NATURAL


def test_language_models_are_told_the_words() -> None:
    assert "mood: calm | smiling\n- eyes: winking\n- place: in a cafe" in picture_rule(SLOTS)
    assert "Stable Diffusion" in picture_rule(NATURAL)
    assert "tags" in picture_rule(PromptForm("tags"))
