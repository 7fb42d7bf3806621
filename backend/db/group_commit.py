"""Group commit: concurrent calls that want the same kind of database work share one round trip."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_NO_RESULT: Any = object()


class _Request(Generic[Item, Result]):
    """A caller's item. `done` is a lock held until another thread has worked for it or made it the leader."""

    __slots__ = ("done", "is_leader", "item", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.is_leader = False
        self.result: Result = _NO_RESULT
        self.done = threading.Lock()
        self.done.acquire()


class GroupCommit(Generic[Item, Result]):
    """Batches concurrent calls that share a key (group commit, as databases do for fsync).

    The first caller runs `work` at once with its own item. Callers that arrive meanwhile wait; when it is done, the first of
    them becomes the leader and runs `work` with all items that wait by then. A lone caller pays nothing extra. Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, list[_Request[Item, Result]]] = {}
        """Key -> requests that wait. A key is present for as long as it has a leader."""

    def do(self, key: Hashable, item: Item, work: Callable[[Sequence[Item]], Sequence[Result]]) -> Result:
        """Returns what `work` gave for `item`: called in this thread, or by another thread with its own `work` for the same
        `key`.

        `work` returns a result for each item, in order. What it raises is raised only in the thread that called it; the
        others of its batch then call their own `work` with their own item.
        """
        request: _Request[Item, Result] = _Request(item)
        with self._lock:
            request.is_leader = key not in self._waiting
            self._waiting.setdefault(key, []).extend([] if request.is_leader else [request])
        try:
            if not request.is_leader:
                request.done.acquire()
            if request.is_leader:
                self._lead(key, request, work)
        finally:
            if request.is_leader:
                self._promote_next_leader(key)
        return work([item])[0] if request.result is _NO_RESULT else request.result

    def _lead(self, key: Hashable, leader: _Request[Item, Result], work: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        with self._lock:
            followers, self._waiting[key] = self._waiting[key], []
        batch = [leader, *followers]
        try:
            for request, result in zip(batch, work([request.item for request in batch]), strict=True):
                request.result = result
        finally:
            # After all results are set, in a loop of its own: a thread woken earlier would compete for the GIL with this loop.
            for request in followers:
                request.done.release()

    def _promote_next_leader(self, key: Hashable) -> None:
        with self._lock:
            if self._waiting[key]:
                next_leader = self._waiting[key].pop(0)
                next_leader.is_leader = True
                next_leader.done.release()
            else:
                del self._waiting[key]
