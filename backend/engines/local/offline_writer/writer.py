"""Writes without a language model: texts composed from persona, topic and language. Free, and labelled as such."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from decimal import Decimal
from typing import Any

from backend.engines.local.offline_writer.captions import MAX_CAPTION, caption
from backend.engines.local.offline_writer.chat import chat_answer
from backend.engines.local.offline_writer.ideas import ideas
from backend.engines.local.offline_writer.picture_prompts import picture_prompt
from backend.engines.local.offline_writer.posts import alt_text, hashtags, hook, variants
from backend.engines.local.offline_writer.scenes import scenes
from backend.engines.local.offline_writer.style import write_in_style
from backend.engines.ports.events import Alive, EngineStatus
from backend.engines.ports.text import Brief, Quote, Reply, StyleBrief, TextChunk, TextRequest
from backend.errors import Unsupported
from backend.language import tr_lazy

__all__ = ["MAX_CAPTION", "OfflineWriter", "caption", "picture_prompt"]
_WRITERS: dict[str, Callable[[Brief], Any]] = {
    "caption": caption,
    "picture": picture_prompt,
    "hashtags": hashtags,
    "hook": hook,
    "alt_text": alt_text,
    "variants": variants,
    "ideas": ideas,
    "scenes": scenes,
}


class OfflineWriter:
    """Answers requests that have a `brief`: the fields of the shape say what to write; without a shape it is a chat."""

    name = "offline"
    paid = False

    def quote(self, request: TextRequest) -> Quote:
        return Quote((self.name,), Decimal(0))

    def run(self, request: TextRequest, quote: Quote) -> Generator[Alive | TextChunk, None, Reply]:
        for line in (text := _written(request)).splitlines(keepends=True):
            yield TextChunk(line)
        return Reply(text, self.name)

    def cost_of(self, generation_id: str) -> Decimal | None:
        return None

    def status(self, device: str = "") -> EngineStatus:
        detail = tr_lazy("No language model: captions are put together from the persona. Set OPENROUTER_API_KEY for one.")
        return EngineStatus(self.name, True, "", detail)


def _written(request: TextRequest) -> str:
    brief, shape = request.brief, request.answer
    if isinstance(brief, StyleBrief):
        return write_in_style(brief)
    if isinstance(brief, Brief) and shape is None and brief.said:
        return chat_answer(brief)
    if not isinstance(brief, Brief) or shape is None or not set(shape.model_fields) <= set(_WRITERS):
        raise Unsupported(
            tr_lazy("The offline writer makes texts for posts, ideas and short answers only. Set OPENROUTER_API_KEY.")
        )
    return json.dumps({name: _WRITERS[name](brief) for name in shape.model_fields}, ensure_ascii=False)
