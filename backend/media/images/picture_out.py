"""Pictures for platforms: a JPEG in sRGB, cropped, small enough, without metadata. Decoded in a child process only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from dataclasses import asdict, dataclass

from backend.errors import ProcessKilled, Rejected, TimedOut
from backend.kit import child
from backend.language import tr_lazy
from backend.settings import ROOT

_MEMORY_MB = 4096
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class PictureDelivery:
    """`of`: (width, height) of the picture to which the crop `box` (x, y, width, height) refers; `size`: px of the result.

    `max_bytes`: limit of the JPEG, kept by lowering first its quality, then its size.
    """

    path: str
    out: str
    of: tuple[int, int]
    box: tuple[int, int, int, int]
    size: tuple[int, int]
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveredPicture:
    """The written JPEG: its sides in px, and the IPTC digital source type of the source picture ("": none)."""

    width: int
    height: int
    source_type: str


def deliver_picture(request: PictureDelivery) -> Generator[None, None, DeliveredPicture]:
    """Yields once a second while the child works. Raises Rejected (the picture cannot be read), TimedOut, ProcessKilled."""
    argv = [sys.executable, "-m", "backend.media.images.picture_out_child", json.dumps(asdict(request))]
    proc = child.spawn(argv, cwd=ROOT, stdout=subprocess.PIPE, memory_mb=_MEMORY_MB, nofile=64, nice=5)
    detail = "opening it needs too much memory"
    try:
        for seconds, answer in enumerate(child.json_lines(proc, on_other=lambda _: None)):
            if answer and "refused" not in answer:
                return DeliveredPicture(**answer)
            if answer:
                detail = str(answer["refused"])
                break
            if seconds > _TIMEOUT_S:
                raise TimedOut(tr_lazy("Preparing the picture took too long on this machine. It is tried again."))
            yield
        if child.killed(proc):
            raise ProcessKilled(tr_lazy("The program that prepares the picture was ended from outside. It is started again."))
    finally:
        child.stop(proc, grace_s=0.5)
    raise Rejected(
        tr_lazy("This picture cannot be read, so it cannot be posted. Remove it, or create it again."), detail=detail
    )
