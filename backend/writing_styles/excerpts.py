"""Passages that show how somebody writes: whole paragraphs, of ordinary length, from all over the source. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend.writing_styles.words import WORD, sentences

SHORTEST, LONGEST, HOW_MANY = 40, 160, 5
"""Words of an excerpt, and how many."""
_LOOKED_AT = 120
_UNEVEN = re.compile(r"\d|https?:|@|[|•=_*]")


def choose(cut: Sequence[str], *, typical: float) -> tuple[str, ...]:
    """From the paragraphs of a source. `typical`: the middle length of its sentences in words."""
    merged = _long_enough(cut)
    merged = merged[:: max(1, len(merged) // _LOOKED_AT)]
    if not merged:
        return ()
    parts = min(HOW_MANY, len(merged))
    share = len(merged) / parts
    areas = [merged[round(n * share) : round((n + 1) * share)] for n in range(parts)]
    return tuple(_shortened(min(area, key=lambda one: _oddness(one, typical))) for area in areas if area)


def _long_enough(cut: Sequence[str]) -> list[str]:
    """Short paragraphs (talk, mostly) are joined with the ones that follow."""
    made: list[str] = []
    waiting = ""
    for one in cut:
        waiting = f"{waiting}\n\n{one}" if waiting else one
        if len(waiting) > SHORTEST * 6:
            made.append(waiting)
            waiting = ""
    return made or ([waiting] if waiting else [])


def _oddness(passage: str, typical: float) -> float:
    """How far from the author's usual: rhythm, and what does not belong to running text."""
    n = len(WORD.findall(passage))
    lengths = n / max(1, passage.count(".") + passage.count("?") + passage.count("!"))
    uneven = len(_UNEVEN.findall(passage)) + (0 if passage[-1] in '.!?…”"»' else 2)
    size = max(0, SHORTEST - n) + max(0, n - LONGEST) * 0.2
    return abs(lengths - typical) / max(1.0, typical) * 5 + uneven + size * 0.1


def _shortened(passage: str) -> str:
    """At most LONGEST words, ended where a sentence ends."""
    kept, n = "", 0
    for paragraph in passage.split("\n\n"):
        begun = True
        for sentence in sentences(paragraph):
            n += len(WORD.findall(sentence))
            if kept and n > LONGEST:
                return kept
            kept += ("\n\n" if begun else " ") + sentence if kept else sentence
            begun = False
    return kept if n <= LONGEST else " ".join(kept.split()[:LONGEST]) + " …"
