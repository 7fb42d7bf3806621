"""Prompts, sizes and seeds, for whatever people type."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.ports.image import ModelCard, fit_size
from backend.errors import Invalid
from backend.generation import SIZES, GenerationDraft, extract_loras
from backend.generation.rules import assemble_prompt, seeds

STARTER = ModelCard("starter", "Starter", "starter-128", 128, 8, ("ddim",), "ddim", 20, 3.0, True)
names = st.from_regex(r"[a-z0-9][a-z0-9._-]{2,20}", fullmatch=True)


@pytest.mark.parametrize(
    ("prompt", "remaining_prompt", "loras"),
    [
        ("a cat", "a cat", ()),
        ("a cat <lora:bella-v1:0.8>", "a cat", (("bella-v1", 0.8),)),
        ("<lora:Bella-V1>, a cat", "a cat", (("bella-v1", 1.0),)),
        ("a, <lora:x.y:-1> , b", "a, b", (("x.y", -1.0),)),
        ("a <LORA: bella : 0.5 > b <lora:bella:0.7>", "a b", (("bella", 0.7),)),
        ("2 < 3 > 1", "2 < 3 > 1", ()),
    ],
)
def test_loras_are_lifted_out(prompt: str, remaining_prompt: str, loras: tuple[tuple[str, float], ...]) -> None:
    extracted = extract_loras(prompt)
    assert (extracted.prompt, extracted.loras) == (remaining_prompt, loras)


@pytest.mark.parametrize("prompt", ["<lora:>", "<lora::1>", "<lora:a:b>", "<lora:a:3>", "<lora:a:nan>", "<lora:a:1:2>"])
def test_bad_lora_words_are_a_sentence(prompt: str) -> None:
    with pytest.raises(Invalid, match="<lora:"):
        extract_loras(prompt)


@given(st.text(max_size=300).filter(lambda text: "<" not in text))
def test_a_prompt_without_loras_is_left_alone(prompt: str) -> None:
    assert extract_loras(prompt).prompt == prompt.strip()


@given(st.lists(st.tuples(names, st.integers(-20, 20)), min_size=1, max_size=5, unique_by=lambda pair: pair[0]))
def test_every_lora_comes_out_with_its_weight(pairs: list[tuple[str, int]]) -> None:
    prompt = "portrait" + "".join(f", <lora:{name}:{weight / 10}>" for name, weight in pairs)
    lifted = extract_loras(prompt)
    assert lifted.prompt == "portrait"
    assert lifted.loras == tuple((name, weight / 10) for name, weight in pairs)


@given(st.text(max_size=300))
def test_any_prompt_is_parsed_or_refused_with_a_sentence(prompt: str) -> None:
    with suppress(Invalid):
        assert "<lora:" not in extract_loras(prompt).prompt


def test_the_influencer_is_said_once() -> None:
    assert assemble_prompt("at the beach", "bella", "cartoon") == "bella, at the beach, cartoon"
    assert assemble_prompt("Portrait of Bella, cartoon", "bella", "cartoon") == "Portrait of Bella, cartoon"
    assert assemble_prompt("isabella", "bella", "") == "bella, isabella"
    assert assemble_prompt("", "", "") == ""


@pytest.mark.parametrize("name", list(SIZES))
@pytest.mark.parametrize("side", [128, 512, 1024])
def test_every_social_format_fits_every_model(name: str, side: int) -> None:
    model, size = replace(STARTER, side=side, step_px=32), SIZES[name]
    width, height = fit_size(model, size.width, size.height)
    assert width % 32 == height % 32 == 0
    assert (width > height) == (size.width > size.height)
    assert 0.5 * side**2 <= width * height <= 2 * side**2


@given(st.integers(-1, 2**32 - 1), st.integers(1, 16))
def test_seeds_are_distinct_and_repeatable(first: int, n: int) -> None:
    drawn_seeds = seeds(first, n)
    assert len(set(drawn_seeds)) == n
    assert all(0 <= seed < 2**32 for seed in drawn_seeds)
    assert first < 0 or drawn_seeds == seeds(first, n)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"n": 17}, "N: "),
        ({"n": 0}, "N: "),
        ({"width": 512}, "both width and height"),
        ({"seed": 2**32}, "Seed"),
        ({"strength": 0}, "Strength"),
    ],
)
def test_limits_are_sentences(values: dict[str, int], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        GenerationDraft(prompt="x", **values)
