"""Measures how somebody writes, by signals that need no model (docs/contracts/stylometry.md, 1). Pure.

It reads a whole book in about the time it takes to get its words out of the PDF, so every measure is one pass over the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from backend.writing_styles import excerpts
from backend.writing_styles.schemas import StyleProfile
from backend.writing_styles.words import WORD, detect_language, paragraphs, sentences

BINS = (5, 10, 15, 20, 30, 40)
"""Upper limits of the bars of sentence lengths, in words; a last bar counts the longer ones."""
MARKS = {
    "comma": ",", "semicolon": ";", "colon": ":", "question": "?", "exclamation": "!", "bracket": "(", "ellipsis": "…",
}  # fmt: skip
_DASHES, _QUOTES = ("—", "–", " - ", "--"), '“”«»"'
_RICHNESS_WINDOW = 500
_LONG_WORD = 7

_PERSONS = {
    "en": {
        "I": "i me my mine myself i'm i've i'll i'd", "we": "we us our ours ourselves we're we've we'll we'd",
        "you": "you your yours yourself yourselves you're you've you'll you'd",
        "they": "he she they him her them his hers their theirs himself herself themselves",
    },
    "it": {
        "I": "io me mi mio mia miei mie", "we": "noi ci nostro nostra nostri nostre",
        "you": "tu te ti tuo tua tuoi tue voi vi vostro vostra vostri vostre",
        "they": "lui lei loro egli ella essi esse gli suo sua suoi sue",
    },
}  # fmt: skip
_TENSES = {
    "en": {
        "past": "was were had did said went came took made knew thought saw felt found gave told became left seemed looked",
        "present": "is are am has have do does says goes comes takes makes knows thinks sees feels finds gives tells seems",
        "future": "will shall i'll you'll we'll they'll he'll she'll it'll won't",
    },
    "it": {
        "past": "era erano ero fu furono aveva avevano disse fece andò venne stato stata stati fatto detto andato venuto",
        "present": "è sono ho ha hanno sei siamo abbiamo dice fa va viene sta può deve vuole",
        "future": "sarà saranno avrà avranno farà dirà andrà verrà potrà dovrà",
    },
}  # fmt: skip
_FUNCTION_WORDS = {
    "en": (
        "the of and to a in that it with as for but not on at by from or so if then when while because though although however "
        "yet just very really quite perhaps maybe only also even still never always now here there upon indeed rather"
    ),
    "it": (
        "di e che a in per con ma non su da o se poi quando mentre perché però anche ancora mai sempre ora qui là già molto "
        "più come così forse proprio dunque quindi infatti invece cioè allora"
    ),
}


def measure(text: str, *, pages: int = 0, sources: int = 1) -> StyleProfile:
    """Measures a source, whose paragraphs are separated by an empty line. Everything is 0 or empty for an empty text."""
    words = WORD.findall(text)
    lower_words = [word.lower() for word in words]
    counts = Counter(lower_words)
    total = max(1, len(words))
    language = detect_language(counts)
    text_paragraphs = paragraphs(text)
    sentence_lengths = [(sentence, len(sentence.split())) for sentence in sentences(text)]
    lengths = np.array([n for _, n in sentence_lengths if n] or [0])
    return StyleProfile(
        language=language,
        words=len(words),
        pages=pages,
        sources=sources,
        sentence=_sentence_stats(lengths),
        lengths=_length_shares(lengths),
        paragraph=round(len(words) / max(1, len(text_paragraphs)), 1),
        paragraph_sentences=round(len(sentence_lengths) / max(1, len(text_paragraphs)), 1),
        word_letters=round(sum(len(word) * n for word, n in counts.items()) / total, 2),
        long_words=round(sum(n for word, n in counts.items() if len(word) >= _LONG_WORD) / total, 3),
        richness=_richness(lower_words),
        punctuation=_punctuation(text, total),
        contractions=_per_thousand(sum(n for word, n in counts.items() if "'" in word or "’" in word), total),
        person=_shares(counts, _PERSONS.get(language, {})),
        tense=_shares(counts, _TENSES.get(language, {})),
        openings=_openings([sentence for sentence, n in sentence_lengths if n]),
        little_words=_function_word_rates(counts, language, total),
        excerpts=excerpts.choose_excerpts(text_paragraphs, typical=float(np.median(lengths))),
    )


def _sentence_stats(lengths: np.ndarray) -> dict[str, float]:
    low, middle, high = np.percentile(lengths, (10, 50, 90))
    short, long = float((lengths < 8).mean()), float((lengths > 25).mean())
    values = {"mean": lengths.mean(), "sd": lengths.std(), "p10": low, "p50": middle, "p90": high}
    return {name: round(float(value), 1) for name, value in values.items()} | {"short": round(short, 3), "long": round(long, 3)}


def _length_shares(lengths: np.ndarray) -> tuple[float, ...]:
    counts = np.bincount(np.searchsorted(BINS, lengths), minlength=len(BINS) + 1)
    return tuple(round(float(n), 3) for n in counts / max(1, counts.sum()))


def _richness(lower_words: Sequence[str]) -> float:
    """Different words in each 500, on average: unlike a plain ratio it does not fall as the source grows."""
    windows = [
        lower_words[at : at + _RICHNESS_WINDOW]
        for at in range(0, max(1, len(lower_words) - _RICHNESS_WINDOW + 1), _RICHNESS_WINDOW)
    ]
    return round(sum(len(set(window)) / max(1, len(window)) for window in windows) / len(windows) * _RICHNESS_WINDOW, 0)


def _punctuation(text: str, total: int) -> dict[str, float]:
    counts = {name: text.count(mark) for name, mark in MARKS.items()}
    counts["ellipsis"] += text.count("...")
    counts["dash"] = sum(text.count(dash) for dash in _DASHES)
    counts["quote"] = sum(text.count(quote) for quote in _QUOTES) // 2
    return {name: _per_thousand(n, total) for name, n in counts.items()}


def _shares(counts: Counter[str], lists: dict[str, str]) -> dict[str, float]:
    totals = {name: sum(counts[word] for word in line.split()) for name, line in lists.items()}
    total = sum(totals.values())
    return {name: round(n / total, 3) for name, n in totals.items()} if total else {}


def _openings(sentence_list: Sequence[str]) -> tuple[tuple[str, float], ...]:
    first = Counter(match[0].lower().replace("’", "'") for sentence in sentence_list if (match := WORD.search(sentence)))
    return tuple((word, round(n / max(1, len(sentence_list)), 3)) for word, n in first.most_common(8) if n > 1)


def _function_word_rates(counts: Counter[str], language: str, total: int) -> tuple[tuple[str, float], ...]:
    function_words = set(_FUNCTION_WORDS.get(language, "").split())
    function_counts = Counter({word: n for word, n in counts.items() if word in function_words})
    return tuple((word, _per_thousand(n, total)) for word, n in function_counts.most_common(12))


def _per_thousand(n: int, total: int) -> float:
    return round(n * 1000 / total, 1)
