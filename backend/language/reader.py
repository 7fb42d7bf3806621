"""For whom sentences are worded now: the language and habits of the person who reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reader:
    """`language`: a key of LANGUAGES. `zone`: IANA name, "" where it is not known. `date_style`: dmy, mdy, iso, "": as the
    language writes them. `hours`: 12 or 24, 0: 24. `first_weekday`: 0 is Monday, None: Monday. `currency`: ISO code
    that costs are shown in, at `rate` for a US dollar; "": dollars."""

    language: str = "en"
    zone: str = ""
    date_style: str = ""
    hours: int = 0
    first_weekday: int | None = None
    currency: str = ""
    rate: float = 1.0


ENGLISH = Reader()
_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)
_resolvers: list[Callable[[], Reader | None]] = []


def reader() -> Reader:
    """Who reads: of `reading`, else whom a resolver knows, else somebody English."""
    if (current := _reader.get()) is not None:
        return current
    for resolve in _resolvers:
        if (current := resolve()) is not None:
            return current
    return ENGLISH


@contextmanager
def reading(person: Reader) -> Iterator[None]:
    """Words are for `person` inside, in this thread or task."""
    token = _reader.set(person)
    try:
        yield
    finally:
        _reader.reset(token)


def set_resolver(resolve: Callable[[], Reader | None]) -> None:
    """Asked outside of `reading`; Streamlit runs scripts, callbacks and fragments in threads of their own."""
    _resolvers[:] = [resolve]
