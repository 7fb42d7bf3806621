"""How long a phase will still take, from its own recent speed."""

from __future__ import annotations

from collections import deque

WINDOW_S = 30.0


class Window:
    """A sliding window of (seconds, units done). Forgets everything when the phase changes or the count goes back."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        self._phase = ""

    def add(self, at: float, done: int, phase: str) -> None:
        if phase != self._phase or (self._seen and done < self._seen[-1][1]):
            self._seen.clear()
            self._phase = phase
        if not self._seen or done > self._seen[-1][1]:
            self._seen.append((at, done))
        while len(self._seen) > 2 and (at - self._seen[0][0] > WINDOW_S or len(self._seen) > 400):
            self._seen.popleft()

    def eta(self, at: float, total: int) -> float | None:
        """Seconds left at time `at`, None while nothing is countable or nothing has moved yet."""
        if total <= 0 or len(self._seen) < 2:
            return None
        (start, first), (end, done) = self._seen[0], self._seen[-1]
        per_unit = (end - start) / (done - first)
        return max(per_unit * max(total - done, 0) - max(at - end, 0.0), 0.0)
