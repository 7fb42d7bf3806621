"""`python -m backend.media.audio.sound_check_child FILE FORMAT MAX_SECONDS`: decodes a sound file of others to its end and says
its length and its waveform, or what is wrong, as one JSON line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np

_RATE = 8000
_STEP = 400
"""Samples of one value of the waveform while it is read: a twentieth of a second."""
BINS = 240
_DAMAGED_SHARE = 0.02
_DAMAGED_PACKETS = 3
"""So many packets that cannot be decoded are overlooked: tags at the end of an MP3 look like damage."""


_LEAST_SHARE, _LEAST_SHARE_OF_MP3 = 0.9, 0.5
"""How much of the length that a file declares must be there. Of an MP3 it is often an estimate."""


def main() -> None:
    path, name, max_seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    try:
        answer = describe(path, name, max_seconds)
    except (av.FFmpegError, OSError, ValueError, MemoryError, IndexError) as error:
        answer = {"refused": "damaged", "detail": (str(error).splitlines() or [type(error).__name__])[0][:200]}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def describe(path: Path, name: str, max_seconds: float) -> dict[str, Any]:
    """{"seconds", "peaks"} or {"refused": code}. `peaks`: BINS values of 0..100, of the loudest place 100."""
    with av.open(str(path), format=name) as container:
        if any(not stream.disposition & av.stream.Disposition.attached_pic for stream in container.streams.video):
            return {"refused": "film"}
        if not container.streams.audio:
            return {"refused": "silent"}
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("s16", "mono", _RATE)
        peaks: list[int] = []
        rest = np.zeros(0, np.int16)
        samples, packets, damaged = 0, 0, 0
        for packet in container.demux(stream):
            packets += 1
            try:
                frames = [sound for frame in packet.decode() for sound in resampler.resample(frame)]
            except av.FFmpegError:
                damaged += 1
                continue
            for frame in frames:
                sound = np.concatenate([rest, frame.to_ndarray()[0]])
                whole = len(sound) // _STEP * _STEP
                samples, rest = samples + frame.samples, sound[whole:]
                peaks += np.abs(sound[:whole].astype(np.int32)).reshape(-1, _STEP).max(axis=1).tolist()
            if samples > max_seconds * _RATE:
                return {"refused": "long"}
        declared_s = float(container.duration or 0) / av.time_base
    missing = samples / _RATE < declared_s * (_LEAST_SHARE_OF_MP3 if name == "mp3" else _LEAST_SHARE) - 0.5
    if missing or damaged > _DAMAGED_PACKETS + packets * _DAMAGED_SHARE or not samples:
        return {"refused": "damaged", "detail": f"{damaged} of {packets} packets, {samples / _RATE:.0f} s"}
    if not peaks or max(peaks) < 16:
        return {"refused": "silent"}
    return {"seconds": samples / _RATE, "peaks": waveform(peaks)}


def waveform(peaks: list[int]) -> list[int]:
    """The highest values of BINS equal parts (fewer where the sound has fewer), 0..100."""
    values = np.asarray(peaks)
    starts = np.unique(np.linspace(0, len(values), min(BINS, len(values)), endpoint=False).astype(int))
    highest = np.maximum.reduceat(values, starts)
    return [int(value) for value in np.round(100 * highest / highest.max())]


if __name__ == "__main__":
    main()
