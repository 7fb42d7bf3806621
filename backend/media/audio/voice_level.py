"""All voices brought to one loudness."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from backend.media.audio import wav_file

TARGET_LUFS = -22.0
"""Of every voice before it is mixed: peaks of most keep room above it."""
_HIGHEST_PEAK = 10 ** (-1 / 20)


def level(path: Path) -> None:
    """Brings a WAV file as `wav_file` writes it to TARGET_LUFS, quieter where its peaks would not fit. Its length stays; what
    is silent, or too short to be measured, stays as it is."""
    from backend.media.ffmpeg.loudness_meter import measured  # PyAV takes a while to import

    before = measured(path)
    if before.is_silence:
        return
    with wave.open(str(path), "rb") as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    loudest = float(np.abs(samples).max()) / 32768
    factor = min(10 ** ((TARGET_LUFS - before.integrated) / 20), _HIGHEST_PEAK / loudest)
    wav_file.write_wav(path, np.round(samples * factor).astype("<i2").tobytes(), rate)
