"""`python -m backend.media.ffmpeg.child_probe FILE`: a video's properties as one JSON line. Decodes its first and a middle
frame to find damaged files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import av


def main() -> None:
    try:
        answer = describe(Path(sys.argv[1]))
    except (av.FFmpegError, OSError, ValueError, MemoryError, IndexError) as error:
        answer = {"refused": (str(error).splitlines() or [type(error).__name__])[0][:200]}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def describe(path: Path) -> dict[str, Any]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context
        seconds = float(container.duration or 0) / av.time_base
        rate = stream.average_rate
        frames = stream.frames or (round(seconds * float(rate)) if rate else 0)
        next(container.decode(stream))
        if stream.duration and seconds > 0:
            container.seek(stream.duration // 2, stream=stream)
            next(container.decode(stream))
        return {
            "width": codec.width,
            "height": codec.height,
            "frames": frames,
            "fps": float(rate) if rate else 0.0,
            "seconds": seconds,
            "codec": codec.name,
            "pixels": str(codec.pix_fmt or ""),
            "sound": bool(container.streams.audio),
            "audio": container.streams.audio[0].codec_context.name if container.streams.audio else "",
        }


if __name__ == "__main__":
    main()
