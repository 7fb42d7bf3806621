"""Measures how somebody writes: signals that need no model (docs/contracts/stylometry.md, 1). Pure.

It reads a whole book in about the time it takes to get its words out of the PDF, so every pass here is one over the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from backend.writing_styles import excerpts
from backend.writing_styles.schemas import StyleCard
from backend.writing_styles.words import WORD, language_of, paragraphs, sentences

BINS = (5, 10, 15, 20, 30, 40)
"""Sentences of at most so many words; the last bar is the longer ones."""
MARKS = {
    "comma": ",", "semicolon": ";", "colon": ":", "question": "?", "exclamation": "!", "bracket": "(", "ellipsis": "…",
}  # fmt: skip
_DASHES, _QUOTES = ("—", "–", " - ", "--"), '“”«»"'
_WINDOW = 500
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
_LITTLE = {
    "en": (
        "the of and to a in that it with as for but not on at by from or so if then when while because though although however "
        "yet just very really quite perhaps maybe only also even still never always now here there upon indeed rather"
    ),
    "it": (
        "di e che a in per con ma non su da o se poi quando mentre perché però anche ancora mai sempre ora qui là già molto "
        "più come così forse proprio dunque quindi infatti invece cioè allora"
    ),
}


def measure(text: str, *, pages: int = 0, sources: int = 1) -> StyleCard:
    """The card of a source: its paragraphs parted by an empty line. Everything is 0 or empty for an empty text."""
    spoken = WORD.findall(text)
    small = [word.lower() for word in spoken]
    counts = Counter(small)
    total = max(1, len(spoken))
    language = language_of(counts)
    cut = paragraphs(text)
    said = [(sentence, len(sentence.split())) for sentence in sentences(text)]
    lengths = np.array([n for _, n in said if n] or [0])
    return StyleCard(
        language=language, words=len(spoken), pages=pages, sources=sources, sentence=_spread(lengths), lengths=_bars(lengths),
        paragraph=round(len(spoken) / max(1, len(cut)), 1), paragraph_sentences=round(len(said) / max(1, len(cut)), 1),
        word_letters=round(sum(len(word) * n for word, n in counts.items()) / total, 2),
        long_words=round(sum(n for word, n in counts.items() if len(word) >= _LONG_WORD) / total, 3),
        richness=_richness(small), punctuation=_punctuation(text, total),
        contractions=_per_thousand(sum(n for word, n in counts.items() if "'" in word or "’" in word), total),
        person=_shares(counts, _PERSONS.get(language, {})), tense=_shares(counts, _TENSES.get(language, {})),
        openings=_openings([sentence for sentence, n in said if n]), little_words=_little(counts, language, total),
        excerpts=excerpts.choose(cut, typical=float(np.median(lengths))),
    )  # fmt: skip


def _spread(lengths: np.ndarray) -> dict[str, float]:
    low, middle, high = np.percentile(lengths, (10, 50, 90))
    short, long = float((lengths < 8).mean()), float((lengths > 25).mean())
    values = {"mean": lengths.mean(), "sd": lengths.std(), "p10": low, "p50": middle, "p90": high}
    return {name: round(float(value), 1) for name, value in values.items()} | {"short": round(short, 3), "long": round(long, 3)}


def _bars(lengths: np.ndarray) -> tuple[float, ...]:
    found = np.bincount(np.searchsorted(BINS, lengths), minlength=len(BINS) + 1)
    return tuple(round(float(n), 3) for n in found / max(1, found.sum()))


def _richness(small: Sequence[str]) -> float:
    """Different words in each 500, on average: unlike a plain ratio it does not fall as the source grows."""
    windows = [small[at : at + _WINDOW] for at in range(0, max(1, len(small) - _WINDOW + 1), _WINDOW)]
    return round(sum(len(set(window)) / max(1, len(window)) for window in windows) / len(windows) * _WINDOW, 0)


def _punctuation(text: str, total: int) -> dict[str, float]:
    counted = {name: text.count(mark) for name, mark in MARKS.items()}
    counted["ellipsis"] += text.count("...")
    counted["dash"] = sum(text.count(dash) for dash in _DASHES)
    counted["quote"] = sum(text.count(quote) for quote in _QUOTES) // 2
    return {name: _per_thousand(n, total) for name, n in counted.items()}


def _shares(counts: Counter[str], lists: dict[str, str]) -> dict[str, float]:
    found = {name: sum(counts[word] for word in line.split()) for name, line in lists.items()}
    total = sum(found.values())
    return {name: round(n / total, 3) for name, n in found.items()} if total else {}


def _openings(said: Sequence[str]) -> tuple[tuple[str, float], ...]:
    first = Counter(found[0].lower().replace("’", "'") for one in said if (found := WORD.search(one)))
    return tuple((word, round(n / max(1, len(said)), 3)) for word, n in first.most_common(8) if n > 1)


def _little(counts: Counter[str], language: str, total: int) -> tuple[tuple[str, float], ...]:
    known = set(_LITTLE.get(language, "").split())
    used = Counter({word: n for word, n in counts.items() if word in known})
    return tuple((word, _per_thousand(n, total)) for word, n in used.most_common(12))


def _per_thousand(n: int, total: int) -> float:
    return round(n * 1000 / total, 1)
