"""What makes a picture blurred or a look-alike, and a set ready to train on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from backend.datasets.schemas import Finding, Readiness, Stats

BLURRED_SURELY, BLURRED_AT_MOST, BLURRED_SHARE = 3.0, 60.0, 0.35
"""Of the variance of the Laplacian at 512 px. Sharp photographs have some hundreds, blurred ones a few tens; drawings have
5 to 20 when they are sharp. So a picture is called blurred when it is far less sharp than the median of its set."""
NEAR_BITS = 6
"""Two 64-bit difference hashes at most this far apart look the same to a person."""
MIN_IMAGES = 5
GOOD_IMAGES = 10


def blur_line(median: float | None) -> float:
    """Below this sharpness a picture of a set with this median is blurred."""
    return max(BLURRED_SURELY, min(BLURRED_AT_MOST, BLURRED_SHARE * (median or 0.0)))


def nearest(dhash: str, others: Iterable[tuple[str, int]]) -> tuple[str, int] | None:
    """(id, differing bits) of the look-alike closest to `dhash` (16 hex digits), or None. `others`: (id, hash as a number)."""
    mine, best = int(dhash, 16), (NEAR_BITS + 1, "")
    for other_id, other in others:
        if (bits := (mine ^ other).bit_count()) < best[0]:
            best = (bits, other_id)
            if not bits:
                break
    return (best[1], best[0]) if best[1] else None


def has_word(caption: str, word: str) -> bool:
    """`word` as a word of its own, whatever the case."""
    return bool(word) and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", caption, re.IGNORECASE) is not None


def judge(stats: Stats, *, trigger_word: str, rights: str, max_images: int = 0, side: int | None = None) -> Readiness:
    """`max_images` 0: no limit. `side`: the side in px the model trains at; None: not chosen yet."""
    return Readiness(
        blockers=list(_blockers(stats, trigger_word, rights, max_images)),
        warnings=list(_warnings(stats, trigger_word, side)),
        stats=stats,
    )


def status(state: Readiness) -> str:
    """Of a dataset that is not being trained on."""
    return "ready" if state.ready else "draft"


def _blockers(stats: Stats, trigger_word: str, rights: str, max_images: int) -> Iterable[Finding]:
    n = stats.included
    if not rights:
        yield Finding("no_rights", "Say whose pictures these are. Training starts only with that statement.")
    if n < MIN_IMAGES:
        missing = _n(MIN_IMAGES - n, "more picture")
        yield Finding("too_few", f"Add {missing}: training needs at least {MIN_IMAGES}, and {GOOD_IMAGES} to 30 work well.", n)
    if 0 < max_images < n:
        yield Finding("too_many", f"Leave out {_n(n - max_images, 'picture')}: a set may have at most {max_images:,}.", n)
    if not trigger_word:
        yield Finding("no_trigger_word", "Give the set a trigger word: the word that will call this person in prompts.")


def _warnings(stats: Stats, trigger_word: str, side: int | None) -> Iterable[Finding]:
    if MIN_IMAGES <= stats.included < GOOD_IMAGES:
        text = f"{stats.included} pictures are few: with {GOOD_IMAGES} or more, new scenes work better."
        yield Finding("few", text, stats.included)
    if n := stats.blurred:
        yield Finding("blurred", f"{_n(n, 'picture')} {_is(n)} blurred. Leave {_it(n)} out unless you like the look.", n)
    if n := stats.near_duplicates:
        text = f"{_n(n, 'picture')} {'looks' if n == 1 else 'look'} almost like another one. Different pictures teach more."
        yield Finding("near_duplicates", text, n)
    if n := stats.uncaptioned:
        text = (
            f"{_n(n, 'picture')} {'has' if n == 1 else 'have'} no caption and will be learned as “{trigger_word or '…'}” alone."
        )
        yield Finding("uncaptioned", text, n)
    if trigger_word and (n := stats.without_trigger):
        text = f"{_n(n, 'caption')} without the trigger word “{trigger_word}”; it is put in front when training starts."
        yield Finding("without_trigger", text, n)
    if side and (n := stats.low_resolution):
        text = f"{_n(n, 'picture')} {_is(n)} smaller than the {side} px this model trains at, and will be enlarged."
        yield Finding("low_resolution", text, n)


def _n(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _it(n: int) -> str:
    return "it" if n == 1 else "them"
