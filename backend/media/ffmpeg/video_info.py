"""Reads a video's properties with PyAV, in a child process because the file may be hostile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from backend.errors import ProcessKilled, Rejected, TimedOut
from backend.kit import child
from backend.language import tr_lazy
from backend.settings import ROOT

CHILD = "backend.media.ffmpeg.child_probe"
_MEMORY_MB = 4096
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """`seconds` of the container; `codec` and `pixels` as ffmpeg names them (h264, yuv420p); `sound`: it has an audio track,
    with the codec `audio`."""

    width: int
    height: int
    frames: int
    fps: float
    seconds: float
    codec: str
    pixels: str
    sound: bool
    audio: str = ""


def probe(path: Path) -> Generator[None, None, VideoInfo]:
    """Yields once a second while the child works. Raises Rejected when the file is no whole video, TimedOut, ProcessKilled."""
    proc = child.spawn([sys.executable, "-m", CHILD, str(path)], cwd=ROOT, stdout=subprocess.PIPE, memory_mb=_MEMORY_MB)
    detail = "it could not be looked at"
    try:
        for seconds, answer in enumerate(child.json_lines(proc, on_other=lambda _: None)):
            if answer and "refused" not in answer:
                return VideoInfo(**answer)
            if answer:
                detail = str(answer["refused"])
                break
            if seconds > _TIMEOUT_S:
                raise TimedOut(tr_lazy("Checking the video took too long on this machine. It is tried again."))
            yield
        if child.killed(proc):
            raise ProcessKilled(tr_lazy("The program that checks the video was ended from outside. It is started again."))
    finally:
        child.stop(proc, grace_s=0.5)
    raise Rejected(tr_lazy("The finished video is incomplete. Try again."), detail=detail)
