"""A pipeline that dies at every moment at which something has just become durable, and goes on each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.context import next_attempt
from workers.context import Context

_DURABLE = ("put_file", "put_stream", "delete")


class Died(BaseException):
    """What SIGKILL is to a process: nothing of the attempt is written any more."""


def dying_everywhere(begin: Callable[[], Context], run: Callable[[Context], object], check: Callable[[Context], None]) -> int:
    """Attempts that die after the 1st, 2nd … commit or write to the storage, each of a job of its own, each tried again.

    `begin()` asks for a job; `check` gets the attempt that ended it. Returns the number of moments.
    """
    moment = 0
    while True:
        moment += 1
        context = begin()
        if _lives(context, run, moment):
            check(context)
            return moment - 1
        again = next_attempt(context)
        run(again)
        check(again)


def _lives(context: Context, run: Callable[[Context], object], moment: int) -> bool:
    """Whether the attempt ended before that moment came."""
    reached = 0

    def durable() -> None:
        nonlocal reached
        reached += 1
        if reached >= moment:
            raise Died

    real = context.transaction

    @contextmanager
    def transaction() -> Iterator[Any]:
        if reached >= moment:
            raise Died
        with real() as tx:
            yield tx
        durable()

    def told(write: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **values: Any) -> Any:
            written = write(*args, **values)
            durable()
            return written

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context, "transaction", transaction)
        for name in _DURABLE:
            patch.setattr(context.app.storage, name, told(getattr(context.app.storage, name)))
        try:
            run(context)
        except Died:
            return False
        except BaseException as error:
            if reached < moment or not isinstance(error.__context__ or error.__cause__, Died):
                raise
            return False
    return True
