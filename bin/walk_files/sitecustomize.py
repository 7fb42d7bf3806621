"""Notes which files of the repository run a function, in every Python process that has this folder in PYTHONPATH.

Python imports a module of this name by itself when it starts. `WALK_FILES` names a folder with the file `walk`: one byte, the
number of the walk that is on, 0 between walks. Each process appends lines `walk file` to `seen` there when it meets one for the
first time, so what a killed process ran is not lost.
"""

from __future__ import annotations

import inspect
import mmap
import os
import sys
import threading
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent.parent


def trace(folder: Path) -> None:
    """Notes what all threads of this process call from now on, and of processes that are forked from it."""
    with (folder / "walk").open("rb") as file:
        walk = mmap.mmap(file.fileno(), 1, access=mmap.ACCESS_READ)
    seen_file = os.open(folder / "seen", os.O_WRONLY | os.O_APPEND)
    seen: set[tuple[int, str]] = set()
    root = f"{ROOT}{os.sep}"

    def on_event(frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not walk[0]:
            return
        path, key = frame.f_code.co_filename, (walk[0], frame.f_code.co_filename)
        if key not in seen and path.startswith(root) and _counts(frame):
            seen.add(key)
            os.write(seen_file, f"{walk[0]} {path[len(root) :]}\n".encode())

    threading.setprofile(on_event)
    sys.setprofile(on_event)


def _counts(frame: FrameType) -> bool:
    """Functions count, and scripts that are run: pages and the main modules of processes. Bodies of modules and classes do not,
    nor what is called while a module is imported."""
    code, caller = frame.f_code, frame.f_back
    if not code.co_flags & inspect.CO_OPTIMIZED:
        return code.co_name == "<module>" and frame.f_globals.get("__name__") == "__main__"
    while caller:
        if caller.f_code.co_filename == "<frozen importlib._bootstrap>":
            return False
        caller = caller.f_back
    return True


if "WALK_FILES" in os.environ:
    trace(Path(os.environ["WALK_FILES"]))
