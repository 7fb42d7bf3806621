"""Finds what a text has word for word from its source. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from backend.writing_styles.rules import LONGEST_RUN
from backend.writing_styles.words import WORD

_SEED = 5
"""Words that must agree before a longer run is looked for."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The longest run of words that both have: how long, and the words as the text has them. 0, "": fewer than 5 in a row."""

    run: int = 0
    words: str = ""

    @property
    def copied(self) -> bool:
        return self.run > LONGEST_RUN


def longest(text: str, source: str) -> Shared:
    """Capitals, punctuation and kinds of apostrophe make no difference."""
    found = runs(text, source)
    return max(found, key=lambda one: one.run, default=Shared())


def runs(text: str, source: str, *, least: int = _SEED) -> list[Shared]:
    """Every stretch of `least` or more words that both have, longest possible, none inside another, in the text's order."""
    mine, spans = _words(text)
    theirs, _ = _words(source)
    wanted = {tuple(mine[at : at + _SEED]) for at in range(len(mine) - _SEED + 1)}
    where: dict[tuple[str, ...], list[int]] = {}
    for at in range(len(theirs) - _SEED + 1) if wanted else ():
        if (seed := tuple(theirs[at : at + _SEED])) in wanted:
            where.setdefault(seed, []).append(at)
    made: list[Shared] = []
    at = 0
    while at <= len(mine) - _SEED:
        starts = where.get(tuple(mine[at : at + _SEED]), ())
        n = max((_agree(mine, at, theirs, start) for start in starts), default=0)
        if n >= least:
            made.append(Shared(n, text[spans[at][0] : spans[at + n - 1][1]]))
        at += max(1, n - _SEED + 2) if n else 1
    return made


def _words(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    found = list(WORD.finditer(text))
    return [one[0].lower().replace("’", "'") for one in found], [one.span() for one in found]


def _agree(mine: list[str], at: int, theirs: list[str], start: int) -> int:
    n = 0
    while at + n < len(mine) and start + n < len(theirs) and mine[at + n] == theirs[start + n]:
        n += 1
    return n
