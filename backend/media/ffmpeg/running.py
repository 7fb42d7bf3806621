"""One run of ffmpeg: a graph of ffmpeg-python in, the number of frames done out, until its file is whole."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

from backend.errors import DiskFull, EngineUnavailable, OutOfMemory, ProcessKilled, Rejected
from backend.kit import child, disk
from backend.media.ffmpeg.binary import program
from backend.settings import Settings

_SAY = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-progress", "pipe:1"]
_EVERY_S = 0.5


def render(graph: Any, out: Path, settings: Settings) -> Generator[int, None, None]:
    """Runs `graph` (an ffmpeg-python output whose file is `part_of(out)`), then `out` is there.

    Yields the number of frames done, at least each half second.

    Closing the generator ends the process group and leaves no half file. Raises EngineUnavailable, DiskFull,
    OutOfMemory, ProcessKilled, Rejected (with ffmpeg's last words as `detail`).
    """
    part, log = part_of(out), out.with_suffix(".log")
    argv = [str(one) for one in graph.global_args(*_SAY).compile(cmd=program(settings), overwrite_output=True)]
    done = 0

    def heard(line: str) -> None:
        nonlocal done
        name, _, value = line.partition("=")
        if name == "frame" and value.strip().isdigit():
            done = int(value)

    with log.open("wb") as errors:
        proc = child.spawn(argv, cwd=out.parent, stdout=subprocess.PIPE, stderr=errors, nice=5)
    try:
        for _ in child.json_lines(proc, every_s=_EVERY_S, on_other=heard):
            yield done
        code = proc.wait()
        if code and child.killed(proc):
            raise ProcessKilled("The program that makes the film was ended from outside. It is started again.")
        if code:
            _explain(code, child.tail(log))
        part.replace(out)
        yield done
    finally:
        child.stop(proc, grace_s=0.5)
        part.unlink(missing_ok=True)
        log.unlink(missing_ok=True)


def part_of(out: Path) -> Path:
    """Where a file is written until it is whole; the ending stays, ffmpeg goes by it."""
    return out.with_name(f"{out.stem}.part{out.suffix}")


def _explain(code: int, said: str) -> None:
    if "No space left" in said:
        raise DiskFull(disk.FULL, detail=said)
    if "Cannot allocate memory" in said or code == -9:
        raise OutOfMemory("There was not enough memory to make this film. Choose a smaller size or fewer seconds.", detail=said)
    if "Unknown encoder" in said or "No such filter" in said:
        raise EngineUnavailable(
            "This ffmpeg lacks a part that is needed (x264, perspective). Leave FFMPEG_BINARY empty: one came along.",
            detail=said,
        )
    raise Rejected("The film could not be made. Try again; if it happens again, choose another picture.", detail=said)
