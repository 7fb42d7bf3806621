"""Work in a thread: waiting for a blocking call without being silent meanwhile, and doing two things at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotReady
from contextlib import contextmanager
from typing import TypeVar, cast

T = TypeVar("T")


def wait_for(work: Callable[[], T], *, stop: Callable[[], None], every_s: float = 1.0) -> Generator[None, None, T]:
    """Runs `work` in a thread, yields every `every_s` seconds, and returns or raises what it does. When the generator is closed
    `stop` is called, which must make `work` end."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    try:
        while True:
            try:
                return future.result(timeout=every_s)
            except NotReady:
                if future.done():
                    raise
                yield
    finally:
        if not future.done():
            stop()
        pool.shutdown(wait=False)


@contextmanager
def alongside(steps: Generator[object, None, T]) -> Iterator[Future[T]]:
    """Runs the generator `steps` to its end in a thread, while the block goes on; gives what it returns or raises.

    Who leaves the block earlier closes the generator at its next step.
    """
    left = threading.Event()

    def work() -> T:
        try:
            while not left.is_set():
                try:
                    next(steps)
                except StopIteration as end:
                    return cast("T", end.value)
            raise CancelledError
        finally:
            steps.close()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        try:
            yield future
        finally:
            left.set()
