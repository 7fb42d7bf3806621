"""Words counted in code, sentences never cut; runs shared with a source found whatever the punctuation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.writing_styles.similarity import longest_shared_run, shared_runs
from backend.writing_styles.words import count_words, missing_words, sentences, trim_to_length
from tests.factories.pdfs import author

SENTENCES = st.lists(st.integers(1, 30), min_size=1, max_size=30)


def text_of(lengths: list[int]) -> str:
    return " ".join(" ".join(["Word"] + ["word"] * (n - 1)) + "." for n in lengths)


@given(SENTENCES, st.integers(20, 300))
def test_a_trimmed_text_ends_a_sentence_and_comes_as_near_as_sentences_allow(lengths: list[int], target: int) -> None:
    text = text_of(lengths)
    trimmed = trim_to_length(text, target)
    assert text.startswith(trimmed)
    assert trimmed.endswith(".")
    if count_words(text) > target * 1.1:
        assert abs(count_words(trimmed) - target) <= max(lengths)
    else:
        assert trimmed == text


def test_half_a_sentence_goes() -> None:
    assert trim_to_length("One is here. Two is here. Three was cut", 20) == "One is here. Two is here."
    assert trim_to_length("Never a full stop", 20) == "Never a full stop"
    assert trim_to_length("First part.\n\nSecond part.\n\nThird", 20) == "First part.\n\nSecond part."


def test_missing_words_are_said_beyond_the_tolerance() -> None:
    assert missing_words("word " * 95, 100) == 0
    assert missing_words("word " * 50, 100) == 50


def test_a_copied_run_is_found_under_other_punctuation() -> None:
    source = author("austen")
    first = sentences(source)[8]
    shared = longest_shared_run(f"My own words stand here, then: {first.upper().replace(',', ' –')} and mine again.", source)
    assert shared.run >= count_words(first)
    assert shared.words.upper().startswith(first.split()[0].upper())


def test_own_words_share_little() -> None:
    assert (
        longest_shared_run(
            "Purple engines hum beneath a borrowed sky while seven cats debate the price of rain.", author("austen")
        ).run
        == 0
    )
    assert not longest_shared_run(author("thoreau"), author("austen")).copied
    assert longest_shared_run("", "") == longest_shared_run("a b c", "")


@given(st.lists(st.sampled_from("abcdefgh"), max_size=60), st.lists(st.sampled_from("abcdefgh"), max_size=60))
def test_the_longest_run_is_the_one_a_slow_search_finds(text_words: list[str], source_words: list[str]) -> None:
    expected = max(
        (
            n
            for n in range(5, len(text_words) + 1)
            for at in range(len(text_words) - n + 1)
            if any(text_words[at : at + n] == source_words[start : start + n] for start in range(len(source_words) - n + 1))
        ),
        default=0,
    )
    assert longest_shared_run(" ".join(text_words), " ".join(source_words)).run == expected
    assert all(shared.run >= 5 for shared in shared_runs(" ".join(text_words), " ".join(source_words)))
