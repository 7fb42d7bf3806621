"""WAV files as every speech engine writes them: PCM, 16 bit, one channel."""

from __future__ import annotations

import struct
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np


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


def read_pcm(data: bytes) -> tuple[bytes, int]:
    """(16-bit PCM of one channel, samples a second) of a WAV file that a server sent, also of one that was streamed and does
    not know its length. Raises ValueError, with what is wrong."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    position, shape = 12, (0, 0, 0, 0)
    while position + 8 <= len(data):
        name, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        body = position + 8
        if name == b"fmt " and body + 16 <= len(data):
            shape = struct.unpack_from("<HHI6xH", data, body)
        if name == b"data":
            return _mono(data[body : body + size], shape)
        position = body + size + size % 2
    raise ValueError("a WAV file without sound")


def _mono(pcm: bytes, shape: tuple[int, ...]) -> tuple[bytes, int]:
    format_, channels, rate, bits = shape
    if format_ not in (1, 0xFFFE) or bits != 16 or channels not in (1, 2) or not 8000 <= rate <= 96_000:
        raise ValueError("a WAV file of another kind than 16-bit PCM")
    pcm = pcm[: len(pcm) // (2 * channels) * 2 * channels]
    if not pcm:
        raise ValueError("a WAV file without sound")
    if channels == 2:
        pcm = np.frombuffer(pcm, "<i2").reshape(-1, 2).mean(axis=1).astype("<i2").tobytes()
    return pcm, rate


def peaks(path: Path, *, per_second: int) -> list[int]:
    """The loudest sample of each part of a file with 16 bits a sample, 0 to 100, `per_second` parts a second."""
    with wave.open(str(path), "rb") as file:
        part = max(1, file.getframerate() // per_second)
        loudest: list[int] = []
        while frames := file.readframes(part):
            samples = array("h", frames)
            loudest.append(min(100, max(max(samples), -min(samples)) * 100 // 32_767))
    return loudest
