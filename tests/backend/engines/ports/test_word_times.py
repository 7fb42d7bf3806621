"""Times of words from the phonemes that a voice says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.engines.ports.word_times import joined, spans_of_words

WORD = st.text("abdefhiklmnoprstuvzæðŋɑɔəɛɡɪɹʃʊʌʒθ", min_size=1, max_size=8)


def timed(text: str) -> list[tuple[str, float, float]]:
    """Each character takes a second."""
    return [(char, float(n), float(n + 1)) for n, char in enumerate(text)]


@given(words=st.lists(WORD, min_size=1, max_size=12), run_together=st.sets(st.integers(0, 11)), marks=st.booleans())
def test_there_is_one_span_a_word_in_order_however_words_are_run_together(
    words: list[str], run_together: set[int], marks: bool
) -> None:
    said = ""
    for n, word in enumerate(words):
        said += ("ˈ" if marks else "") + word + (":" if marks else "") + ("" if n in run_together else " ")
    spans = spans_of_words(words, timed(f"^{said}$"))
    assert len(spans) == len(words)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(end > start for start, end in spans)


def test_words_that_run_together_and_figures_that_fall_apart_are_found() -> None:
    spans = spans_of_words(["ʌv", "ðə", "wˈʌn twˈɛnti"], timed("ʌvðə wʌn twɛnti"))
    assert spans == [(0, 2), (2, 4), (5, 15)]


def test_what_does_not_fit_gives_no_times() -> None:
    assert spans_of_words(["tʃao", "tutti", "oi"], timed("hɛloʊ")) == []
    assert spans_of_words(["a", "b"], []) == []
    assert spans_of_words(["a", ""], timed("a")) == []
    assert joined([[(0, 1)], []]) == []
    assert joined([[(0, 1)], [(1, 2)]]) == [(0, 1), (1, 2)]
