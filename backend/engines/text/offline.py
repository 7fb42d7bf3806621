"""Writes without a model: captions and picture ideas put together from the persona, the topic and the language. Free."""

from __future__ import annotations

import json
import zlib
from collections.abc import Generator
from decimal import Decimal

from backend.engines.events import Alive, EngineStatus
from backend.engines.text.offline_words import LIGHTS, PLAYFUL, SHOTS, VOICES
from backend.engines.text.port import Brief, Quote, Reply, TextRequest, Words
from backend.errors import Unsupported

MAX_CAPTION = 150
"""Characters; a long topic costs the caption its last sentence, never the topic itself."""
MAKES = {"caption", "picture"}


class OfflineWriter:
    """Answers requests with a `brief` whose shape has the fields `caption` and `picture`."""

    name = "offline"
    paid = False

    def quote(self, request: TextRequest) -> Quote:
        return Quote((self.name,), Decimal(0))

    def run(self, request: TextRequest, quote: Quote) -> Generator[Alive | Words, None, Reply]:
        brief, shape = request.brief, request.answer
        if brief is None or shape is None or not set(shape.model_fields) <= MAKES:
            raise Unsupported("The offline writer makes captions and picture ideas only. Set OPENROUTER_API_KEY for more.")
        made = {"caption": caption(brief), "picture": picture(brief)}
        text = json.dumps({name: made[name] for name in shape.model_fields}, ensure_ascii=False)
        yield Words(text)
        return Reply(text, self.name)

    def cost_of(self, generation_id: str) -> Decimal | None:
        return None

    def status(self, device: str = "") -> EngineStatus:
        said = "no language model: captions are put together from the persona; set OPENROUTER_API_KEY for one"
        return EngineStatus(self.name, True, "", said)


def caption(brief: Brief) -> str:
    """At most MAX_CAPTION characters (unless the topic alone is longer). Raises Unsupported for other languages."""
    voice = VOICES.get(brief.language)
    if voice is None:
        raise Unsupported("The offline writer writes English and Italian. Set OPENROUTER_API_KEY for other languages.")
    at = _start(brief)
    openings = voice.playful if any(word.startswith(PLAYFUL) for word in brief.tone.lower().split()) else voice.openings
    others = [one for one in brief.topics if one.strip() and one.lower() != brief.topic.lower()]
    closings = voice.closings[: -len(voice.with_other)] + voice.with_other if others else voice.closings
    middle = _filled(voice.middles[at % len(voice.middles)], brief.topic.strip().rstrip(".!?"))
    closing = closings[at % len(closings)].format(other=others[at % len(others)] if others else "")
    whole = f"{openings[at % len(openings)]} {middle} {closing}"
    if len(whole) <= MAX_CAPTION:
        return whole
    shorter = f"{middle} {closing}"
    return shorter if len(shorter) <= MAX_CAPTION else middle


def picture(brief: Brief) -> str:
    """An image prompt of what the caption is about; the influencer's look and trigger word are added where it is drawn."""
    at = _start(brief)
    parts = [SHOTS[at % len(SHOTS)], brief.topic.strip().rstrip(".!?"), LIGHTS[at % len(LIGHTS)], "natural colours"]
    return ", ".join(part for part in parts if part)


def _start(brief: Brief) -> int:
    """Two influencers do not begin with the same lines."""
    return zlib.crc32(brief.name.encode()) % 1001 + brief.variant


def _filled(line: str, topic: str) -> str:
    said = line.replace("{topic}", topic)
    return said[:1].upper() + said[1:]
