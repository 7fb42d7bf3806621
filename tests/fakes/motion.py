"""A motion engine whose video is a real one of a few frames, made once; it remembers its requests."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path
from typing import Any

from backend.engines.local.camera import CARDS
from backend.engines.ports.events import EngineStatus, Event, Output, Progress
from backend.engines.ports.motion import MotionCard, MotionRequest
from backend.media import ffmpeg
from backend.settings import Settings

MODULE = MotionCard("mm.ckpt", "AnimateDiff", True, "sd15", 512, 16, 8, 32, True, "Follows words.", "image")


@cache
def tiny_film() -> Path:
    """64 × 64 px, 4 frames at 8 per second, with a title in its metadata that must not be passed on."""
    path = Path(tempfile.mkdtemp(prefix="film-")) / "tiny.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=8", "-frames:v", "4", "-pix_fmt", "yuv420p"]
    binary = ffmpeg.binary_path(Settings.read(env_file=None))
    argv = [binary, "-v", "error", *source, "-metadata", "title=the prompt", str(path)]
    subprocess.run(argv, check=True)
    return path


class FakeMotion:
    """`at(point)` is called before each event: `film`, `end`."""

    name = "fake"

    def __init__(self, at: Callable[[str], None] = lambda point: None) -> None:
        self.requests: list[MotionRequest] = []
        self.closed = 0
        self._at = at

    def run(self, request: MotionRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        self.requests.append(request)
        done = False
        try:
            yield Progress(0, 4, "making the video")
            out = request.workdir / "film.mp4"
            shutil.copy(tiny_film(), out)
            self._at("film")
            yield Progress(4, 4, "making the video")
            yield Output(out, 0, {"width": 64, "height": 64, "frames": 4, "fps": 8})
            self._at("end")
            done = True
        finally:
            self.closed += not done

    def models(self) -> list[MotionCard]:
        return [*CARDS, MODULE]

    def status(self, device: str = "") -> EngineStatus:
        return EngineStatus(self.name, True, "1", "ready")
