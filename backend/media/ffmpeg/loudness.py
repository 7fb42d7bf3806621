"""Loudness by EBU R 128: measured in a child with PyAV, or by a filter of a graph that runs anyway (`METER`).

What was measured is given back, because speech often cannot be brought to a target by one factor (docs/contracts/ffmpeg.md, 4).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.errors import Rejected
from backend.language import tr_lazy
from backend.media.child_answer import child_answer

TARGET_LUFS, TRUE_PEAK_DBTP, RANGE_LU = -16.0, -1.5, 11.0
"""Loudness of the whole, highest peak, and range."""
TOLERANCE_LU = 1.5
"""How far a finished film may be from TARGET_LUFS."""
HIGHEST_PEAK_DBTP = -1.0
"""Of a finished film: encoding as AAC adds a little to TRUE_PEAK_DBTP."""
RATE = 48_000
WAV_OPTIONS: dict[str, Any] = {"acodec": "pcm_s16le", "ar": RATE, "ac": 2, "map_metadata": -1, "vn": None}
METER = ("ebur128", {"peak": "true", "metadata": 1, "framelog": "quiet"})
"""ffmpeg's filter that measures: ten times a second it notes the values so far with its frames."""

_CHILD = "backend.media.ffmpeg.child_loudness"
_MEMORY_MB = 2048
_SILENT_LUFS, _NOTHING_DB = -70.0, -99.0
"""What nothing but silence measures at most; what stands for no level at all."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """LUFS of the whole, dBTP of the highest peak, LU of the range."""

    integrated: float
    true_peak: float
    range_lu: float

    @property
    def is_silence(self) -> bool:
        return self.integrated <= _SILENT_LUFS

    @property
    def on_target(self) -> bool:
        """Whether the loudness is near TARGET_LUFS, and the peak as low as platforms want it."""
        return abs(self.integrated - TARGET_LUFS) <= TOLERANCE_LU / 2 and self.true_peak <= HIGHEST_PEAK_DBTP


def measure(path: Path) -> Generator[None, None, Loudness]:
    """Loudness of a sound file or of a film's sound. Yields twice a second. Raises Rejected when it has none, ProcessKilled."""
    answer = yield from child_answer(_CHILD, str(path), memory_mb=_MEMORY_MB)
    if answer and "refused" not in answer:
        return Loudness(**answer)
    detail = str(answer["refused"]) if answer else "it has no sound that can be read"
    raise Rejected(tr_lazy("The sound could not be measured. Choose another file."), detail=detail)


def read_meter(notes: Mapping[str, str]) -> Loudness:
    """From what METER noted last; nothing noted (less than a tenth of a second of sound) is silence."""
    peak = float(notes.get("lavfi.r128.true_peak", 0.0))
    return Loudness(
        _finite(notes.get("lavfi.r128.I")),
        max(_NOTHING_DB, 20 * math.log10(peak)) if peak > 0 else _NOTHING_DB,
        max(0.0, _finite(notes.get("lavfi.r128.LRA"))),
    )


def read_meter_file(lines: Iterable[str]) -> Loudness:
    """The same from a file that ffmpeg's `ametadata` printed: lines of name=value, the last of each name holds."""
    return read_meter(dict(line.rstrip("\n").split("=", 1) for line in lines if line.startswith("lavfi.r128.")))


def _finite(value: str | None) -> float:
    number = float(value) if value else _NOTHING_DB
    return max(_NOTHING_DB, number) if math.isfinite(number) else _NOTHING_DB
