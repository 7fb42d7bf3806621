"""Texts of a number of words: models cannot count, so we do. Pure."""

from __future__ import annotations

from backend.writing_styles.rules import TOLERANCE
from backend.writing_styles.words import count, paragraphs, sentences


def missing(text: str, wanted: int) -> int:
    """How many words are still to be written; 0 when it is within the tolerance or longer."""
    have = count(text)
    return wanted - have if have < wanted * (1 - TOLERANCE) else 0


def trimmed(text: str, wanted: int) -> str:
    """Ended at the sentence that comes nearest to `wanted` words. Never in the middle of one, never empty."""
    if count(text) <= wanted * (1 + TOLERANCE) and _ends(text):
        return text.strip()
    kept: list[list[str]] = []
    n = 0
    for paragraph in paragraphs(text):
        kept.append([])
        for sentence in sentences(paragraph):
            more = count(sentence)
            if n and abs(n + more - wanted) > abs(n - wanted):
                return _joined(kept)
            kept[-1].append(sentence)
            n += more
    return _whole(kept)


def without_rest(text: str) -> str:
    """An answer that was cut off, up to the end of its last whole sentence; "" when there is none."""
    kept = [sentences(paragraph) for paragraph in paragraphs(text)]
    while kept and (not kept[-1] or not _ends(kept[-1][-1])):
        if kept[-1]:
            kept[-1].pop()
        if not kept[-1]:
            kept.pop()
    return _joined(kept)


def _whole(kept: list[list[str]]) -> str:
    """A model that was cut off leaves half a sentence behind: it goes, unless it is all there is."""
    if kept and kept[-1] and not _ends(kept[-1][-1]) and sum(len(one) for one in kept) > 1:
        kept[-1].pop()
    return _joined(kept)


def _joined(kept: list[list[str]]) -> str:
    return "\n\n".join(" ".join(one) for one in kept if one).strip()


def _ends(text: str) -> bool:
    return text.rstrip().rstrip("\"'”’»)]").endswith((".", "!", "?", "…", "。", "！", "？"))
