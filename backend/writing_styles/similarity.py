"""How much a text reads like a source, 0..1, and what it has word for word from it. Pure, without a model; what a text is about
counts little.

Words that say what a text is about are masked (all but those that most authors use, by their endings); then runs of 3 to 5
characters are counted, as in the judges of arXiv 2509.24930. Two things must hold: the text is as near to the source as the
source's pages, left out in turn, are to the rest; and, where there are comparison texts in the language (books by 50 authors in
the public domain, `comparison_texts`), it speaks for this author more than for each of the others, as much as the author's own
pages do. Without comparison texts only the first is used, which tells less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from backend.writing_styles.rules import MAX_SHARED_RUN
from backend.writing_styles.words import TOKEN, WORD

BUCKETS = 4096
"""Character runs of each length are counted in so many hash buckets."""
PAGE_WORDS = 300
"""Words of the pages a source is cut into; shorter texts are compared with shorter pages."""
MIN_WORDS = 60
"""Texts with fewer words get no score."""
_SAMPLED_CHARACTERS, _SAMPLE_PARTS = 150_000, 60
"""So many characters of a source are looked at (some 90 pages), in so many parts."""
_NGRAM_SIZES = (3, 4, 5)
_PRIOR_RUNS = 15_000.0
"""A source is mixed with so many runs of the comparison texts, so that runs it lacks by chance count little."""
_REFERENCE = Path(__file__).with_name("reference_en.npz")
_PLAIN_MARKS = {"’": "'", "—": "--", "–": "--", "“": '"', "”": '"', "«": '"', "»": '"', "…": "."}
Vector = np.ndarray[Any, np.dtype[np.float64]]
_SEED_WORDS = 5
"""So many words must agree before a longer run is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class ComparisonTexts:
    """Texts of other authors in a language, as counts.

    `little`: words that are not masked, those most authors use. `authors`: a row of frequencies for each author; those of each
    length of run sum to 1. `common`: their mean.
    """

    little: frozenset[str]
    authors: Vector
    common: Vector


@cache
def comparison_texts(language: str) -> ComparisonTexts | None:
    """The comparison texts of a language; None but for English."""
    if language != "en":
        return None
    with np.load(_REFERENCE, allow_pickle=False) as data:
        little = frozenset(str(data["little"]).split())
        authors = data["authors"].astype(np.float64) / data["scale"]
        return ComparisonTexts(little, authors, authors.mean(axis=0) + 1e-7)


class Similarity:
    """Compares texts with one source. Creating it takes about 3 µs a word of the source: keep it for further texts."""

    def __init__(self, source: str, language: str) -> None:
        self._reference = comparison_texts(language)
        tokens = TOKEN.findall(_sample_source(source))
        self._little = self._reference.little if self._reference else most_common_words(tokens)
        self._pages = split_pages(tokens, PAGE_WORDS)

    def score(self, text: str) -> float | None:
        """0..1; 0.5: as near to the source as to others. None: too short, or too little source to compare with."""
        tokens = TOKEN.findall(text)
        n = _count_words(tokens)
        if n < MIN_WORDS or len(self._pages) < 4:
            return None
        size = min(PAGE_WORDS, n)
        own = np.array([self._count(page) for page in (self._pages if size == PAGE_WORDS else self._cut(size))])
        return round(_score(own, self._count(tokens), self._reference), 3)

    def distinctness(self) -> float | None:
        """0..1: how often one of the source's pages is told from a comparison text. None without comparison texts."""
        if self._reference is None or len(self._pages) < 4:
            return None
        own = np.array([self._count(page) for page in self._pages])
        like, unlike, spread = _reference_levels(own, self._reference)
        return round(_normal_cdf((like - unlike) / (spread * math.sqrt(2))), 3)

    def _cut(self, size: int) -> list[list[str]]:
        """Pages shortened to `size` words: as many as before, so that it costs no more."""
        return [cut[0] for page in self._pages if (cut := split_pages(page, size))]

    def _count(self, tokens: Sequence[str]) -> Vector:
        return count_ngrams(mask_topic_words(tokens, self._little))


