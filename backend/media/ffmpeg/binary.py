"""Finds the ffmpeg binary: the one of the requirements (imageio-ffmpeg), or FFMPEG_BINARY."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import lru_cache

import imageio_ffmpeg

from backend.errors import EngineUnavailable
from backend.settings import Settings

_VERSION = re.compile(r"ffmpeg version (?:n-?)?(\S+)")


def binary_path(settings: Settings) -> str:
    """Path of ffmpeg. Raises EngineUnavailable."""
    if configured := settings.engines.ffmpeg_binary:
        if path := shutil.which(configured):
            return path
        raise EngineUnavailable(
            f"FFMPEG_BINARY is {configured!r}, and there is no such program. Correct it, or leave it empty."
        )
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise EngineUnavailable(
            "There is no ffmpeg for this machine in the requirements. Install one and set FFMPEG_BINARY to its path.",
            detail=str(error),
        ) from error


@lru_cache(maxsize=4)
def version(path: str) -> str:
    """The version that ffmpeg prints, e.g. `9.0.2-static`. Raises EngineUnavailable when it does not run."""
    try:
        output = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineUnavailable(
            f"The program {path} does not run here. Set FFMPEG_BINARY to an ffmpeg that does.", detail=str(error)
        ) from error
    match = _VERSION.search(output)
    return match[1] if match else "unknown"
