"""The logs of `make run`: one file a process in `log/`, cut off at midnight or when large, kept for some days."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from backend.kit import clock

_LARGE_BYTES = 100 * 1024**2
_LOOK_EVERY_S = 30.0


@dataclass
class LogFiles:
    """Call `tidy()` as often as you like. `days`: how long what was cut off is kept."""

    folder: Path
    days: int
    _day: date | None = field(default=None, init=False)
    _look_at: float = field(default=0.0, init=False)

    def tidy(self) -> None:
        """`studio.log` of the day before becomes `studio.log.2026-11-23`, and what is older than `days` is deleted. Makes the
        folder."""
        today = clock.now().astimezone().date()
        if today == self._day and time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LOOK_EVERY_S
        is_new_day, self._day = today != self._day, today
        self.folder.mkdir(parents=True, exist_ok=True)
        for log in self.folder.glob("*.log"):
            written = date.fromtimestamp(log.stat().st_mtime)
            if (is_new_day and written < today) or log.stat().st_size > _LARGE_BYTES:
                _cut_off(log, log.with_name(f"{log.name}.{written}"))
        if is_new_day:
            for old in self.folder.glob("*.log.*"):
                if date.fromtimestamp(old.stat().st_mtime) < today - timedelta(days=self.days):
                    old.unlink()


def _cut_off(log: Path, older: Path) -> None:
    """Adds the content of `log` to `older` and empties it. Its process goes on writing to the same file, from the start,
    because it was opened for appending; a line written in between is lost."""
    with log.open("rb") as source, older.open("ab") as target:
        shutil.copyfileobj(source, target)
    written = log.stat()
    os.truncate(log, 0)
    os.utime(older, (written.st_atime, written.st_mtime))
