"""Pages an author was not learned from are told from another author's: AUC at least 0.9 on public-domain texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import permutations

import pytest

from backend.writing_styles.similarity import Similarity, comparison_texts
from tests.factories.pdfs import author

PAGE = 300


def pages(name: str, first: int, last: int) -> list[str]:
    words = author(name).split()[first:last]
    return [" ".join(words[at : at + PAGE]) for at in range(0, len(words) - PAGE + 1, PAGE)]


@cache
def learned(name: str, language: str = "en") -> Similarity:
    """From the first 5,500 words; the rest is held out."""
    return Similarity(" ".join(author(name).split()[:5500]), language)


def auc(own: Sequence[float], others: Sequence[float]) -> float:
    wins = [(own_score > other_score) + 0.5 * (own_score == other_score) for own_score in own for other_score in others]
    return sum(wins) / len(wins)


def scores(model: Similarity, texts: Sequence[str]) -> list[float]:
    all_scores = [model.score(text) for text in texts]
    return [score for score in all_scores if score is not None]


@pytest.mark.parametrize(
    ("name", "other"),
    [*permutations(("austen", "doyle", "thoreau"), 2)],
)
def test_held_out_pages_are_told_from_another_author(name: str, other: str) -> None:
    own, others = scores(learned(name), pages(name, 5500, 9000)), scores(learned(name), pages(other, 0, 9000))
    assert len(own) >= 10
    assert auc(own, others) >= 0.9
    assert sorted(own)[len(own) // 2] > 0.6 > 0.4 > sorted(others)[len(others) // 2]


def test_the_source_says_how_well_it_can_be_told_apart() -> None:
    apart = learned("thoreau").distinctness()
    assert apart is not None
    assert apart > 0.9


def test_without_comparison_texts_nearness_is_all_there_is() -> None:
    assert comparison_texts("it") is None
    model = learned("thoreau", "it")
    assert model.distinctness() is None
    assert auc(scores(model, pages("thoreau", 5500, 9000)), scores(model, pages("austen", 0, 9000))) >= 0.7


def test_too_little_gets_no_score() -> None:
    assert learned("austen").score("It was a short note.") is None
    assert Similarity("A short source. " * 20, "en").score("word " * 300) is None
