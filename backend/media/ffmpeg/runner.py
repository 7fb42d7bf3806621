"""Finds the ffmpeg binary (the one of the requirements, or FFMPEG_BINARY), runs it for a graph of ffmpeg-python and reports the
number of finished frames."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Generator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from backend.errors import DiskFull, EngineUnavailable, OutOfMemory, ProcessKilled, Rejected
from backend.kit import child, disk
from backend.language import tr_lazy
from backend.media.ffmpeg.camera_frames import camera_argv
from backend.media.ffmpeg.camera_moves import FilmedStill
from backend.settings import ROOT, Settings

_VERSION = re.compile(r"ffmpeg version (?:n-?)?(\S+)")
_PROGRESS_ARGS = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-progress", "pipe:1"]
_YIELD_EVERY_S = 0.25
_CAMERA_MEMORY_MB = 4096
_KILLED = tr_lazy("The program that makes the video was ended from outside. It is started again.")
_NO_MEMORY = tr_lazy("There was not enough memory to make this video. Choose a smaller size or fewer seconds.")


def binary_path(settings: Settings) -> str:
    """Path of ffmpeg. Raises EngineUnavailable."""
    if configured := settings.engines.ffmpeg_binary:
        if path := shutil.which(configured):
            return path
        raise EngineUnavailable(
            tr_lazy(
                "FFMPEG_BINARY is {configured}, and there is no such program. Correct it, or leave it empty.",
                configured=repr(configured),
            )
        )
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise EngineUnavailable(
            tr_lazy("There is no ffmpeg for this machine in the requirements. Install one and set FFMPEG_BINARY to its path."),
            detail=str(error),
        ) from error


@lru_cache(maxsize=4)
def version(path: str) -> str:
    """The version that ffmpeg prints, e.g. `9.0.2-static`. Raises EngineUnavailable when it does not run."""
    try:
        output = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineUnavailable(
            tr_lazy("The program {path} does not run here. Set FFMPEG_BINARY to an ffmpeg that does.", path=path),
            detail=str(error),
        ) from error
    match = _VERSION.search(output)
    return match[1] if match else "unknown"


def render(graph: Any, out: Path, settings: Settings, *, stills: Sequence[FilmedStill] = ()) -> Generator[int, None, None]:
    """Runs `graph` (an ffmpeg-python output to `partial_path(out)`) and renames its file to `out` when it is complete.

    `stills`: camera moves that the graph reads (`still_streams`). Yields the number of finished frames, at least four times
    a second. Closing the generator stops the programs and leaves no partial file. Raises EngineUnavailable, DiskFull,
    OutOfMemory, ProcessKilled, Rejected (`detail`: end of the log).
    """
    part, log, camera_log = partial_path(out), out.with_suffix(".log"), out.with_suffix(".camera.log")
    argv = [
        str(argument)
        for argument in graph.global_args(*_PROGRESS_ARGS).compile(cmd=binary_path(settings), overwrite_output=True)
    ]
    done = 0

    def on_line(line: str) -> None:
        nonlocal done
        name, _, value = line.partition("=")
        if name == "frame" and value.strip().isdigit():
            done = int(value)

    camera, proc = None, None
    try:
        if stills:
            camera = _start_camera(stills, camera_log, settings)
        frames = camera.stdout if camera else None
        with log.open("wb") as log_file:
            proc = child.spawn(
                argv, cwd=out.parent, stdin=frames or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log_file, nice=5
            )
        if frames:
            frames.close()  # ffmpeg has it now: when it ends, the camera's writing ends too
        for _ in child.json_lines(proc, every_s=_YIELD_EVERY_S, on_other=on_line):
            yield done
        code = proc.wait()
        if camera:
            _check_camera(camera, camera_log)
        if code and child.killed(proc):
            raise ProcessKilled(_KILLED)
        if code:
            _raise_for_log(code, child.tail(log), out.parent)
        part.replace(out)
        yield done
    finally:
        for started in (proc, camera):
            if started:
                child.stop(started, sig=signal.SIGKILL)  # what it has written is removed
        for path in (part, log, camera_log):
            path.unlink(missing_ok=True)


def _start_camera(stills: Sequence[FilmedStill], log: Path, settings: Settings) -> child.Child:
    argv = camera_argv(stills, settings.engines.local.threads)
    with log.open("wb") as log_file:
        return child.spawn(
            argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=log_file, memory_mb=_CAMERA_MEMORY_MB, nofile=64, nice=5
        )


def _check_camera(camera: child.Child, log: Path) -> None:
    """Raises when the child did not draw all frames: ffmpeg takes their end for the film's."""
    if child.killed(camera):
        raise ProcessKilled(_KILLED)
    if camera.returncode == -signal.SIGKILL or "MemoryError" in child.tail(log):
        raise OutOfMemory(_NO_MEMORY)
    if camera.returncode:
        raise Rejected(tr_lazy("A picture could not be animated. Choose another one."), detail=child.tail(log))


def partial_path(out: Path) -> Path:
    """Where a file is written until it is complete. The suffix stays, because ffmpeg chooses the format by it."""
    return out.with_name(f"{out.stem}.part{out.suffix}")


def _raise_for_log(code: int, log_tail: str, folder: Path) -> None:
    if "No space left" in log_tail or disk.full(folder):  # then the log could not be written either
        raise DiskFull(disk.FULL, detail=log_tail)
    if "Cannot allocate memory" in log_tail or code == -9:
        raise OutOfMemory(_NO_MEMORY, detail=log_tail)
    if "Unknown encoder" in log_tail or "No such filter" in log_tail:
        raise EngineUnavailable(
            tr_lazy(
                "This ffmpeg lacks a part that is needed (x264, libass). Leave FFMPEG_BINARY empty to use the bundled one."
            ),
            detail=log_tail,
        )
    raise Rejected(
        tr_lazy("The video could not be made. Try again; if it happens again, choose another picture."), detail=log_tail
    )
