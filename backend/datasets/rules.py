"""What makes a picture blurred or a look-alike, and a set ready to train on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from backend.datasets.schemas import Finding, Readiness, Stats

BLURRED_SURELY, BLURRED_AT_MOST, BLURRED_SHARE = 4.0, 150.0, 0.25
"""Of the 90th percentile of the tiles' sharpness. Sharp photographs have 1,000 to 10,000, visibly blurred ones below 200;
drawings have 10 to 60 when they are sharp. So a picture is called blurred when it is far less sharp than its set's median."""
MIN_IMAGES = 5
GOOD_IMAGES = 10
ONE_SIDED = 0.85
"""From this share on, a set is all faces (or busts, or bodies)."""


def blur_line(median: float | None) -> float:
    """Below this sharpness a picture of a set with this median is blurred."""
    return max(BLURRED_SURELY, min(BLURRED_AT_MOST, BLURRED_SHARE * (median or 0.0)))


def has_word(caption: str, word: str) -> bool:
    """`word` as a word of its own, whatever the case."""
    return bool(word) and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", caption, re.IGNORECASE) is not None


def judge(
    stats: Stats, *, trigger_word: str, rights: str, expired: bool = False, max_images: int = 0, side: int | None = None
) -> Readiness:
    """`expired`: the rights statement had an end, which is past. `max_images` 0: no limit.

    `side`: the side in px the model trains at; None: not chosen yet.
    """
    return Readiness(
        blockers=list(_blockers(stats, trigger_word, rights, expired, max_images)),
        warnings=[*_warnings(stats, trigger_word, side), *_measured(stats)],
        stats=stats,
    )


def status(state: Readiness) -> str:
    """Of a dataset that is not being trained on."""
    return "ready" if state.ready else "draft"


def _blockers(stats: Stats, trigger_word: str, rights: str, expired: bool, max_images: int) -> Iterable[Finding]:
    n = stats.included
    if not rights:
        yield Finding("no_rights", "Say whose pictures these are. Training starts only with that statement.")
    elif expired:
        yield Finding("rights_expired", "The agreement about these pictures has run out. Renew the statement, then train.")
    if n < MIN_IMAGES:
        missing = _n(MIN_IMAGES - n, "more picture")
        yield Finding("too_few", f"Add {missing}: training needs at least {MIN_IMAGES}, and {GOOD_IMAGES} to 30 work well.", n)
    if 0 < max_images < n:
        yield Finding("too_many", f"Leave out {_n(n - max_images, 'picture')}: a set may have at most {max_images:,}.", n)
    if not trigger_word:
        yield Finding("no_trigger_word", "Give the set a trigger word: the word that will call this person in prompts.")
    if n := stats.too_small:
        text = f"{_n(n, 'picture')} {_is(n)} far too small and would be enlarged more than four times. Leave {_it(n)} out."
        yield Finding("too_small", text, n)


def _warnings(stats: Stats, trigger_word: str, side: int | None) -> Iterable[Finding]:
    if MIN_IMAGES <= stats.included < GOOD_IMAGES:
        text = f"{stats.included} pictures are few: with {GOOD_IMAGES} or more, new scenes work better."
        yield Finding("few", text, stats.included)
    if n := stats.blurred:
        yield Finding("blurred", f"{_n(n, 'picture')} {_is(n)} blurred. Leave {_it(n)} out unless you like the look.", n)
    if n := stats.near_duplicates:
        text = f"{_n(n, 'picture')} {'looks' if n == 1 else 'look'} almost like another one. Keep the best of each group."
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


def _measured(stats: Stats) -> Iterable[Finding]:
    for code, said in (
        ("dark", "too dark"), ("bright", "too bright"), ("flat", "without contrast"), ("clipped", "burnt out or pitch black"),
    ):  # fmt: skip
        if n := getattr(stats, code):
            yield Finding(code, f"{_n(n, 'picture')} {_is(n)} {said}. Leave {_it(n)} out unless that is the look.", n)
    if n := stats.several_faces:
        text = f"{_n(n, 'picture')} {'shows' if n == 1 else 'show'} more than one face: the model may learn the wrong one."
        yield Finding("several_faces", text, n)
    known = stats.face + stats.bust + stats.body
    for code, said in (("face", "faces"), ("bust", "half-length pictures"), ("body", "full-length pictures")):
        if known >= GOOD_IMAGES and (n := getattr(stats, code)) > ONE_SIDED * known:
            yield Finding("framing", f"{n} of {known} are {said}. A mix of face, bust and body works in more scenes.", n)
    if n := stats.unmeasured:
        yield Finding("unmeasured", f"{_n(n, 'picture')} {_is(n)} not measured by this version yet. Check {_it(n)} again.", n)


def _n(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _it(n: int) -> str:
    return "it" if n == 1 else "them"
