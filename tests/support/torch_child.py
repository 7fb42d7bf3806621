"""Code that needs torch, run in a child: torch stays out of the test process, and on Linux the child is forked with torch in it
(tests.support.warm_children)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from backend.kit import child

ROOT = Path(__file__).resolve().parent.parent.parent


def run_module(module: str, *argv: object, stdin: str = "") -> str:
    """What `python -m module argv` writes to standard output. AssertionError with its last words when it fails."""
    command = [sys.executable, "-m", module, *map(str, argv)]
    proc = child.spawn(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        said, complaints = proc.communicate(stdin.encode())
    finally:
        child.stop(proc)
    assert proc.returncode == 0, complaints.decode()[-2000:]
    return said.decode()


def run_code(code: str, *argv: object, stdin: str = "") -> str:
    """The same for `python -c code argv`."""
    return run_module("tests.support.torch_child", code, *argv, stdin=stdin)


if __name__ == "__main__":
    code = sys.argv.pop(1)
    exec(compile(code, "<torch_child>", "exec"), {"__name__": "__main__"})
