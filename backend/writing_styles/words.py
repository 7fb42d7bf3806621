"""Splits texts into words, sentences and paragraphs, detects the language, and brings texts to a number of words, because
models cannot count. Pure; fast enough for whole books."""

from __future__ import annotations

import re
from collections import Counter

from backend.writing_styles.rules import LENGTH_TOLERANCE

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|--|[.,;:!?…()\"—–“”«»]")
"""Words, and the punctuation between them that people use by habit."""
PARAGRAPH = "\n\n"
_SENTENCE_END = re.compile(r"([.!?…][\"”»’)\]]*)\s+(?=[\"“«‘(\[—–-]*\s?[^\W\d_a-zà-ÿ])")
_ABBREVIATIONS = frozenset(
    "Mr Mrs Ms Messrs Dr St Prof Sr Jr vs etc e.g i.e No Vol Sig Dott ecc pag cfr avv ing art".split()  # noqa: SIM905
)
_COMMON = {
    "en": "the and of to in that is was it for with as on at by not be this from",
    "it": "di che e la il un a per non è una in si con del della come ma sono",
    "es": "de que y la el en los se del las un por con no una su para es al",
    "fr": "de la le et les des en un du une que est dans qui pour ne pas sur au",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein",
    "pt": "de que e o a do da em um para com não uma os no se na por mais",
}
_LANGUAGES = {language: frozenset(line.split()) for language, line in _COMMON.items()}


def split_words(text: str) -> list[str]:
    return WORD.findall(text)


def count_words(text: str) -> int:
    """How many words a text has, as all of this slice counts them."""
    return len(WORD.findall(text))


def paragraphs(text: str) -> list[str]:
    return [part for part in (piece.strip() for piece in text.split(PARAGRAPH)) if part]


def sentences(text: str) -> list[str]:
    """The sentences of one paragraph or many; the end of a paragraph always ends one."""
    found_sentences = []
    for paragraph in text.split(PARAGRAPH):
        parts = _SENTENCE_END.split(paragraph)
        pending = ""
        for at in range(0, len(parts) - 1, 2):
            pending += parts[at] + parts[at + 1]
            if parts[at + 1] == "." and _ends_with_abbreviation(parts[at]):
                pending += " "
            else:
                found_sentences.append(pending.strip())
                pending = ""
        if (pending + parts[-1]).strip():
            found_sentences.append((pending + parts[-1]).strip())
    return found_sentences


def _ends_with_abbreviation(text: str) -> bool:
    """Whether the dot after `text` only marks an abbreviation: Mr., e.g., the J of J. S. Bach."""
    last = text[text.rfind(" ") + 1 :].lstrip("“\"(‘'")
    return last in _ABBREVIATIONS or (len(last) == 1 and last.isupper() and last != "I")


def detect_language(counts: Counter[str]) -> str:
    """ISO 639-1 of the language whose most common words are most frequent; "" when none is likely. `counts`: lower case."""
    total = sum(counts.values())
    if not total:
        return ""
    share = {language: sum(counts[word] for word in common) / total for language, common in _LANGUAGES.items()}
    best = max(share, key=share.__getitem__)
    return best if share[best] > 0.12 else ""


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
