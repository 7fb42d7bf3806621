"""The one JSON line that a program which reads a file of others answers with."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Generator
from typing import Any

from backend.errors import ProcessKilled
from backend.kit import child
from backend.language import tr_lazy
from backend.settings import ROOT

NO_ANSWER = {"refused": "damaged", "detail": "the program that reads it has ended"}
"""What stands for the answer of a program that had none, where it says `refused` of a damaged file."""


def child_answer(module: str, *arguments: str, memory_mb: int, cpu_s: int = 0) -> Generator[None, None, dict[str, Any] | None]:
    """Runs `python -m module arguments`, in as much memory and processor time. Yields four times a second; returns its answer,
    None where it ended without one. Closing the generator ends the program. Raises ProcessKilled."""
    # OpenMP's threads wait for each other by spinning, which costs seconds where other programs have the cores
    argv = ["env", "OMP_NUM_THREADS=1", sys.executable, "-m", module, *arguments]
    proc = child.spawn(argv, cwd=ROOT, stdout=subprocess.PIPE, memory_mb=memory_mb, cpu_s=cpu_s)
    try:
        for line in child.json_lines(proc, every_s=0.25, on_other=lambda _: None):
            if line:
                return line
            yield
        if child.killed(proc):
            raise ProcessKilled(tr_lazy("The program that reads the file was ended from outside. It is started again."))
        return None
    finally:
        child.stop(proc, sig=signal.SIGKILL)
