"""How loud a voice is (BS.1770 for one channel), and all voices brought to one loudness."""

from __future__ import annotations

import wave
from math import pi, tan
from pathlib import Path
from typing import Any

import numpy as np

from backend.media.audio import wav_file

TARGET_LUFS = -22.0
"""Of every voice before it is mixed: peaks of most keep room above it."""
_HIGHEST_PEAK = 10 ** (-1 / 20)
_BLOCK_S, _STEP_S = 0.4, 0.1
_OFFSET_LU, _SILENT_LUFS, _GATE_LU = -0.691, -70.0, 10.0


def level(path: Path) -> None:
    """Brings a WAV file as `wav_file` writes it to TARGET_LUFS, quieter where its peaks would not fit. Its length stays; what
    is silent, or shorter than a block, stays as it is."""
    with wave.open(str(path), "rb") as file:
        rate = file.getframerate()
        sound: Any = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64) / 32768
    before = loudness(sound, rate)
    if before <= _SILENT_LUFS:
        return
    factor = min(10 ** ((TARGET_LUFS - before) / 20), _HIGHEST_PEAK / float(np.abs(sound).max()))
    wav_file.write_wav(path, np.round(sound * factor * 32768).astype("<i2").tobytes(), rate)


def loudness(sound: Any, rate: int) -> float:
    """LUFS of samples from -1 to 1; -70 where there is nothing to hear."""
    block, step = round(_BLOCK_S * rate), round(_STEP_S * rate)
    if len(sound) < block:
        return _SILENT_LUFS
    sums = np.concatenate([[0.0], np.cumsum(_weighted(sound, rate) ** 2)])
    starts = np.arange(0, len(sound) - block + 1, step)
    powers = (sums[starts + block] - sums[starts]) / block
    powers = powers[powers > 10 ** ((_SILENT_LUFS - _OFFSET_LU) / 10)]
    if not len(powers):
        return _SILENT_LUFS
    powers = powers[powers > powers.mean() / 10 ** (_GATE_LU / 10)]
    return float(_OFFSET_LU + 10 * np.log10(powers.mean()))


def _weighted(sound: Any, rate: int) -> Any:
    """K-weighting: its two filters, with BS.1770's analogue values for any rate, applied in the spectrum."""
    length = 1 << (len(sound) + rate - 1).bit_length()  # at least a second longer: the end does not ring into the beginning
    delay = np.exp(-2j * pi * np.arange(length // 2 + 1) / length)
    k, q, high = tan(pi * 1681.974450955533 / rate), 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    shelf = _quadratic(high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k, delay)
    shelf /= _quadratic(1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k, delay)
    k, q = tan(pi * 38.13547087602444 / rate), 0.5003270373238773
    low_cut = _quadratic(1, -2, 1, delay) * (1 + k / q + k * k)
    low_cut /= _quadratic(1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k, delay)
    return np.fft.irfft(np.fft.rfft(sound, length) * shelf * low_cut, length)[: len(sound)]


def _quadratic(a: float, b: float, c: float, x: Any) -> Any:
    return a + b * x + c * x * x
