"""Chooses passages that show how an author writes: whole paragraphs, of ordinary length, from all over the source. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend.writing_styles.words import WORD, sentences

MIN_WORDS, MAX_WORDS, MAX_EXCERPTS = 40, 160, 5
"""Words of an excerpt, at least and at most; and how many excerpts."""
_MAX_CANDIDATES = 120
_NOT_RUNNING_TEXT = re.compile(r"\d|https?:|@|[|•=_*]")


def choose_excerpts(paragraphs: Sequence[str], *, typical: float) -> tuple[str, ...]:
    """Chooses from the paragraphs of a source. `typical`: the median length of its sentences in words."""
    merged = _join_short_paragraphs(paragraphs)
    merged = merged[:: max(1, len(merged) // _MAX_CANDIDATES)]
    if not merged:
        return ()
    parts = min(MAX_EXCERPTS, len(merged))
    share = len(merged) / parts
    areas = [merged[round(n * share) : round((n + 1) * share)] for n in range(parts)]
    return tuple(_shorten(min(area, key=lambda passage: _oddness(passage, typical))) for area in areas if area)


def _join_short_paragraphs(paragraphs: Sequence[str]) -> list[str]:
    """Joins short paragraphs (dialogue, mostly) with the ones that follow."""
    passages: list[str] = []
    pending = ""
    for paragraph in paragraphs:
        pending = f"{pending}\n\n{paragraph}" if pending else paragraph
        if len(pending) > MIN_WORDS * 6:
            passages.append(pending)
            pending = ""
    return passages or ([pending] if pending else [])


def _oddness(passage: str, typical: float) -> float:
    """How unlike the author's usual text: sentence length, and what does not belong to running text."""
    n = len(WORD.findall(passage))
    sentence_length = n / max(1, passage.count(".") + passage.count("?") + passage.count("!"))
    uneven = len(_NOT_RUNNING_TEXT.findall(passage)) + (0 if passage[-1] in '.!?…”"»' else 2)
    wrong_size = max(0, MIN_WORDS - n) + max(0, n - MAX_WORDS) * 0.2
    return abs(sentence_length - typical) / max(1.0, typical) * 5 + uneven + wrong_size * 0.1


def _shorten(passage: str) -> str:
    """At most MAX_WORDS words, ending at the end of a sentence."""
    text, n = "", 0
    for paragraph in passage.split("\n\n"):
        starts_paragraph = True
        for sentence in sentences(paragraph):
            n += len(WORD.findall(sentence))
            if text and n > MAX_WORDS:
                return text
            text += ("\n\n" if starts_paragraph else " ") + sentence if text else sentence
            starts_paragraph = False
    return text if n <= MAX_WORDS else " ".join(text.split()[:MAX_WORDS]) + " …"
