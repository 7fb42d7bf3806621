"""How what was typed is read. Pure."""

from __future__ import annotations

import string
import unicodedata
from dataclasses import dataclass

MAX_WORDS = 8
_PUNCTUATION_TO_SPACES = str.maketrans(dict.fromkeys(string.punctuation, " "))


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """`words`: text of a tsquery in which each word begins a word of the text, "" where nothing typed is a word; `pieces`: in
    lower case, all of them are in a name; `patterns`: the same for LIKE."""

    words: str
    pieces: tuple[str, ...]

    @property
    def patterns(self) -> list[str]:
        return [f"%{_escaped(piece)}%" for piece in self.pieces]


def parse_terms(typed: str) -> SearchTerms:
    """The first MAX_WORDS words of what was typed."""
    pieces = unicodedata.normalize("NFC", typed).replace("\x00", " ").lower().split()[:MAX_WORDS]
    spaced = " ".join(pieces).translate(_PUNCTUATION_TO_SPACES)
    words = [word for word in spaced.split() if any(map(_is_word_character, word))]
    return SearchTerms(" & ".join(f"'{word}':*" for word in words), tuple(pieces))


def name_rank(name: str, terms: SearchTerms) -> tuple[int, str]:
    """Sorts names: those that begin with what was typed first, then by where it stands in them, then by the alphabet."""
    lowered = name.lower()
    return (min((place for piece in terms.pieces if (place := lowered.find(piece)) >= 0), default=len(lowered)), lowered)


def _is_word_character(character: str) -> bool:
    return character.isalpha() or character.isdecimal()


def _escaped(piece: str) -> str:
    for special in "\\%_":
        piece = piece.replace(special, f"\\{special}")
    return piece
