"""Captions without a model: an opening, a middle with the topic, a closing.

The three lists have coprime lengths, so that combinations repeat late. Pure.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

from backend.engines.local.offline_writer.words import CAPTION_LINES, DRIVEN, PLAYFUL, CaptionLines
from backend.engines.ports.text import Brief
from backend.errors import Unsupported
from backend.language import tr_lazy

MAX_CAPTION = 150
"""Characters. A long topic shortens the caption by its last sentence, never the topic itself."""


def caption(brief: Brief) -> str:
    """At most `brief.most` characters (unless the topic alone is longer). Raises Unsupported for other languages."""
    voice = lines_for(brief)
    position = rotation_start(brief)
    others = [topic for topic in brief.topics if topic.strip() and topic.lower() != brief.topic.lower()]
    closings = voice.closings[: -len(voice.with_other)] + voice.with_other if others else voice.closings
    middle = fill_topic(pick_line(voice.middles, position, brief.avoid), plain_topic(brief))
    if brief.call_to_action:
        closing = f"{brief.call_to_action.rstrip('.!')}."
    else:
        closing = pick_line(voice.asks.get(brief.goal, closings), position, brief.avoid).format(
            other=others[position % len(others)] if others else ""
        )
    opening = pick_line(_openings(brief, voice), position, brief.avoid)
    sponsor_lines = _sponsor_lines(brief, voice)
    needed = " ".join((middle, *sponsor_lines))
    if sponsor_lines and sponsor_lines[-1] in brief.must_say and brief.call_to_action:
        closing = f"– {closing}"  # a full stop would become part of an @name
    for text in (f"{opening} {needed} {closing}", f"{needed} {closing}", needed):
        if len(text) <= brief.most:
            return fill_topic(text, "")
    return middle if not brief.must_say else fill_topic(" ".join((plain_topic(brief), *brief.must_say)), "")


def _sponsor_lines(brief: Brief, voice: CaptionLines) -> list[str]:
    """The sponsor line, and the required words that do not occur yet."""
    sponsor = brief.sponsor.partition(",")[0].strip().rstrip(".")
    thanks = [voice.paid.format(sponsor=sponsor)] if sponsor else []
    present = " ".join((brief.topic, brief.call_to_action, *thanks)).casefold()
    return [*thanks, *(words for words in brief.must_say if words.casefold() not in present)]


def _openings(brief: Brief, voice: CaptionLines) -> tuple[str, ...]:
    manner = brief.tone.lower().split()
    if any(word.startswith(PLAYFUL) for word in manner):
        return voice.playful
    return voice.driven if any(word.startswith(DRIVEN) for word in manner) else voice.openings


def lines_for(brief: Brief) -> CaptionLines:
    voice = CAPTION_LINES.get(brief.language)
    if voice is None:
        raise Unsupported(tr_lazy("The offline writer writes English and Italian. Set OPENROUTER_API_KEY for other languages."))
    return voice


def rotation_start(brief: Brief) -> int:
    """Where the rotation of lines begins: differs per influencer, and counts up with `variant`."""
    return zlib.crc32(brief.name.encode()) % 1001 + brief.variant


def pick_line(lines: Sequence[str], position: int, avoid: Sequence[str]) -> str:
    """The line at `position`, or the next one without words to avoid; the line itself when all have some."""
    rotated = [lines[(position + n) % len(lines)] for n in range(len(lines))]
    return next((line for line in rotated if not contains_any(line, avoid)), rotated[0])


def contains_any(text: str, words: Sequence[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(word.lower())}(?!\w)", text.lower()) for word in words if word.strip())


def plain_topic(brief: Brief) -> str:
    return brief.topic.strip().rstrip(".!?")


def fill_topic(line: str, topic: str) -> str:
    text = line.replace("{topic}", topic)
    return text[:1].upper() + text[1:]
