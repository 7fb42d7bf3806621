"""Writes without a model: texts put together from the persona, the topic and the language. Free, and said to be no model."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from decimal import Decimal
from typing import Any

from backend.engines.events import Alive, EngineStatus
from backend.engines.text.offline_caption import MAX_CAPTION, caption
from backend.engines.text.offline_ideas import ideas
from backend.engines.text.offline_pictures import picture
from backend.engines.text.offline_post import alt_text, hashtags, hook, variants
from backend.engines.text.offline_style import write
from backend.engines.text.offline_talk import answer
from backend.engines.text.port import Brief, Quote, Reply, StyleBrief, TextRequest, Words
from backend.errors import Unsupported

__all__ = ["MAX_CAPTION", "OfflineWriter", "caption", "picture"]
_MAKES: dict[str, Callable[[Brief], Any]] = {
    "caption": caption, "picture": picture, "hashtags": hashtags, "hook": hook, "alt_text": alt_text, "variants": variants,
    "ideas": ideas,
}  # fmt: skip


class OfflineWriter:
    """Answers requests with a `brief`: the fields of the shape say what is made; without a shape it is a talk."""

    name = "offline"
    paid = False

    def quote(self, request: TextRequest) -> Quote:
        return Quote((self.name,), Decimal(0))

    def run(self, request: TextRequest, quote: Quote) -> Generator[Alive | Words, None, Reply]:
        for piece in (text := _made(request)).splitlines(keepends=True):
            yield Words(piece)
        return Reply(text, self.name)

    def cost_of(self, generation_id: str) -> Decimal | None:
        return None

    def status(self, device: str = "") -> EngineStatus:
        said = "no language model: captions are put together from the persona; set OPENROUTER_API_KEY for one"
        return EngineStatus(self.name, True, "", said)


def _made(request: TextRequest) -> str:
    brief, shape = request.brief, request.answer
    if isinstance(brief, StyleBrief):
        return write(brief)
    if isinstance(brief, Brief) and shape is None and brief.said:
        return answer(brief)
    if not isinstance(brief, Brief) or shape is None or not set(shape.model_fields) <= set(_MAKES):
        raise Unsupported("The offline writer makes texts for posts, ideas and short answers only. Set OPENROUTER_API_KEY.")
    return json.dumps({name: _MAKES[name](brief) for name in shape.model_fields}, ensure_ascii=False)
