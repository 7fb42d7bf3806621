"""Forwards an engine's events, transformed; closing and thrown exceptions still reach the engine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from backend.engines.events import Event


def forward_events(
    events: Generator[Event, None, None], transform: Callable[[Event], Iterator[Event]]
) -> Generator[Event, None, None]:
    """Yields what `transform` makes of every event.

    Exceptions are thrown into `events`, because an engine decides by them whether to cancel its work (a closed generator) or to
    leave it to the next attempt (LeaseLost, ShuttingDown).
    """
    try:
        for event in events:
            yield from transform(event)
    except GeneratorExit:
        events.close()
        raise
    except BaseException as error:
        events.throw(error)
        raise
