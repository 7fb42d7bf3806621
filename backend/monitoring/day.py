"""The samples of a day as what a page draws. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backend.monitoring.schemas import MinuteSample


@dataclass(slots=True)
class TypeFigures:
    """Jobs of one type that ended. `mean_s`, `longest_s`: seconds from the first start to the end; 0 without any."""

    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    seconds: float = 0.0
    longest_s: float = 0.0

    @property
    def mean_s(self) -> float:
        n = self.completed + self.failed + self.cancelled
        return self.seconds / n if n else 0.0


@dataclass(slots=True)
class Day:
    """`waiting`: queue -> the most jobs that waited, by the start of ten minutes; `oldest_wait_s`: the longest wait, likewise;
    `ended`: outcome -> jobs, by the hour; `free_ratio`: part of the disk that is free, 0 to 1, by ten minutes; `types`: by
    type of job, most jobs first; `gaps`: minutes without a sample between the first and the last."""

    waiting: dict[datetime, dict[str, int]] = field(default_factory=dict)
    oldest_wait_s: dict[datetime, float] = field(default_factory=dict)
    ended: dict[datetime, dict[str, int]] = field(default_factory=dict)
    free_ratio: dict[datetime, float] = field(default_factory=dict)
    types: dict[str, TypeFigures] = field(default_factory=dict)
    gaps: int = 0


def summary(samples: Sequence[MinuteSample]) -> Day:
    """`samples`: oldest first."""
    day, types = Day(), defaultdict[str, TypeFigures](TypeFigures)
    for sample in samples:
        figures = sample.figures
        step = sample.minute - timedelta(minutes=sample.minute.minute % 10)
        waiting = day.waiting.setdefault(step, {})
        for queue, n in figures.waiting.items():
            waiting[queue] = max(waiting.get(queue, 0), n)
        day.oldest_wait_s[step] = max([day.oldest_wait_s.get(step, 0.0), *figures.oldest_wait_s.values()])
        day.free_ratio[step] = figures.disk_free_bytes / max(figures.disk_total_bytes, 1)
        ended = day.ended.setdefault(sample.minute.replace(minute=0), {})
        for jobs in figures.ended:
            ended[jobs.outcome] = ended.get(jobs.outcome, 0) + jobs.n
            row = types[jobs.type]
            setattr(row, jobs.outcome, getattr(row, jobs.outcome) + jobs.n)
            row.seconds += jobs.seconds
            row.longest_s = max(row.longest_s, jobs.longest_s)
    day.types = dict(sorted(types.items(), key=lambda item: -item[1].completed - item[1].failed - item[1].cancelled))
    if samples:
        day.gaps = max(0, round((samples[-1].minute - samples[0].minute) / timedelta(minutes=1)) + 1 - len(samples))
    return day
