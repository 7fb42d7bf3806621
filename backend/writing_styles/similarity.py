"""How much a text reads like a source, 0..1. Pure, no model; what a text is about counts little.

Words that say what a text is about are masked (all but those that most authors use, by their endings); then runs of 3 to 5
characters are counted, as in the judges of arXiv 2509.24930. Two things must hold: the text is as near to the source as its
pages, left out in turn, are to the rest; and, where there are comparison texts in the language (books by 50 authors in the
public domain, `reference`), it speaks for this author more than for each of the others, as much as the author's own pages do.
Without those the first alone speaks, which tells less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from backend.writing_styles.words import TOKEN

BUCKETS = 4096
"""Runs of each length are counted in so many."""
PAGE = 300
"""Words of the pages a source is cut into; shorter texts are compared with shorter pages."""
SHORTEST = 60
"""Under so many words nothing is said."""
_ENOUGH, _PARTS = 150_000, 60
"""Characters of a source that are looked at (some 90 pages), in so many parts."""
_ORDERS = (3, 4, 5)
_PRIOR = 15_000.0
"""Runs of the comparison texts that a source is mixed with, so that what it happens not to have counts little."""
_REFERENCE = Path(__file__).with_name("reference_en.npz")
_LIKE = {"’": "'", "—": "--", "–": "--", "“": '"', "”": '"', "«": '"', "»": '"', "…": "."}
Vector = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """`little`: words that are not masked, those most of the authors use; `authors`: a row of frequencies each, those of each
    length of run summing to 1."""

    little: frozenset[str]
    authors: Vector
    common: Vector


@cache
def reference(language: str) -> Reference | None:
    """Of the languages there are comparison texts for: English."""
    if language != "en":
        return None
    with np.load(_REFERENCE, allow_pickle=False) as kept:
        little = frozenset(str(kept["little"]).split())
        authors = kept["authors"].astype(np.float64) / kept["scale"]
        return Reference(little, authors, authors.mean(axis=0) + 1e-7)


class Similarity:
    """What a source is like. Learning takes about 3 µs a word; keep it for as long as texts are compared with it."""

    def __init__(self, source: str, language: str) -> None:
        self._reference = reference(language)
        tokens = TOKEN.findall(_spread(source))
        self._little = self._reference.little if self._reference else commonest(tokens)
        self._pages = pages(tokens, PAGE)

    def score(self, text: str) -> float | None:
        """0.5: as near to the source as to others. None: too short, or too little source to compare with."""
        tokens = TOKEN.findall(text)
        n = _words(tokens)
        if n < SHORTEST or len(self._pages) < 4:
            return None
        size = min(PAGE, n)
        own = np.array([self._counted(page) for page in (self._pages if size == PAGE else self._cut(size))])
        return round(_scored(own, self._counted(tokens), self._reference), 3)

    def apart(self) -> float | None:
        """0..1: how often one of its own pages is told from one of the comparison texts. None without those."""
        if self._reference is None or len(self._pages) < 4:
            return None
        own = np.array([self._counted(page) for page in self._pages])
        like, unlike, spread = _ends(own, self._reference)
        return round(_normal((like - unlike) / (spread * math.sqrt(2))), 3)

    def _cut(self, size: int) -> list[list[str]]:
        """Pages shortened to `size` words: as many as before, so that it costs no more."""
        return [cut[0] for page in self._pages if (cut := pages(page, size))]

    def _counted(self, tokens: Sequence[str]) -> Vector:
        return counted(masked(tokens, self._little))


def _spread(source: str) -> str:
    """A long source is represented by parts from all over it: more would cost time and tell nothing new."""
    if len(source) <= _ENOUGH:
        return source
    step = len(source) / _PARTS
    return " ".join(source[int(n * step) : int(n * step) + _ENOUGH // _PARTS].partition(" ")[2] for n in range(_PARTS))


def pages(tokens: Sequence[str], size: int) -> list[list[str]]:
    """Pages of `size` words with their punctuation; a rest of less than half a page is left out, unless it is all."""
    made: list[list[str]] = [[]]
    n = 0
    for token in tokens:
        made[-1].append(token)
        n += token[0].isalpha()
        if n == size:
            made.append([])
            n = 0
    if len(made) > 1 and n < size / 2:
        made.pop()
    return made


def masked(tokens: Sequence[str], little: frozenset[str]) -> str:
    memo: dict[str, str] = {}
    for token in set(tokens):
        small = token.lower().replace("’", "'")
        memo[token] = (small if small in little else "*" + small[-2:]) if token[0].isalpha() else _LIKE.get(token, token)
    return " ".join([memo[token] for token in tokens])


def counted(text: str) -> Vector:
    """How often each run of 3, 4 and 5 bytes stands in it, in BUCKETS buckets each."""
    codes = np.frombuffer(text.encode(), np.uint8).astype(np.uint64)
    made = []
    runs = np.zeros(len(codes) + 1, np.uint64)
    for order in range(1, max(_ORDERS) + 1):
        runs = runs[:-1] * np.uint64(1_000_003) + codes[order - 1 :]
        if order not in _ORDERS:
            continue
        mixed = (runs ^ (runs >> np.uint64(17))) * np.uint64(0x9E3779B97F4A7C15)
        made.append(np.bincount((mixed >> np.uint64(52)).astype(np.int64), minlength=BUCKETS))
    return np.concatenate(made).astype(np.float64)


def commonest(tokens: Sequence[str], n: int = 120) -> frozenset[str]:
    """The author's own little words, for a language without comparison texts. Names are not among them."""
    small: dict[str, int] = {}
    large: dict[str, int] = {}
    for token in tokens:
        if token[0].isalpha():
            word = token.lower().replace("’", "'")
            small[word] = small.get(word, 0) + 1
            large[word] = large.get(word, 0) + token[0].isupper()
    ranked = sorted(small, key=small.__getitem__, reverse=True)
    return frozenset([word for word in ranked if large[word] < small[word] * 0.6 or len(word) == 1][:n])


