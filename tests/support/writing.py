"""Running a text engine to its end."""

from __future__ import annotations

from backend.engines.ports.text import Reply, TextChunk, TextEngine, TextRequest


def run_to_end(engine: TextEngine, request: TextRequest, *, pieces: list[str] | None = None) -> Reply:
    """Runs the engine and returns the whole reply; `pieces` collects the streamed pieces."""
    answer = engine.run(request, engine.quote(request))
    try:
        while True:
            event = next(answer)
            if isinstance(event, TextChunk) and pieces is not None:
                pieces.append(event.text)
    except StopIteration as end:
        reply: Reply = end.value
        return reply
