"""Captions without a model: an opening, a middle with the topic, a closing, each list as long as no other. Pure."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

from backend.engines.text.offline_words import DRIVEN, PLAYFUL, VOICES, Voice
from backend.engines.text.port import Brief
from backend.errors import Unsupported

MAX_CAPTION = 150
"""Characters; a long topic costs the caption its last sentence, never the topic itself."""


def caption(brief: Brief) -> str:
    """At most `brief.most` characters (unless the topic alone is longer). Raises Unsupported for other languages."""
    voice = voice_of(brief)
    at = start(brief)
    others = [one for one in brief.topics if one.strip() and one.lower() != brief.topic.lower()]
    closings = voice.closings[: -len(voice.with_other)] + voice.with_other if others else voice.closings
    middle = filled(pick(voice.middles, at, brief.avoid), topic_of(brief))
    if brief.call_to_action:
        closing = f"{brief.call_to_action.rstrip('.!')}."
    else:
        closing = pick(voice.asks.get(brief.goal, closings), at, brief.avoid).format(
            other=others[at % len(others)] if others else ""
        )
    opening = pick(_openings(brief, voice), at, brief.avoid)
    extra = _of_the_sponsor(brief, voice)
    needed = " ".join((middle, *extra))
    if extra and extra[-1] in brief.must_say and brief.call_to_action:
        closing = f"– {closing}"  # a full stop would become part of an @name
    for whole in (f"{opening} {needed} {closing}", f"{needed} {closing}", needed):
        if len(whole) <= brief.most:
            return filled(whole, "")
    return middle if not brief.must_say else filled(" ".join((topic_of(brief), *brief.must_say)), "")


def _of_the_sponsor(brief: Brief, voice: Voice) -> list[str]:
    """Who pays, and the words that have to be said and are not yet."""
    sponsor = brief.sponsor.partition(",")[0].strip().rstrip(".")
    thanks = [voice.paid.format(sponsor=sponsor)] if sponsor else []
    said = " ".join((brief.topic, brief.call_to_action, *thanks)).casefold()
    return [*thanks, *(words for words in brief.must_say if words.casefold() not in said)]


def _openings(brief: Brief, voice: Voice) -> tuple[str, ...]:
    manner = brief.tone.lower().split()
    if any(word.startswith(PLAYFUL) for word in manner):
        return voice.playful
    return voice.driven if any(word.startswith(DRIVEN) for word in manner) else voice.openings


def voice_of(brief: Brief) -> Voice:
    voice = VOICES.get(brief.language)
    if voice is None:
        raise Unsupported("The offline writer writes English and Italian. Set OPENROUTER_API_KEY for other languages.")
    return voice


def start(brief: Brief) -> int:
    """Two influencers do not begin with the same lines."""
    return zlib.crc32(brief.name.encode()) % 1001 + brief.variant


def pick(lines: Sequence[str], at: int, avoid: Sequence[str]) -> str:
    """The line at this place, or the next one without the words to avoid (the line itself when all have them)."""
    turned = [lines[(at + n) % len(lines)] for n in range(len(lines))]
    return next((line for line in turned if not says(line, avoid)), turned[0])


def says(text: str, words: Sequence[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(word.lower())}(?!\w)", text.lower()) for word in words if word.strip())


def topic_of(brief: Brief) -> str:
    return brief.topic.strip().rstrip(".!?")


def filled(line: str, topic: str) -> str:
    said = line.replace("{topic}", topic)
    return said[:1].upper() + said[1:]
