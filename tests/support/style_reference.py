"""Makes backend/writing_styles/reference_en.npz of texts named Author_Book.txt.

`python -m tests.support.style_reference FOLDER`.

Only how often each run of characters stands in them is kept, and no text.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backend.writing_styles.similarity import _REFERENCE, count_ngrams, mask_topic_words
from backend.writing_styles.words import TOKEN

LITTLE = 150
_SKIPPED_TOKENS, _MAX_CHARACTERS, _MAX_TOKENS = 2500, 450_000, 90_000
"""Tokens left out at the beginning of a book (title pages, contents); characters looked at of it; tokens taken of an author."""


def books(folder: Path) -> dict[str, list[str]]:
    """Tokens by author, the same number of each of their books."""
    texts_by_author: defaultdict[str, list[list[str]]] = defaultdict(list)
    for path in sorted(folder.glob("*_*.txt")):
        texts_by_author[path.stem.partition("_")[0]].append(
            TOKEN.findall(path.read_text("utf-8", "replace")[:_MAX_CHARACTERS])[_SKIPPED_TOKENS:]
        )
    return {
        name: [token for text in texts for token in text[: _MAX_TOKENS // len(texts)]]
        for name, texts in texts_by_author.items()
    }


def reference_arrays(little: frozenset[str], rates: Sequence[Any]) -> dict[str, Any]:
    """The arrays that `similarity.comparison_texts` reads. `rates`: a row an author; those of each length of run sum to 1."""
    rows = np.array(rates)
    scale = 65535 / rows.max()
    return {
        "little": np.array(" ".join(sorted(little))),
        "authors": np.round(rows * scale).astype(np.uint16),
        "scale": np.array(scale),
    }


def rates(tokens: Sequence[str], little: frozenset[str]) -> Any:
    counts = count_ngrams(mask_topic_words(tokens, little))
    return counts / counts.sum() * 3


def most_common_words(authors: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Words that most authors use; each author counts once. No names."""
    counts: Counter[str] = Counter()
    capitalized: Counter[str] = Counter()
    for tokens in authors.values():
        words = [token.replace("’", "'") for token in tokens if token[0].isalpha()]
        for word, n in Counter(word.lower() for word in words).items():
            counts[word] += n / len(words)
        for word, n in Counter(word.lower() for word in words if word[0].isupper()).items():
            capitalized[word] += n / len(words)
    ranked = [word for word, rate in counts.most_common(500) if capitalized[word] < rate * 0.6 or word == "i"]
    return frozenset(ranked[:LITTLE])


def main(arguments: Sequence[str]) -> None:
    authors = books(Path(arguments[0]))
    little = most_common_words(authors)
    np.savez_compressed(_REFERENCE, **reference_arrays(little, [rates(tokens, little) for tokens in authors.values()]))
    print(f"{len(authors)} authors: {', '.join(authors)}; {_REFERENCE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
