"""“Casual photo” and “studio” add words the model knows, and never contradict what the prompt says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.local.starter_model.words import MOUTHS, SCENES
from backend.generation import LOOK_PRESET_TITLES
from backend.generation.rules import preset_words

names = st.sampled_from([name for name in LOOK_PRESET_TITLES if name])


@given(names, st.sampled_from(list(SCENES.values())), st.sampled_from(list(MOUTHS.values())))
def test_a_place_and_a_mood_that_are_said_stay(finish: str, place: str, mood: str) -> None:
    assert preset_words(finish, base="starter-128", prompt=f"portrait, {mood}, {place}") == ("", "")


@given(names)
def test_the_starter_is_only_told_words_it_knows(finish: str) -> None:
    added, negative = preset_words(finish, base="starter-128", prompt="portrait of bella")
    assert set(added.split(", ")) <= {*SCENES.values(), *MOUTHS.values()}
    assert negative == ""


@pytest.mark.parametrize(
    ("finish", "prompt", "has", "has_not"),
    [
        ("casual", "a woman at the beach", "natural light", "softbox"),
        ("casual", "a woman at golden hour", "smartphone", "natural light"),
        ("studio", "full body, red dress", "softbox lighting", "portrait"),
    ],
)
def test_photo_models_get_light_and_camera(finish: str, prompt: str, has: str, has_not: str) -> None:
    added, negative = preset_words(finish, base="sd15", prompt=prompt)
    assert has in added
    assert has_not not in added
    assert negative


def test_as_written_adds_nothing() -> None:
    assert preset_words("", base="sdxl", prompt="x") == preset_words("nosuch", base="sdxl", prompt="x") == ("", "")
