"""The queue and the history: a heap of waiting prompts, the running one, at most 10 000 history entries (comfyui.md, 3 and
4)."""

from __future__ import annotations

import copy
import heapq
import threading
from typing import Any

MOST_REMEMBERED = 10_000
Item = tuple[float, str, dict[str, Any], dict[str, Any], list[str]]


class PromptQueue:
    """Thread-safe. `changed` is called after every change of the number waiting."""

    def __init__(self, changed: Any) -> None:
        self._changed = changed
        self._guard = threading.Condition()
        self._heap: list[Item] = []
        self._running: dict[int, Item] = {}
        self._n = 0
        self._closed = False
        self.history: dict[str, Any] = {}
        self.flags: dict[str, bool] = {}

    def put(self, item: Item) -> None:
        """Raises TypeError for the same number and id twice; the item is queued all the same (comfyui.md, 2)."""
        with self._guard:
            heapq.heappush(self._heap, item)
            self._guard.notify()
        self._changed()

    def get(self) -> tuple[int, Item] | None:
        """The next one, None when there are flags to look at or the server closes."""
        with self._guard:
            while not self._heap and not self.flags and not self._closed:
                self._guard.wait(0.5)
            if self._closed or not self._heap:
                return None
            item = heapq.heappop(self._heap)
            self._n += 1
            self._running[self._n] = item
            number = self._n
        self._changed()
        return number, item

    def finish(self, number: int, status: dict[str, Any], outputs: dict[str, Any]) -> None:
        with self._guard:
            item = self._running.pop(number)
            if len(self.history) >= MOST_REMEMBERED:
                self.history.pop(next(iter(self.history)))
            entry = [*item[:2], copy.deepcopy(item[2]), *item[3:]]
            self.history[item[1]] = {"prompt": entry, "outputs": outputs, "status": status, "meta": {}}
        self._changed()

    def delete(self, prompt_id: Any) -> bool:
        """Takes a waiting item out; it never gets a history entry. False: none is waiting under that id."""
        with self._guard:
            for at, item in enumerate(self._heap):
                if item[1] == prompt_id:
                    del self._heap[at]
                    heapq.heapify(self._heap)
                    break
            else:
                return False
        self._changed()
        return True

    def clear(self) -> None:
        with self._guard:
            self._heap.clear()
        self._changed()

    def flag(self, name: str) -> None:
        with self._guard:
            self.flags[name] = True
            self._guard.notify()

    def take_flags(self) -> dict[str, bool]:
        with self._guard:
            flags, self.flags = self.flags, {}
        return flags

    def close(self) -> None:
        with self._guard:
            self._closed = True
            self._guard.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed

    def running(self) -> list[Item]:
        with self._guard:
            return list(self._running.values())

    def waiting(self) -> list[Item]:
        """In heap order, as GET /queue shows them."""
        with self._guard:
            return list(self._heap)

    def remaining(self) -> int:
        with self._guard:
            return len(self._heap) + len(self._running)
