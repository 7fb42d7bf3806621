"""When a picture counts as blurred, and when a dataset is ready to train on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from backend.datasets.schemas import Finding, Readiness, Stats
from backend.language import tr_lazy, tr_lazy_plural

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
        yield Finding("no_rights", tr_lazy("Say whose pictures these are. Training starts only with that statement."))
    elif expired:
        text = tr_lazy("The agreement about these pictures has run out. Renew the statement, then train.")
        yield Finding("rights_expired", text)
    if n < MIN_IMAGES:
        text = tr_lazy_plural(
            "Add {n:,} more picture: training needs at least {least}, and {good} to 30 work well.",
            "Add {n:,} more pictures: training needs at least {least}, and {good} to 30 work well.",
            MIN_IMAGES - n,
            least=MIN_IMAGES,
            good=GOOD_IMAGES,
        )
        yield Finding("too_few", text, n)
    if 0 < max_images < n:
        text = tr_lazy_plural(
            "Leave out {n:,} picture: a dataset may have at most {most:,}.",
            "Leave out {n:,} pictures: a dataset may have at most {most:,}.",
            n - max_images,
            most=max_images,
        )
        yield Finding("too_many", text, n)
    if not trigger_word:
        text = tr_lazy("Give the dataset a trigger word: the word that stands for this person in prompts.")
        yield Finding("no_trigger_word", text)
    if n := stats.too_small:
        text = tr_lazy_plural(
            "{n:,} picture is far too small and would be enlarged more than four times. Leave it out.",
            "{n:,} pictures are far too small and would be enlarged more than four times. Leave them out.",
            n,
        )
        yield Finding("too_small", text, n)


def _warnings(stats: Stats, trigger_word: str, side: int | None) -> Iterable[Finding]:
    if MIN_IMAGES <= stats.included < GOOD_IMAGES:
        text = tr_lazy("{n} pictures are few: with {good} or more, new scenes work better.", n=stats.included, good=GOOD_IMAGES)
        yield Finding("few", text, stats.included)
    if n := stats.blurred:
        text = tr_lazy_plural(
            "{n:,} picture is blurred. Leave it out unless you like the look.",
            "{n:,} pictures are blurred. Leave them out unless you like the look.",
            n,
        )
        yield Finding("blurred", text, n)
    if n := stats.near_duplicates:
        text = tr_lazy_plural(
            "{n:,} picture looks almost like another one. Keep the best of each group.",
            "{n:,} pictures look almost like another one. Keep the best of each group.",
            n,
        )
        yield Finding("near_duplicates", text, n)
    if n := stats.uncaptioned:
        text = tr_lazy_plural(
            "{n:,} picture has no caption and will be learned as “{trigger_word}” alone.",
            "{n:,} pictures have no caption and will be learned as “{trigger_word}” alone.",
            n,
            trigger_word=trigger_word or "…",
        )
        yield Finding("uncaptioned", text, n)
    if trigger_word and (n := stats.without_trigger):
        text = tr_lazy_plural(
            "{n:,} caption without the trigger word “{trigger_word}”; it is put in front when training starts.",
            "{n:,} captions without the trigger word “{trigger_word}”; it is put in front when training starts.",
            n,
            trigger_word=trigger_word,
        )
        yield Finding("without_trigger", text, n)
    if side and (n := stats.low_resolution):
        text = tr_lazy_plural(
            "{n:,} picture is smaller than the {side} px this model trains at, and will be enlarged.",
            "{n:,} pictures are smaller than the {side} px this model trains at, and will be enlarged.",
            n,
            side=side,
        )
        yield Finding("low_resolution", text, n)


def _measure_warnings(stats: Stats) -> Iterable[Finding]:
    if n := stats.dark:
        text = tr_lazy_plural(
            "{n:,} picture is too dark. Leave it out unless that is the look.",
            "{n:,} pictures are too dark. Leave them out unless that is the look.",
            n,
        )
        yield Finding("dark", text, n)
    if n := stats.bright:
        text = tr_lazy_plural(
            "{n:,} picture is too bright. Leave it out unless that is the look.",
            "{n:,} pictures are too bright. Leave them out unless that is the look.",
            n,
        )
        yield Finding("bright", text, n)
    if n := stats.flat:
        text = tr_lazy_plural(
            "{n:,} picture is without contrast. Leave it out unless that is the look.",
            "{n:,} pictures are without contrast. Leave them out unless that is the look.",
            n,
        )
        yield Finding("flat", text, n)
    if n := stats.clipped:
        text = tr_lazy_plural(
            "{n:,} picture is overexposed or pitch black. Leave it out unless that is the look.",
            "{n:,} pictures are overexposed or pitch black. Leave them out unless that is the look.",
            n,
        )
        yield Finding("clipped", text, n)
    if n := stats.several_faces:
        text = tr_lazy_plural(
            "{n:,} picture shows more than one face: the model may learn the wrong one.",
            "{n:,} pictures show more than one face: the model may learn the wrong one.",
            n,
        )
        yield Finding("several_faces", text, n)
    yield from _framing_warnings(stats)
    if n := stats.unmeasured:
        text = tr_lazy_plural(
            "{n:,} picture is not measured by this version yet. Check it again.",
            "{n:,} pictures are not measured by this version yet. Check them again.",
            n,
        )
        yield Finding("unmeasured", text, n)


def _framing_warnings(stats: Stats) -> Iterable[Finding]:
    framed = stats.face + stats.bust + stats.body
    if framed < GOOD_IMAGES:
        return
    most = ONE_SIDED_SHARE * framed
    if (n := stats.face) > most:
        text = tr_lazy("{n} of {total} are faces. A mix of face, bust and body works in more scenes.", n=n, total=framed)
        yield Finding("framing", text, n)
    if (n := stats.bust) > most:
        text = tr_lazy(
            "{n} of {total} are half-length pictures. A mix of face, bust and body works in more scenes.", n=n, total=framed
        )
        yield Finding("framing", text, n)
    if (n := stats.body) > most:
        text = tr_lazy(
            "{n} of {total} are full-length pictures. A mix of face, bust and body works in more scenes.", n=n, total=framed
        )
        yield Finding("framing", text, n)
