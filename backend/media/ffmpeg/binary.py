"""Which ffmpeg is run: the one that came with the requirements, or another by FFMPEG_BINARY."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import lru_cache

import imageio_ffmpeg

from backend.errors import EngineUnavailable
from backend.settings import Settings

_VERSION = re.compile(r"ffmpeg version (?:n-?)?(\S+)")


def program(settings: Settings) -> str:
    """Its path. Raises EngineUnavailable."""
    if wish := settings.ffmpeg_binary:
        if found := shutil.which(wish):
            return found
        raise EngineUnavailable(f"FFMPEG_BINARY is {wish!r}, and there is no such program. Correct it, or leave it empty.")
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise EngineUnavailable(
            "There is no ffmpeg for this machine in the requirements. Install one and set FFMPEG_BINARY to its path.",
            detail=str(error),
        ) from error


@lru_cache(maxsize=4)
def version(path: str) -> str:
    """As it says it: `9.0.2-static`. Raises EngineUnavailable when it does not run."""
    try:
        said = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineUnavailable(
            f"The program {path} does not run here. Set FFMPEG_BINARY to an ffmpeg that does.", detail=str(error)
        ) from error
    found = _VERSION.search(said)
    return found[1] if found else "unknown"
