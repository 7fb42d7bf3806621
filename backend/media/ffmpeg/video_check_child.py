"""`python -m backend.media.ffmpeg.video_check_child FILE FORMAT MAX_SECONDS`: looks at a video of others and says what it is,
or what is wrong with it, as one JSON line. Reads it to its end, and decodes the frames that stand alone."""

from __future__ import annotations

import json
import re
import sys
from collections import deque
from pathlib import Path
from typing import Any

import av
from av.video.stream import VideoStream

_HDR_TRANSFERS = {16, 18}
"""SMPTE 2084 (PQ) and ARIB STD-B67 (HLG), by their numbers in ISO/IEC 23091-2."""
_NO_MATRIX = {2, 3}
"""Unspecified and reserved, of the matrix coefficients there."""
_DAMAGED_SHARE = 0.1
_LEAST_SHARE = 0.9
"""How much of the length that a file declares must be there."""
_MARK = re.compile(rb"digitalsourcetype/([A-Za-z]{3,60})")
_MARK_BYTES = 2 * 1024**2
"""How much of a file's beginning and end is looked through for an AI mark."""


def main() -> None:
    path, name, max_seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    try:
        answer = describe(path, name, max_seconds)
    except (av.FFmpegError, OSError, ValueError, MemoryError, IndexError) as error:
        answer = {"refused": "damaged", "detail": (str(error).splitlines() or [type(error).__name__])[0][:200]}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def describe(path: Path, name: str, max_seconds: float) -> dict[str, Any]:
    """The fields of OwnVideo, or {"refused": code}."""
    with av.open(str(path), format=name) as container:
        films = [stream for stream in container.streams.video if not stream.disposition & av.stream.Disposition.attached_pic]
        if not films:
            return {"refused": "sound" if container.streams.audio else "damaged"}
        stream = films[0]
        declared_s = float(container.duration or 0) / av.time_base
        if declared_s > max_seconds:
            return {"refused": "long"}
        first = next(container.decode(stream))
        turned = first.rotation % 180 != 0
        size = (first.height, first.width) if turned else (first.width, first.height)
        transfer = int(stream.codec_context.color_trc or 0)
        untagged = first.format.name.startswith("yuv") and int(first.colorspace) in _NO_MATRIX
        container.seek(0)
        packets, seconds, damaged, whole = _read(container, stream, max_seconds)
        if seconds > max_seconds:
            return {"refused": "long"}
        if packets < 2 or seconds <= 0:
            return {"refused": "still"}
        if damaged > _DAMAGED_SHARE * whole or seconds < _LEAST_SHARE * declared_s - 0.5:
            return {"refused": "damaged", "detail": f"{damaged} of {whole} frames; {seconds:.1f} of {declared_s:.1f} s"}
        sound = bool(container.streams.audio)
    values = {"width": size[0], "height": size[1], "fps": packets / seconds, "seconds": seconds, "sound": sound}
    return {**values, "hdr": transfer in _HDR_TRANSFERS, "untagged": untagged, "source_type": source_type(path)}


def _read(container: Any, stream: VideoStream, max_seconds: float) -> tuple[int, float, int, int]:
    """(packets, seconds, frames that stand alone and cannot be decoded, frames that stand alone) to the end of the file."""
    stream.codec_context.skip_frame = "NONKEY"
    packets, damaged, whole = 0, 0, 0
    first_s, last_s, steps = float("inf"), 0.0, deque[float](maxlen=30)
    for packet in container.demux(stream):
        if packet.pts is None:
            continue
        at_s = float(packet.pts * packet.time_base)
        packets += 1
        steps.append(float((packet.duration or 0) * packet.time_base))
        first_s, last_s = min(first_s, at_s), max(last_s, at_s)
        if last_s - first_s > max_seconds:
            break
        if packet.is_keyframe:
            whole += 1
            try:
                packet.decode()
            except av.FFmpegError:
                damaged += 1
    return packets, max(0.0, last_s - first_s) + (max(steps) if steps else 0.0), damaged, whole


def source_type(path: Path) -> str:
    """The last word of the IPTC digital source type that the file names, "" if it names none."""
    with path.open("rb") as file:
        parts = [file.read(_MARK_BYTES)]
        file.seek(max(_MARK_BYTES, path.stat().st_size - _MARK_BYTES))
        parts.append(file.read(_MARK_BYTES))
    for part in parts:
        if match := _MARK.search(part):
            return match[1].decode()
    return ""


if __name__ == "__main__":
    main()
