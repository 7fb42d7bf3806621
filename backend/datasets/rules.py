"""When a picture counts as blurred, and when a dataset is ready to train on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from backend.datasets.schemas import Finding, Readiness, Stats

MIN_BLUR_THRESHOLD, MAX_BLUR_THRESHOLD, BLUR_SHARE_OF_MEDIAN = 4.0, 150.0, 0.25
"""In units of `Measures.sharpness`. Sharp photographs have 1,000 to 10,000, visibly blurred ones less than 200, but sharp
drawings only 10 to 60. So a picture counts as blurred when it is far less sharp than the median of its dataset."""
MIN_IMAGES = 5
GOOD_IMAGES = 10
ONE_SIDED_SHARE = 0.85
"""From this share on, a dataset counts as all faces (or busts, or bodies)."""


def blur_threshold(median: float | None) -> float:
    """The sharpness below which a picture is blurred, in a dataset with this median sharpness (None: not measured)."""
    return max(MIN_BLUR_THRESHOLD, min(MAX_BLUR_THRESHOLD, BLUR_SHARE_OF_MEDIAN * (median or 0.0)))


def has_word(caption: str, word: str) -> bool:
    """Whether `word` occurs as a whole word, whatever its case."""
    return bool(word) and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", caption, re.IGNORECASE) is not None


def assess_readiness(
    stats: Stats, *, trigger_word: str, rights: str, expired: bool = False, max_images: int = 0, side: int | None = None
) -> Readiness:
    """`expired`: the rights statement has ended. `max_images` 0: no limit. `side`: px the model trains at; None: not chosen."""
    return Readiness(
        blockers=list(_blockers(stats, trigger_word, rights, expired, max_images)),
        warnings=[*_warnings(stats, trigger_word, side), *_measure_warnings(stats)],
        stats=stats,
    )


def dataset_status(state: Readiness) -> str:
    """`ready` or `draft`, of a dataset that is not being trained on."""
    return "ready" if state.ready else "draft"


def _blockers(stats: Stats, trigger_word: str, rights: str, expired: bool, max_images: int) -> Iterable[Finding]:
    n = stats.included
    if not rights:
        yield Finding("no_rights", "Say whose pictures these are. Training starts only with that statement.")
    elif expired:
        yield Finding("rights_expired", "The agreement about these pictures has run out. Renew the statement, then train.")
    if n < MIN_IMAGES:
        missing = _with_noun(MIN_IMAGES - n, "more picture")
        yield Finding("too_few", f"Add {missing}: training needs at least {MIN_IMAGES}, and {GOOD_IMAGES} to 30 work well.", n)
    if 0 < max_images < n:
        yield Finding(
            "too_many", f"Leave out {_with_noun(n - max_images, 'picture')}: a set may have at most {max_images:,}.", n
        )
    if not trigger_word:
        yield Finding("no_trigger_word", "Give the set a trigger word: the word that will call this person in prompts.")
    if n := stats.too_small:
        problem = f"{_with_noun(n, 'picture')} {_is_or_are(n)} far too small and would be enlarged more than four times."
        text = f"{problem} Leave {_it_or_them(n)} out."
        yield Finding("too_small", text, n)


def _warnings(stats: Stats, trigger_word: str, side: int | None) -> Iterable[Finding]:
    if MIN_IMAGES <= stats.included < GOOD_IMAGES:
        text = f"{stats.included} pictures are few: with {GOOD_IMAGES} or more, new scenes work better."
        yield Finding("few", text, stats.included)
    if n := stats.blurred:
        yield Finding(
            "blurred",
            f"{_with_noun(n, 'picture')} {_is_or_are(n)} blurred. Leave {_it_or_them(n)} out unless you like the look.",
            n,
        )
    if n := stats.near_duplicates:
        text = (
            f"{_with_noun(n, 'picture')} {'looks' if n == 1 else 'look'} almost like another one. Keep the best of each group."
        )
        yield Finding("near_duplicates", text, n)
    if n := stats.uncaptioned:
        problem = f"{_with_noun(n, 'picture')} {'has' if n == 1 else 'have'} no caption"
        text = f"{problem} and will be learned as “{trigger_word or '…'}” alone."
        yield Finding("uncaptioned", text, n)
    if trigger_word and (n := stats.without_trigger):
        text = f"{_with_noun(n, 'caption')} without the trigger word “{trigger_word}”; it is put in front when training starts."
        yield Finding("without_trigger", text, n)
    if side and (n := stats.low_resolution):
        text = (
            f"{_with_noun(n, 'picture')} {_is_or_are(n)} smaller than the {side} px this model trains at, and will be enlarged."
        )
        yield Finding("low_resolution", text, n)


def _measure_warnings(stats: Stats) -> Iterable[Finding]:
    for code, description in (
        ("dark", "too dark"),
        ("bright", "too bright"),
        ("flat", "without contrast"),
        ("clipped", "burnt out or pitch black"),
    ):
        if n := getattr(stats, code):
            yield Finding(
                code,
                f"{_with_noun(n, 'picture')} {_is_or_are(n)} {description}. "
                f"Leave {_it_or_them(n)} out unless that is the look.",
                n,
            )
    if n := stats.several_faces:
        text = (
            f"{_with_noun(n, 'picture')} {'shows' if n == 1 else 'show'} more than one face: the model may learn the wrong one."
        )
        yield Finding("several_faces", text, n)
    framed = stats.face + stats.bust + stats.body
    for code, description in (("face", "faces"), ("bust", "half-length pictures"), ("body", "full-length pictures")):
        if framed >= GOOD_IMAGES and (n := getattr(stats, code)) > ONE_SIDED_SHARE * framed:
            yield Finding(
                "framing", f"{n} of {framed} are {description}. A mix of face, bust and body works in more scenes.", n
            )
    if n := stats.unmeasured:
        yield Finding(
            "unmeasured",
            f"{_with_noun(n, 'picture')} {_is_or_are(n)} not measured by this version yet. Check {_it_or_them(n)} again.",
            n,
        )


def _with_noun(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _is_or_are(n: int) -> str:
    return "is" if n == 1 else "are"


def _it_or_them(n: int) -> str:
    return "it" if n == 1 else "them"
