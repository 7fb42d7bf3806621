"""Where a process's threads hand in what is done and are given what is next: whoever is at the counter acts for all in line."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backend.jobs.claim import Claim
from backend.jobs.rules import Verdict
from workers.context import Context


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt that has ended in its thread and not yet in Postgres."""

    context: Context
    verdict: Verdict


Trade = Callable[[str, int, Sequence[Finished]], list[Claim]]
"""(queue, how many at most, what is done) -> claims, fewer when there are no more. All of it in one transaction."""


@dataclass(slots=True)
class _Line:
    """`waiting`: threads that have asked, with what they bring. `answered`: those that somebody else has served."""

    counter: threading.Lock = field(default_factory=threading.Lock)
    waiting: dict[int, Finished | None] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    ready: deque[Claim] = field(default_factory=deque)


class Desk:
    """One transaction, one wait for the queue's lock and one for the disk serve every thread that stands in line."""

    def __init__(self, trade: Trade) -> None:
        self._trade = trade
        self._lines: dict[str, _Line] = {}
        self._guard = threading.Lock()

    def next(self, queue: str, done: Finished | None = None) -> Claim | None:
        """Writes `done` and returns the calling thread's next job, None when nothing is claimable.

        Raises what `trade` raises; then `done` may or may not have been written.
        """
        me = threading.get_ident()
        with self._guard:
            line = self._lines.setdefault(queue, _Line())
            line.waiting[me] = done
        with line.counter:
            try:
                if me not in line.answered:
                    self._serve(queue, line)
                return line.ready.popleft() if line.ready else None
            finally:
                with self._guard:
                    del line.waiting[me]
                    line.answered.discard(me)

    def _serve(self, queue: str, line: _Line) -> None:
        with self._guard:
            group = {thread: done for thread, done in line.waiting.items() if thread not in line.answered}
        line.ready.extend(self._trade(queue, len(group), [done for done in group.values() if done]))
        line.answered |= set(group)
