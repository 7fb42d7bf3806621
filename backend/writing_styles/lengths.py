"""Brings texts to a number of words; models cannot count. Pure."""

from __future__ import annotations

from backend.writing_styles.rules import LENGTH_TOLERANCE
from backend.writing_styles.words import count_words, paragraphs, sentences


def missing_words(text: str, target: int) -> int:
    """How many words are still to be written; 0 when the text is within the tolerance or longer."""
    n_words = count_words(text)
    return target - n_words if n_words < target * (1 - LENGTH_TOLERANCE) else 0


def trim_to_length(text: str, target: int) -> str:
    """Cuts at the sentence end that comes nearest to `target` words. Never in the middle of a sentence, never empty."""
    if count_words(text) <= target * (1 + LENGTH_TOLERANCE) and _ends_sentence(text):
        return text.strip()
    kept_paragraphs: list[list[str]] = []
    n = 0
    for paragraph in paragraphs(text):
        kept_paragraphs.append([])
        for sentence in sentences(paragraph):
            n_sentence = count_words(sentence)
            if n and abs(n + n_sentence - target) > abs(n - target):
                return _join(kept_paragraphs)
            kept_paragraphs[-1].append(sentence)
            n += n_sentence
    return _drop_half_sentence(kept_paragraphs)


def drop_unfinished_sentence(text: str) -> str:
    """A cut-off answer up to the end of its last whole sentence; "" when there is none."""
    kept_paragraphs = [sentences(paragraph) for paragraph in paragraphs(text)]
    while kept_paragraphs and (not kept_paragraphs[-1] or not _ends_sentence(kept_paragraphs[-1][-1])):
        if kept_paragraphs[-1]:
            kept_paragraphs[-1].pop()
        if not kept_paragraphs[-1]:
            kept_paragraphs.pop()
    return _join(kept_paragraphs)


def _drop_half_sentence(kept_paragraphs: list[list[str]]) -> str:
    """Drops the half sentence that a cut-off model leaves at the end, unless it is all there is."""
    if (
        kept_paragraphs
        and kept_paragraphs[-1]
        and not _ends_sentence(kept_paragraphs[-1][-1])
        and sum(len(paragraph) for paragraph in kept_paragraphs) > 1
    ):
        kept_paragraphs[-1].pop()
    return _join(kept_paragraphs)


def _join(kept_paragraphs: list[list[str]]) -> str:
    return "\n\n".join(" ".join(paragraph) for paragraph in kept_paragraphs if paragraph).strip()


def _ends_sentence(text: str) -> bool:
    return text.rstrip().rstrip("\"'”’»)]").endswith((".", "!", "?", "…", "。", "！", "？"))
