"""Timed words of a text: from SRT, or spread over a film by the length of words where nobody speaks them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend.errors import Invalid
from backend.language import tr_lazy
from backend.media.ffmpeg.subtitles import TimedWord

_TIMES = re.compile(r"(\d+):(\d\d):(\d\d)[,.](\d{1,3})\s*-->\s*(\d+):(\d\d):(\d\d)[,.](\d{1,3})")
_MARKUP = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_LEAD_S = 0.15
"""Nothing is shown during the first and last moment of a film."""


def words_of(text: str, *, seconds: float) -> list[TimedWord]:
    """The words of `text` with their times in a film of `seconds`: by its own times if it is SRT, else spread evenly.

    Words that would begin after the end are left out. Raises Invalid for SRT whose times run backwards.
    """
    if "-->" in text:
        return _words_of_srt(text, seconds)
    lead = min(_LEAD_S, seconds / 4)
    return _spread(text.split(), lead, seconds - lead)


def _words_of_srt(text: str, seconds: float) -> list[TimedWord]:
    matches = list(_TIMES.finditer(text))
    if not matches:
        raise Invalid(tr_lazy("These subtitles have no times that can be read. Write them as 00:00:01,000 --> 00:00:02,500."))
    words: list[TimedWord] = []
    for n, match in enumerate(matches):
        begin = _seconds(match.groups()[:4])
        end = min(_seconds(match.groups()[4:]), seconds)
        following = matches[n + 1].start() if n + 1 < len(matches) else len(text)
        lines = _MARKUP.sub("", text[match.end() : following]).splitlines()
        if n + 1 < len(matches):
            # the number of the next block stands in a line of its own
            while lines and (not lines[-1].strip() or lines[-1].strip() == str(n + 2)):
                lines.pop()
        if begin < (words[-1].end_s if words else 0.0) - 0.001:
            raise Invalid(tr_lazy("Subtitle {n} begins before the one ahead of it ends. Correct its times.", n=n + 1))
        if begin < end:
            words += _spread(" ".join(lines).split(), begin, end)
    return words


def _spread(words: Sequence[str], begin: float, end: float) -> list[TimedWord]:
    """The words one after another, each as long as its share of the letters."""
    total = sum(len(word) + 1 for word in words)
    timed, at_s = list[TimedWord](), begin
    for word in words:
        until = at_s + (end - begin) * (len(word) + 1) / total
        timed.append(TimedWord(word, at_s, until))
        at_s = until
    return timed


def _seconds(parts: Sequence[str]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000
