"""Loudness by EBU R 128: measured in a child with PyAV, and brought to what platforms want.

What was measured and how it was corrected is given back, because speech often cannot be brought to a target by one factor
(docs/contracts/ffmpeg.md, 4).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ffmpeg

from backend.errors import ProcessKilled, Rejected
from backend.kit import child
from backend.media.ffmpeg.runner import partial_path, render
from backend.settings import ROOT, Settings

TARGET_LUFS, TRUE_PEAK_DBTP, RANGE_LU = -16.0, -1.5, 11.0
"""Loudness of the whole, highest peak, and range."""
TOLERANCE_LU = 1.5
"""How far a finished film may be from TARGET_LUFS."""
RATE = 48_000
WAV_OPTIONS: dict[str, Any] = {"acodec": "pcm_s16le", "ar": RATE, "ac": 2, "map_metadata": -1, "vn": None}
Correction = Literal["none", "linear", "dynamic", "limited"]
"""By one factor, by a factor that changes over time (loudnorm), or after that by a factor and a limiter."""

_CHILD = "backend.media.ffmpeg.child_loudness"
_MEMORY_MB = 2048
_SILENT_LUFS = -70.0
"""What nothing but silence measures at most."""
_AAC_MARGIN_DB = 0.5
"""What encoding as AAC adds to a peak at most."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """LUFS of the whole, dBTP of the highest peak, LU of the range, LUFS of the threshold."""

    integrated: float
    true_peak: float
    range_lu: float
    threshold: float

    @property
    def is_silence(self) -> bool:
        return self.integrated <= _SILENT_LUFS

    @property
    def on_target(self) -> bool:
        """Whether the loudness is near TARGET_LUFS and the peak leaves room for AAC."""
        return abs(self.integrated - TARGET_LUFS) <= TOLERANCE_LU / 2 and self.true_peak <= TRUE_PEAK_DBTP


def measure(path: Path) -> Generator[None, None, Loudness]:
    """Loudness of a sound file or of a film's sound. Yields twice a second. Raises Rejected when it has none, ProcessKilled."""
    proc = child.spawn([sys.executable, "-m", _CHILD, str(path)], cwd=ROOT, stdout=subprocess.PIPE, memory_mb=_MEMORY_MB)
    detail = "it has no sound that can be read"
    try:
        for answer in child.json_lines(proc, every_s=0.5, on_other=lambda _: None):
            if answer and "refused" not in answer:
                return Loudness(**answer)
            if answer:
                detail = str(answer["refused"])
                break
            yield
        if child.killed(proc):
            raise ProcessKilled("The program that measures the sound was ended from outside. It is started again.")
    finally:
        child.stop(proc, grace_s=0.5)
    raise Rejected("The sound could not be measured. Choose another file.", detail=detail)


def level(mix: Path, out: Path, *, settings: Settings) -> Generator[None, None, tuple[Loudness, Correction]]:
    """Writes the WAV `mix` at TARGET_LUFS as the WAV `out`; silence stays silence.

    Returns the loudness before, and how it was corrected. Yields twice a second; raises as `measure` and `render`.
    """
    before = yield from measure(mix)
    if before.is_silence:
        yield from _written(ffmpeg.input(str(mix)).audio, out, settings)
        return before, "none"
    yield from _written(_normalized(ffmpeg.input(str(mix)).audio, before), out, settings)
    after = yield from measure(out)
    if after.on_target:
        return before, "linear" if _one_factor_fits(before) else "dynamic"
    limited = out.with_name(f"{out.stem}.limited.wav")
    yield from _written(_limited(ffmpeg.input(str(out)).audio, TARGET_LUFS - after.integrated), limited, settings)
    limited.replace(out)
    return before, "limited"


def _normalized(stream: Any, before: Loudness) -> Any:
    options = {
        "I": TARGET_LUFS,
        "TP": TRUE_PEAK_DBTP - _AAC_MARGIN_DB,
        "LRA": RANGE_LU,
        "measured_I": before.integrated,
        "measured_TP": before.true_peak,
        "measured_LRA": before.range_lu,
        "measured_thresh": before.threshold,
        "linear": "true",
    }
    # loudnorm works at 192 kHz when it is dynamic
    return stream.filter("loudnorm", **options).filter("aresample", RATE)


def _limited(stream: Any, gain_db: float) -> Any:
    """Made louder or quieter by `gain_db`; peaks above the limit are pressed down, also those between two samples."""
    limit = 10 ** ((TRUE_PEAK_DBTP - _AAC_MARGIN_DB) / 20)
    louder = stream.filter("aresample", 4 * RATE).filter("volume", f"{gain_db:.2f}dB")
    return louder.filter("alimiter", limit=limit, attack=5, release=60, level="disabled").filter("aresample", RATE)


def _one_factor_fits(before: Loudness) -> bool:
    peak = before.true_peak + TARGET_LUFS - before.integrated
    return peak <= TRUE_PEAK_DBTP - _AAC_MARGIN_DB and before.range_lu <= RANGE_LU


def _written(stream: Any, out: Path, settings: Settings) -> Generator[None, None, None]:
    yield from (None for _ in render(stream.output(str(partial_path(out)), **WAV_OPTIONS), out, settings))
