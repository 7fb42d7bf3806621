"""Runs a pipeline that crashes after each durable write (commit, storage), and goes on with the next attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.context import next_attempt
from workers.context import Context

_DURABLE = ("put_file", "put_stream", "delete")


class SimulatedCrash(BaseException):
    """Simulates SIGKILL: after it the attempt writes nothing more."""


def crash_at_every_write(
    begin: Callable[[], Context], run: Callable[[Context], object], check: Callable[[Context], None]
) -> int:
    """Attempts that die after the 1st, 2nd … commit or write to the storage, each of a job of its own, each tried again.

    `begin()` asks for a job; `check` gets the attempt that ended it. Returns the number of moments.
    """
    moment = 0
    while True:
        moment += 1
        context = begin()
        if _survives(context, run, moment):
            check(context)
            return moment - 1
        again = next_attempt(context)
        run(again)
        check(again)


def _survives(context: Context, run: Callable[[Context], object], moment: int) -> bool:
    """Whether the attempt ended before its `moment`-th durable write."""
    reached = 0

    def durable() -> None:
        nonlocal reached
        reached += 1
        if reached >= moment:
            raise SimulatedCrash

    real = context.transaction

    @contextmanager
    def transaction() -> Iterator[Any]:
        if reached >= moment:
            raise SimulatedCrash
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
        except SimulatedCrash:
            return False
        except BaseException as error:
            if reached < moment or not isinstance(error.__context__ or error.__cause__, SimulatedCrash):
                raise
            return False
    return True
