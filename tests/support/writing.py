"""Running a text engine to its end."""

from __future__ import annotations

from backend.engines.text.port import Reply, TextChunk, TextEngine, TextRequest


def written(engine: TextEngine, request: TextRequest, *, pieces: list[str] | None = None) -> Reply:
    """The whole reply; `pieces` is given what came on the way."""
    answer = engine.run(request, engine.quote(request))
    try:
        while True:
            event = next(answer)
            if isinstance(event, TextChunk) and pieces is not None:
                pieces.append(event.text)
    except StopIteration as end:
        reply: Reply = end.value
        return reply
