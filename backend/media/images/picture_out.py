"""Pictures as they leave: a JPEG in sRGB, cropped, small enough, with nothing in it but pixels. Decoded in a child only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from dataclasses import asdict, dataclass

from backend.errors import ProcessKilled, Rejected, TimedOut
from backend.kit import child
from backend.settings import ROOT

_MEMORY_MB = 4096
_LONGEST_S = 60


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`of`: px of the whole picture as it is known, to which `box` (x, y, width, height) belongs; `size`: px it comes out as.

    `max_bytes`: the JPEG is made no larger, first by its quality, then by its size.
    """

    path: str
    out: str
    of: tuple[int, int]
    box: tuple[int, int, int, int]
    size: tuple[int, int]
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What was written: its sides, and the IPTC digital source type that the picture bore ("": none)."""

    width: int
    height: int
    source_type: str


def write(wanted: Outgoing) -> Generator[None, None, Left]:
    """Yields once a second while it works. Raises Rejected when the picture cannot be read, TimedOut on a busy machine."""
    argv = [sys.executable, "-m", "backend.media.images.picture_out_child", json.dumps(asdict(wanted))]
    proc = child.spawn(argv, cwd=ROOT, stdout=subprocess.PIPE, memory_mb=_MEMORY_MB, nofile=64, nice=5)
    said = "opening it needs too much memory"
    try:
        for waited, answer in enumerate(child.json_lines(proc, on_other=lambda _: None)):
            if answer and "refused" not in answer:
                return Left(**answer)
            if answer:
                said = str(answer["refused"])
                break
            if waited > _LONGEST_S:
                raise TimedOut("Preparing the picture took too long on this machine. It is tried again.")
            yield
        if child.killed(proc):
            raise ProcessKilled("The program that prepares the picture was ended from outside. It is started again.")
    finally:
        child.stop(proc, grace_s=0.5)
    raise Rejected("This picture cannot be read, so it cannot be posted. Take it out, or make it again.", detail=said)