def _sample_source(source: str) -> str:
    """A sample of a long source, from all over it: more would cost time and tell nothing new."""
    if len(source) <= _SAMPLED_CHARACTERS:
        return source
    step = len(source) / _SAMPLE_PARTS
    return " ".join(
        source[int(n * step) : int(n * step) + _SAMPLED_CHARACTERS // _SAMPLE_PARTS].partition(" ")[2]
        for n in range(_SAMPLE_PARTS)
    )


def split_pages(tokens: Sequence[str], size: int) -> list[list[str]]:
    """Pages of `size` words with their punctuation; a rest of less than half a page is dropped, unless it is all."""
    cut_pages: list[list[str]] = [[]]
    n = 0
    for token in tokens:
        cut_pages[-1].append(token)
        n += token[0].isalpha()
        if n == size:
            cut_pages.append([])
            n = 0
    if len(cut_pages) > 1 and n < size / 2:
        cut_pages.pop()
    return cut_pages


def mask_topic_words(tokens: Sequence[str], little: frozenset[str]) -> str:
    memo: dict[str, str] = {}
    for token in set(tokens):
        lower = token.lower().replace("’", "'")
        memo[token] = (lower if lower in little else "*" + lower[-2:]) if token[0].isalpha() else _PLAIN_MARKS.get(token, token)
    return " ".join([memo[token] for token in tokens])


def count_ngrams(text: str) -> Vector:
    """How often each run of 3, 4 and 5 bytes occurs, in BUCKETS buckets for each length."""
    codes = np.frombuffer(text.encode(), np.uint8).astype(np.uint64)
    counts = []
    runs = np.zeros(len(codes) + 1, np.uint64)
    for order in range(1, max(_NGRAM_SIZES) + 1):
        runs = runs[:-1] * np.uint64(1_000_003) + codes[order - 1 :]
        if order not in _NGRAM_SIZES:
            continue
        mixed = (runs ^ (runs >> np.uint64(17))) * np.uint64(0x9E3779B97F4A7C15)
        counts.append(np.bincount((mixed >> np.uint64(52)).astype(np.int64), minlength=BUCKETS))
    return np.concatenate(counts).astype(np.float64)


def most_common_words(tokens: Sequence[str], n: int = 120) -> frozenset[str]:
    """The author's most common words, for a language without comparison texts. Names are not among them."""
    counts: dict[str, int] = {}
    capitalized: dict[str, int] = {}
    for token in tokens:
        if token[0].isalpha():
            word = token.lower().replace("’", "'")
            counts[word] = counts.get(word, 0) + 1
            capitalized[word] = capitalized.get(word, 0) + token[0].isupper()
    ranked = sorted(counts, key=counts.__getitem__, reverse=True)
    return frozenset([word for word in ranked if capitalized[word] < counts[word] * 0.6 or len(word) == 1][:n])


def _count_words(tokens: Sequence[str]) -> int:
    return sum(token[0].isalpha() for token in tokens)


def _score(own: Vector, text: Vector, comparison: ComparisonTexts | None) -> float:
    """The score: more like the author than like others, and as near to the author's pages as these are to each other. Both must
    hold.
    """
    nearness = _nearness(own, text)
    if comparison is None:
        return nearness
    like, unlike, spread = _reference_levels(own, comparison)
    total = own.sum(axis=0)
    share = _frequencies(text)[None]
    value = _preference(
        share @ _log_ratios(total, comparison), share @ _comparison_log_ratios(float(total.sum()), comparison).T
    )[0]
    author_probability = 1 / (1 + math.exp(-(value - (like + unlike) / 2) * (like - unlike) / spread**2))
    return math.sqrt(author_probability * nearness)


def _reference_levels(own: Vector, comparison: ComparisonTexts) -> tuple[float, float, float]:
    """The preference (`_preference`) of the author's pages, that of others' texts, and how much pages vary among themselves."""
    total = own.sum(axis=0)
    others = _comparison_log_ratios(float(total.sum()), comparison)
    own_words = np.array([_frequencies(page) @ _log_ratios(total - page, comparison) for page in own])
    left_out = _preference(own_words, np.array([_frequencies(page) for page in own]) @ others.T)
    for_others = comparison.authors @ others.T
    # Each author's text beside the other authors: without the diagonal.
    rest = for_others[~np.eye(len(for_others), dtype=bool)].reshape(len(for_others), -1)
    unlike = _preference(comparison.authors @ _log_ratios(total, comparison), rest)
    spread = max(float(np.std(left_out)), float(np.std(unlike)), 1e-6)
    return float(np.mean(left_out)), float(np.mean(unlike)), spread


def _preference(own: Vector, for_others: Vector) -> Vector:
    """How much more texts speak for the author (`own`, one value a text) than for the others (`for_others`, a row a text).

    In standard deviations of the latter: a page that is unlike everybody's, or like everybody's, says little.
    """
    return np.asarray((own - for_others.mean(axis=1)) / np.maximum(for_others.std(axis=1), 1e-9))


def _log_ratios(author: Vector, comparison: ComparisonTexts) -> Vector:
    """Logarithm of how much more often the author has each run than others have."""
    common = comparison.common
    mixed = len(_NGRAM_SIZES) * (author + _PRIOR_RUNS / len(_NGRAM_SIZES) * common) / (author.sum() + _PRIOR_RUNS)
    return np.asarray(np.log(mixed / common))


@lru_cache(maxsize=4)
def _comparison_log_ratios(n: float, comparison: ComparisonTexts) -> Vector:
    """The log ratios of each comparison author, a row each, from as many runs as the source has, drawn at random: with all
    their runs they would be known better than the author, and win or lose by that alone.
    """
    drawn = np.random.default_rng(0).poisson(comparison.authors * (n / len(_NGRAM_SIZES)))
    return np.asarray(np.log((len(_NGRAM_SIZES) * drawn / comparison.common + _PRIOR_RUNS) / (n + _PRIOR_RUNS)))


def _frequencies(counts: Vector) -> Vector:
    return np.asarray(counts / max(1.0, counts.sum()) * len(_NGRAM_SIZES))


def _nearness(own: Vector, text: Vector) -> float:
    roots = np.sqrt(own / np.maximum(1.0, own.sum(axis=1, keepdims=True)))
    total = roots.sum(axis=0)
    left_out = [_cosine_distance(page, total - page) for page in roots]
    deviation = (_cosine_distance(np.sqrt(_frequencies(text)), total) - float(np.mean(left_out))) / max(
        float(np.std(left_out)), 1e-6
    )
    return 1 / (1 + math.exp(1.2 * (deviation - 2)))


def _cosine_distance(first: Vector, second: Vector) -> float:
    return 1 - float(first @ second) / float(np.linalg.norm(first) * np.linalg.norm(second))


def _normal_cdf(value: float) -> float:
    return 0.5 * (1 + math.erf(value / math.sqrt(2)))


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
