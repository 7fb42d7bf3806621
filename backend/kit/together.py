"""Threads that want the same thing at the same moment share one trip: group commit, for what everybody waits for in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_NOTHING: Any = object()


class _Wish(Generic[Item, Result]):
    __slots__ = ("item", "leads", "result", "woken")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.leads = False
        self.result: Result = _NOTHING
        self.woken = threading.Lock()
        self.woken.acquire()


class Together(Generic[Item, Result]):
    """One at a time works for a key; whoever comes meanwhile waits, and the first of those works for all of them. Nobody waits
    for company: one alone is as quick as without it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: dict[Hashable, list[_Wish[Item, Result]]] = {}
        """An entry for as long as somebody works."""

    def do(self, key: Hashable, item: Item, work: Callable[[Sequence[Item]], Sequence[Result]]) -> Result:
        """What `work` gave for `item`: called in this thread, or by another thread with its own `work` for the same `key`.

        `work` returns a result for each item, in order. What it raises is only its own thread's: the others try themselves.
        """
        wish: _Wish[Item, Result] = _Wish(item)
        with self._guard:
            wish.leads = key not in self._waiting
            self._waiting.setdefault(key, []).extend([] if wish.leads else [wish])
        try:
            if not wish.leads:
                wish.woken.acquire()
            if wish.leads:
                self._lead(key, wish, work)
        finally:
            if wish.leads:
                self._hand_on(key)
        return work([item])[0] if wish.result is _NOTHING else wish.result

    def _lead(self, key: Hashable, mine: _Wish[Item, Result], work: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        with self._guard:
            others, self._waiting[key] = self._waiting[key], []
        batch = [mine, *others]
        try:
            for wish, result in zip(batch, work([wish.item for wish in batch]), strict=True):
                wish.result = result
        finally:
            for wish in others:  # all at once: one after the other, each would wait for its turn at Python's lock
                wish.woken.release()

    def _hand_on(self, key: Hashable) -> None:
        with self._guard:
            if self._waiting[key]:
                heir = self._waiting[key].pop(0)
                heir.leads = True
                heir.woken.release()
            else:
                del self._waiting[key]
