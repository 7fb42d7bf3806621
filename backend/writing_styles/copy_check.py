"""Finds what a text has word for word from its source. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from backend.writing_styles.rules import MAX_SHARED_RUN
from backend.writing_styles.words import WORD

_SEED_WORDS = 5
"""So many words must agree before a longer run is looked for."""


@dataclass(frozen=True, slots=True)
class SharedRun:
    """A run of words that text and source share: how many words, and as the text has them. 0, "": fewer than 5 in a row."""

    run: int = 0
    words: str = ""

    @property
    def copied(self) -> bool:
        return self.run > MAX_SHARED_RUN


def longest_shared_run(text: str, source: str) -> SharedRun:
    """The longest shared run. Capitals, punctuation and kinds of apostrophe make no difference."""
    shared = shared_runs(text, source)
    return max(shared, key=lambda shared_run: shared_run.run, default=SharedRun())


def shared_runs(text: str, source: str, *, least: int = _SEED_WORDS) -> list[SharedRun]:
    """Every run of `least` or more words that both have: as long as possible, none inside another, in the text's order."""
    text_words, spans = _words_with_spans(text)
    source_words, _ = _words_with_spans(source)
    seeds = {tuple(text_words[at : at + _SEED_WORDS]) for at in range(len(text_words) - _SEED_WORDS + 1)}
    positions: dict[tuple[str, ...], list[int]] = {}
    for at in range(len(source_words) - _SEED_WORDS + 1) if seeds else ():
        if (seed := tuple(source_words[at : at + _SEED_WORDS])) in seeds:
            positions.setdefault(seed, []).append(at)
    shared: list[SharedRun] = []
    at = 0
    while at <= len(text_words) - _SEED_WORDS:
        starts = positions.get(tuple(text_words[at : at + _SEED_WORDS]), ())
        n = max((_count_agreeing(text_words, at, source_words, start) for start in starts), default=0)
        if n >= least:
            shared.append(SharedRun(n, text[spans[at][0] : spans[at + n - 1][1]]))
        at += max(1, n - _SEED_WORDS + 2) if n else 1
    return shared


def _words_with_spans(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    matches = list(WORD.finditer(text))
    return [match[0].lower().replace("’", "'") for match in matches], [match.span() for match in matches]


def _count_agreeing(text_words: list[str], at: int, source_words: list[str], start: int) -> int:
    n = 0
    while at + n < len(text_words) and start + n < len(source_words) and text_words[at + n] == source_words[start + n]:
        n += 1
    return n
