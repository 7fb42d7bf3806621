"""The soundtrack of a film: mixed, brought to the loudness that platforms want, encoded, and measured as it will be heard."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ffmpeg

from backend.media.ffmpeg.loudness import (
    HIGHEST_PEAK_DBTP,
    RANGE_LU,
    RATE,
    TARGET_LUFS,
    TRUE_PEAK_DBTP,
    Loudness,
    measure,
    read_meter_file,
)
from backend.media.ffmpeg.runner import partial_path, render
from backend.media.ffmpeg.sound_mix import SoundMix, mix
from backend.settings import Settings

Correction = Literal["none", "linear", "limited", "dynamic"]
"""By one factor; by a factor and a limiter; by a factor that changes over time (loudnorm) and a limiter."""
AAC_OPTIONS: dict[str, Any] = {"acodec": "aac", "audio_bitrate": "128k", "ar": RATE, "ac": 2}
_TRIES = 3
_RANGE_FROM_S = 30.0
"""The range of a shorter sound is that of its beginning: it is measured in windows of three seconds."""
_PRIMING_SAMPLES = 1024
"""Silence that ffmpeg's encoder puts before the sound. The first samples of the mix make room for it: a file without an edit
list, as platforms want it, would else be late by them, or its first picture would be shown longer."""
_AAC_MARGIN_DB = 0.5
"""What encoding as AAC adds to a peak at most."""


@dataclass(frozen=True, slots=True)
class FinishedSound:
    """What the manifest says of the sound: measured before, how it was corrected, and measured as encoded."""

    before: Loudness
    correction: Correction
    after: Loudness


def write_soundtrack(sound: SoundMix, out: Path, *, settings: Settings) -> Generator[None, None, FinishedSound]:
    """Writes the mix as AAC in `out` (.m4a), for `join_tracks`, at TARGET_LUFS; silence stays silence. Yields four times a
    second; raises as `render` and `measure`."""
    wav, meter = out.with_name(f"{out.stem}.mix.wav"), out.with_name(f"{out.stem}.meter.txt")
    try:
        yield from (None for _ in mix(sound, wav, settings=settings, meter=meter))
        with meter.open() as lines:
            before = read_meter_file(lines)
        how = _correction(before, sound.seconds)
        gain_db = 0.0 if how in ("none", "dynamic") else TARGET_LUFS - before.integrated
        ceiling_db = TRUE_PEAK_DBTP - _AAC_MARGIN_DB
        for _ in range(_TRIES):
            stream = _corrected(ffmpeg.input(str(wav)).audio, how, before, gain_db, ceiling_db)
            stream = stream.filter("atrim", start_sample=_PRIMING_SAMPLES).filter("asetpts", "PTS-STARTPTS")
            options = {**AAC_OPTIONS, "map_metadata": -1, "fflags": "+bitexact", "flags:a": "+bitexact"}
            yield from (None for _ in render(stream.output(str(partial_path(out)), **options), out, settings))
            after = yield from measure(out)
            if how == "none" or after.on_target:
                break
            how = "limited" if how == "linear" else how
            gain_db += TARGET_LUFS - after.integrated
            ceiling_db -= max(0.0, after.true_peak - HIGHEST_PEAK_DBTP)
        return FinishedSound(before, how, after)
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    finally:
        for path in (wav, meter):
            path.unlink(missing_ok=True)


def _correction(before: Loudness, seconds: float) -> Correction:
    if before.is_silence:
        return "none"
    if before.range_lu > RANGE_LU and seconds >= _RANGE_FROM_S:
        return "dynamic"
    peak = before.true_peak + TARGET_LUFS - before.integrated
    return "linear" if peak <= TRUE_PEAK_DBTP - _AAC_MARGIN_DB else "limited"


def _corrected(stream: Any, how: Correction, before: Loudness, gain_db: float, ceiling_db: float) -> Any:
    if how == "none":
        return stream
    if how == "linear":
        return stream.filter("volume", f"{gain_db:.2f}dB")
    if how == "dynamic":
        measured = {
            "measured_I": before.integrated,
            "measured_TP": before.true_peak,
            "measured_LRA": before.range_lu,
            # the relative gate of EBU R 128 is 10 LU below the loudness
            "measured_thresh": before.integrated - 10,
        }
        stream = stream.filter("loudnorm", I=TARGET_LUFS, TP=ceiling_db, LRA=RANGE_LU, **measured)
    # four times the rate, so that peaks between two samples are pressed down too; loudnorm puts out as many
    stream = stream.filter("aresample", 4 * RATE).filter("volume", f"{gain_db:.2f}dB")
    limit = 10 ** (ceiling_db / 20)
    return stream.filter("alimiter", limit=limit, attack=5, release=60, level="disabled").filter("aresample", RATE)