def _words(tokens: Sequence[str]) -> int:
    return sum(token[0].isalpha() for token in tokens)


def _scored(own: Vector, text: Vector, known: Reference | None) -> float:
    """More like the author than like others, and as near to the author's pages as these are to each other: both must hold."""
    near = _by_nearness(own, text)
    if known is None:
        return near
    like, unlike, spread = _ends(own, known)
    total = own.sum(axis=0)
    share = _share(text)[None]
    value = _apart(share @ _weights(total, known), share @ _others(float(total.sum()), known).T)[0]
    told = 1 / (1 + math.exp(-(value - (like + unlike) / 2) * (like - unlike) / spread**2))
    return math.sqrt(told * near)


def _ends(own: Vector, known: Reference) -> tuple[float, float, float]:
    """What the author's pages and others' texts come to, and how much pages differ among themselves."""
    total = own.sum(axis=0)
    others = _others(float(total.sum()), known)
    own_words = np.array([_share(page) @ _weights(total - page, known) for page in own])
    left_out = _apart(own_words, np.array([_share(page) for page in own]) @ others.T)
    beside = known.authors @ others.T
    rest = beside[~np.eye(len(beside), dtype=bool)].reshape(len(beside), -1)  # each author's text beside the other authors
    unlike = _apart(known.authors @ _weights(total, known), rest)
    spread = max(float(np.std(left_out)), float(np.std(unlike)), 1e-6)
    return float(np.mean(left_out)), float(np.mean(unlike)), spread


def _apart(own: Vector, beside: Vector) -> Vector:
    """How much more texts speak for the author (`own`, one a text) than for the others (`beside`, a row a text), in standard
    deviations of what they say of those: a page that is unlike everybody's, or like everybody's, says little."""
    return np.asarray((own - beside.mean(axis=1)) / np.maximum(beside.std(axis=1), 1e-9))


def _weights(author: Vector, known: Reference) -> Vector:
    """Logarithm of how much more often the author has each run than others have."""
    common = known.common
    mixed = len(_ORDERS) * (author + _PRIOR / len(_ORDERS) * common) / (author.sum() + _PRIOR)
    return np.asarray(np.log(mixed / common))


@lru_cache(maxsize=4)
def _others(n: float, known: Reference) -> Vector:
    """The same of each comparison author, a row each, from as many runs drawn anew: known better than the author is, they would
    win or lose by that alone."""
    drawn = np.random.default_rng(0).poisson(known.authors * (n / len(_ORDERS)))
    return np.asarray(np.log((len(_ORDERS) * drawn / known.common + _PRIOR) / (n + _PRIOR)))


def _share(counts: Vector) -> Vector:
    return np.asarray(counts / max(1.0, counts.sum()) * len(_ORDERS))


def _by_nearness(own: Vector, text: Vector) -> float:
    roots = np.sqrt(own / np.maximum(1.0, own.sum(axis=1, keepdims=True)))
    total = roots.sum(axis=0)
    left_out = [_far(page, total - page) for page in roots]
    away = (_far(np.sqrt(_share(text)), total) - float(np.mean(left_out))) / max(float(np.std(left_out)), 1e-6)
    return 1 / (1 + math.exp(1.2 * (away - 2)))


def _far(one: Vector, other: Vector) -> float:
    return 1 - float(one @ other) / float(np.linalg.norm(one) * np.linalg.norm(other))


def _normal(value: float) -> float:
    return 0.5 * (1 + math.erf(value / math.sqrt(2)))
