"""Files that ffmpeg makes for tests, and what its generators return."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.media import ffmpeg
from backend.settings import Settings

SETTINGS = Settings.read(env_file=None, ENGINE_THREADS=1)


def result(steps: Any) -> Any:
    """What a generator returns, when it has been run to its end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def maker(folder: Path) -> Callable[..., Path]:
    """`make("x.mp4", arguments of ffmpeg…)`: a file in `folder`."""

    def make(name: str, *options: object) -> Path:
        command = [ffmpeg.binary_path(SETTINGS), "-v", "error", "-y", *map(str, options), str(folder / name)]
        subprocess.run(command, check=True)
        return folder / name

    return make
