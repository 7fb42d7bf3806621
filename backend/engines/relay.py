"""Passing an engine's events on, changed, so that closing and what is thrown in still reach the engine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from backend.engines.events import Event


def relayed(events: Generator[Event, None, None], each: Callable[[Event], Iterator[Event]]) -> Generator[Event, None, None]:
    """What `each` makes of every event. Engines tell by what is thrown whether their work is wanted any more."""
    try:
        for event in events:
            yield from each(event)
    except GeneratorExit:
        events.close()
        raise
    except BaseException as error:
        events.throw(error)
        raise
