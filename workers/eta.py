"""How long a phase will still take, from its own recent speed."""

from __future__ import annotations

from collections import deque

WINDOW_S = 30.0


class SpeedWindow:
    """A sliding window of (time in seconds, units done) samples. It is emptied when the phase changes or the count goes
    back."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()
        self._phase = ""

    def add(self, at: float, done: int, phase: str) -> None:
        if phase != self._phase or (self._samples and done < self._samples[-1][1]):
            self._samples.clear()
            self._phase = phase
        if not self._samples or done > self._samples[-1][1]:
            self._samples.append((at, done))
        while len(self._samples) > 2 and (at - self._samples[0][0] > WINDOW_S or len(self._samples) > 400):
            self._samples.popleft()

    def eta(self, at: float, total: int) -> float | None:
        """Seconds left at time `at` (same clock as in `add`), None while nothing is countable or the count has not risen
        twice."""
        if total <= 0 or len(self._samples) < 2:
            return None
        (start, first), (end, done) = self._samples[0], self._samples[-1]
        per_unit = (end - start) / (done - first)
        return max(per_unit * max(total - done, 0) - max(at - end, 0.0), 0.0)
