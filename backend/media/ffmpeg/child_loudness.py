"""`python -m backend.media.ffmpeg.child_loudness FILE`: loudness of a file's sound by EBU R 128, as one JSON line."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import av

from backend.media.ffmpeg.loudness_meter import measured


def main() -> None:
    try:
        answer: dict[str, object] = asdict(measured(Path(sys.argv[1])))
    except (av.FFmpegError, OSError, ValueError, MemoryError, IndexError) as error:
        answer = {"refused": (str(error).splitlines() or [type(error).__name__])[0][:200]}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
