"""The first program of every child: takes the limits, ties itself to its parent, then becomes the real program.

Run as a file with `python -I -S`, so that nothing of ours is imported and nothing runs between fork and exec in the
(threaded) parent. Where the kernel cannot tie a child to its parent (macOS) it stays as a minder instead.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from typing import Any

PR_SET_PDEATHSIG = 1


def main() -> None:
    spec: dict[str, Any] = json.loads(sys.argv[1])
    argv = sys.argv[2:]
    _take_limits(spec)
    if spec["user"] is not None:
        os.setgroups([])
        os.setgid(spec["gid"])
        os.setuid(spec["user"])
    if spec["lifeline"] is not None:
        _mind(argv, lifeline=spec["lifeline"])
    # After setuid, which clears it. Kept across exec.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, spec["death_sig"], 0, 0, 0)
    if os.getppid() != spec["parent"]:
        os._exit(1)  # the parent was gone before we were tied to it
    _become(argv)


def _take_limits(spec: dict[str, Any]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for limit, value in (
        (resource.RLIMIT_AS, spec["memory_bytes"]),
        (resource.RLIMIT_CPU, spec["cpu_s"]),
        (resource.RLIMIT_NOFILE, spec["nofile"]),
    ):
        if value:
            _, hard = resource.getrlimit(limit)
            resource.setrlimit(limit, (value, value) if hard == resource.RLIM_INFINITY else (min(value, hard), hard))
    if spec["nice"]:
        os.nice(spec["nice"])


def _become(argv: list[str]) -> None:
    try:
        os.execv(argv[0], argv)
    except OSError as error:
        sys.stderr.write(f"{argv[0]} does not start: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(126)


def _mind(argv: list[str], *, lifeline: int) -> None:
    """The parent holds the other end of `lifeline`: when it is gone, so are we and the whole group."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # the program got it too (same group) and decides when to end
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
    try:
        code = subprocess.Popen(argv).wait()
    except OSError as error:
        sys.stderr.write(f"{argv[0]} does not start: {error.strerror}\n")
        code = 126
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def _end_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
