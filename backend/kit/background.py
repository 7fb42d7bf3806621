"""Waiting for a blocking call without being silent meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotReady
from typing import TypeVar

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
