"""WAV files as every speech engine writes them: PCM, 16 bit, one channel."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path


def write_wav(path: str | Path, pcm: bytes, sample_rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(pcm)


def duration_s(path: Path) -> float:
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()


def join(parts: Sequence[tuple[Path, float]], out: Path) -> list[float]:
    """Joins WAV files of one rate; after each the given seconds of silence. Returns where each begins, in seconds."""
    starts, frames, rate = [], bytearray(), 0
    for path, pause_s in parts:
        with wave.open(str(path), "rb") as file:
            rate = file.getframerate()
            starts.append(len(frames) / 2 / rate)
            frames += file.readframes(file.getnframes())
        frames += b"\0\0" * round(pause_s * rate)
    write_wav(out, bytes(frames), rate)
    return starts
