"""Batches the claims of a process's threads: one transaction writes finished attempts and claims the next jobs for all threads
that ask at the same moment.

Claiming takes the queue's advisory lock and a commit; sharing both is what lets many short jobs run per second.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backend.jobs.claim import Claim
from backend.jobs.rules import AttemptOutcome
from workers.context import Context


@dataclass(frozen=True, slots=True)
class FinishedAttempt:
    """An attempt that has ended in its thread; its outcome is not yet in Postgres."""

    context: Context
    outcome: AttemptOutcome


Exchange = Callable[[str, int, Sequence[FinishedAttempt]], list[Claim]]
"""(queue, how many claims at most, finished attempts) -> claims, fewer when there are no more. All in one transaction."""


@dataclass(slots=True)
class _QueueState:
    """`serving` is held by the thread that runs the exchange. `waiting`: finished attempt (or None) of each thread that is
    inside `next`, by thread id. `served`: those of them whose attempt another thread has written already; their claims, if
    there were any, are in `claims`.
    """

    serving: threading.Lock = field(default_factory=threading.Lock)
    waiting: dict[int, FinishedAttempt | None] = field(default_factory=dict)
    served: set[int] = field(default_factory=set)
    claims: deque[Claim] = field(default_factory=deque)


class ClaimBatcher:
    """Group commit for `exchange`: the first thread in runs it for all threads that wait for the same queue. Thread-safe."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._queues: dict[str, _QueueState] = {}
        self._lock = threading.Lock()

    def next(self, queue: str, finished: FinishedAttempt | None = None) -> Claim | None:
        """Writes `finished` and returns the calling thread's next job, None when nothing is claimable.

        Raises what `exchange` raises; then `finished` may or may not have been written.
        """
        thread_id = threading.get_ident()
        with self._lock:
            state = self._queues.setdefault(queue, _QueueState())
            state.waiting[thread_id] = finished
        with state.serving:
            try:
                if thread_id not in state.served:
                    self._serve(queue, state)
                return state.claims.popleft() if state.claims else None
            finally:
                with self._lock:
                    del state.waiting[thread_id]
                    state.served.discard(thread_id)

    def _serve(self, queue: str, state: _QueueState) -> None:
        """Runs one exchange for all threads that wait and are not served. If it raises, the others try for themselves."""
        with self._lock:
            batch = {thread_id: finished for thread_id, finished in state.waiting.items() if thread_id not in state.served}
        state.claims.extend(self._exchange(queue, len(batch), [finished for finished in batch.values() if finished]))
        state.served |= set(batch)
