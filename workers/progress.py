"""The progress of an attempt: its figures and log lines until they are written, and how long a phase will still take."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from backend.db.tables import JobLog
from backend.db.tables.message_column import without_nul
from backend.db.transactions import strip_nul
from backend.jobs import AttemptEnd, AttemptRef, finish_attempt
from backend.jobs.claim import Claim
from backend.jobs.rules import AttemptOutcome
from backend.language import Message, stored

WINDOW_S = 30.0
_MAX_LINE = 4000


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


@dataclass(slots=True)
class ProgressReport:
    """What the heartbeat writes: the latest figures, and the log lines (level, text) not yet written.

    `eta_s`: seconds, None while unknown. `preview`: a JPEG data URL. `moved`: whether there was progress since the last report.
    """

    step: str = ""
    phase: str = ""
    done: int = 0
    total: int = 0
    eta_s: float | None = None
    preview: str | None = None
    moved: bool = True
    lines: list[tuple[str, str]] = field(default_factory=list)


def write_end(tx: Session, claim: Claim, outcome: AttemptOutcome, report: ProgressReport) -> None:
    """Finishes one attempt and writes its last log lines. Raises LeaseLost when the attempt was ended by others."""
    end = attempt_end(claim, outcome, report)
    finish_attempt(tx, end.ref, end.outcome, **end.figures)
    write_log(tx, [(claim, report)])


def attempt_end(claim: Claim, outcome: AttemptOutcome, report: ProgressReport) -> AttemptEnd:
    ref = AttemptRef(claim.job_id, claim.attempt_id, claim.parent_id, claim.device_id)
    return AttemptEnd(ref, outcome, {"step": report.step, "phase": report.phase, "done": report.done, "total": report.total})


def plain_line(line: str) -> str:
    """A line of the log in English, as Postgres takes it."""
    return strip_nul(str(line))[:_MAX_LINE]


def line_words(line: str) -> dict[str, Any] | None:
    """What words a line for whoever reads it; None of a plain text."""
    words: dict[str, Any] | None = without_nul(stored(line)) if isinstance(line, Message) else None
    return words


def write_log(tx: Session, reports: Sequence[tuple[Claim, ProgressReport]]) -> None:
    """Inserts the reports' lines into the logs of their jobs."""
    rows = [
        {
            "tenant_id": claim.tenant_id,
            "job_id": claim.job_id,
            "attempt_id": claim.attempt_id,
            "level": level,
            "line": plain_line(line),
            "words": line_words(line),
        }
        for claim, report in reports
        for level, line in report.lines
    ]
    if rows:
        tx.execute(insert(JobLog), rows)
