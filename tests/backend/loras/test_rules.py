"""Names that can stand in `<lora:name:0.8>`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Invalid
from backend.loras.rules import NAME, check_name, lora_name, next_free


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bella-v1", "bella-v1"),
        ("Bella, v1.safetensors", "bella-v1"),
        ("Zoë & Finn", "zoe-finn"),
        ("ab", "lora-ab"),
        ("美咲", "lora"),
        ("../../etc/passwd", "etc-passwd"),
        ("x" * 300, "x" * 60),
    ],
)
def test_any_text_becomes_a_word(text: str, name: str) -> None:
    assert lora_name(text) == name


@given(st.text(max_size=200))
def test_every_made_name_is_a_valid_one(text: str) -> None:
    assert NAME.fullmatch(lora_name(text))


@pytest.mark.parametrize("name", ["", "ab", "with space", "a:b", "<lora>", "Ümlaut", "-lead", "x" * 65])
def test_bad_names_are_a_sentence(name: str) -> None:
    with pytest.raises(Invalid, match="3 to 64 small letters"):
        check_name(name)


@given(
    st.lists(st.sampled_from(["bella", "bella-v2", "bella-v3", "marco-v1", "marco-v2"])), st.sampled_from(["bella", "marco-v1"])
)
def test_the_next_free_name_is_free_and_valid(taken: list[str], name: str) -> None:
    free = next_free(name, taken)
    assert free not in taken
    assert check_name(free)


def test_versions_count_on() -> None:
    assert next_free("bella", {"bella"}) == "bella-v2"
    assert next_free("bella-v1", {"bella-v1"}) == "bella-v2"
    assert next_free("bella-v2", {"bella-v2", "bella-v3"}) == "bella-v4"
