"""Wildcards, choices and blanks, for whatever people type: always the same words for the same seed, or a sentence."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import Invalid
from backend.prompt_library.prompts import blanks, check_resolvable, fill_blanks, has_choices, resolve, wildcards_in

LISTS = {
    "places": ("at the beach", "in {a|the} forest", "in __cities__"),
    "cities": ("Rome", "3::Oslo"),
    "round": ("__trip__",),
    "trip": ("x", "{a|__round__}"),
    "none": (),
    **{f"deep{n}": (f"__deep{n + 1}__",) for n in range(12)},
    "deep12": ("end",),
}
KNOWN = sorted(LISTS)
words_strategy = st.text(
    st.characters(codec="utf-8", exclude_characters="{}|_\\$:;,", exclude_categories=("C", "Z")), min_size=1, max_size=12
)


def resolved(text: str, seed: int = 1) -> str:
    check_resolvable(text, LISTS, KNOWN)
    return resolve(text, seed, LISTS)


@settings(deadline=None)
@given(st.text("{}|_$\\ab1-,: ", max_size=60), st.integers(0, 2**32 - 1))
def test_any_text_is_resolved_the_same_way_twice_or_refused_with_a_sentence(text: str, seed: int) -> None:
    with suppress(Invalid):
        assert resolved(text, seed) == resolved(text, seed)


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="{}_\\"), max_size=200))
def test_a_text_without_signs_of_ours_is_left_alone(text: str) -> None:
    assert not has_choices(text)
    assert resolve(text, 1, {}) == text


@settings(deadline=None)
@given(st.lists(words_strategy.map(str.strip).filter(bool), min_size=2, max_size=6, unique=True), st.data())
def test_so_many_different_options_as_asked_for(options: list[str], data: st.DataObject) -> None:
    n, seed = data.draw(st.integers(1, len(options))), data.draw(st.integers(0, 99))
    chosen = resolve(f"{{{n}$$;$${'|'.join(options)}}}", seed, {}).split(";")
    assert len(chosen) == len(set(chosen)) == n
    assert {option.strip(" ,") for option in chosen} <= {option.strip(" ,") for option in options}


@pytest.mark.parametrize(
    ("text", "one_of"),
    [
        ("a {red|blue} car", {"a red car", "a blue car"}),
        ("{2$$a|b}", {"a, b", "b, a"}),
        ("{1-2$$ and $$a|b}", {"a", "b", "a and b", "b and a"}),
        ("{a|}, b", {"a, b", "b"}),
        (r"\{a\|b\}", {"{a|b}"}),
        ("{a}", {"a"}),
        ("__CITIES__!", {"Rome!", "Oslo!"}),
        ("__places__", {"at the beach", "in a forest", "in the forest", "in Rome", "in Oslo"}),
        ("a __b c", {"a __b c"}),
        ("{x|{y|z}}", {"x", "y", "z"}),
    ],
)
def test_everything_that_can_be_said_is_said_and_nothing_else(text: str, one_of: set[str]) -> None:
    assert {resolved(text, seed) for seed in range(200)} == one_of


def test_weights_are_heard() -> None:
    prompts = [resolved("{9::often|seldom} __cities__", seed) for seed in range(400)]
    assert 330 < sum("often" in prompt for prompt in prompts) < 390
    assert 270 < sum("Oslo" in prompt for prompt in prompts) < 330


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("__place__", r"no wildcard list called place\. Did you mean __places__\?"),
        ("__zzz__", "There are: cities, deep0"),
        ("__round__", "in a circle: round → trip → round"),
        ("__none__", "none is empty"),
        ("__deep1__", "8 lists deep"),
        ("{a|b", "never closed"),
        ("a}", "no { before it"),
        ("{3$$a|b}", "asks for 3 of 2"),
        ("{0$$a|b}", "asks for 0 of 2"),
        ("{" * 9 + "}" * 9, "nested more than 8 deep"),
    ],
)
def test_what_cannot_be_chosen_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        resolved(text)
    if "wildcard" in sentence or "circle" in sentence:  # whatever the seed: also in an option that is seldom taken
        with pytest.raises(Invalid, match=sentence):
            check_resolvable(f"{{99::a|{text}}}", LISTS, KNOWN)


def test_lists_that_multiply_end_with_a_sentence() -> None:
    lists = {f"l{n}": (f"__l{n + 1}__ " * 20,) for n in range(6)} | {"l6": ("x",)}
    check_resolvable("__l0__", lists, sorted(lists))
    with pytest.raises(Invalid, match="without end"):
        resolve("__l0__", 1, lists)
    with pytest.raises(Invalid, match="characters; at most"):
        resolve("__long__", 1, {"long": ("x" * 5000,)})
    with pytest.raises(Invalid, match="has 4,500 characters; at most 4,000"):  # of a template's blanks
        resolve(fill_blanks("{a}" * 9, {"a": "x" * 500}), 1, {})


def test_blanks_are_filled_or_named() -> None:
    text = "{subject} {place=at the beach}, {a|b}, {subject}"
    assert blanks(text) == {"subject": "", "place": "at the beach"}
    assert fill_blanks(text, {"subject": "a cat"}) == "a cat at the beach, {a|b}, a cat"
    assert fill_blanks(text, {"subject": "a {red|blue} cat", "place": "in __cities__"}).startswith(
        "a {red|blue} cat in __cities__"
    )
    with pytest.raises(Invalid, match="Fill in subject first"):
        fill_blanks(text, {"place": "x"})
    assert wildcards_in("__a__ {b|{c|__D__}}") == {"a", "d"}
