"""The launcher of every child: sets its limits, ties it to its parent, then replaces itself by the real program.

Run as a file with `python -I -S`, so that it imports nothing of the project and no code has to run between fork and exec in the
(threaded) parent. Where the kernel cannot end a child with its parent (macOS) it stays as a supervisor instead.
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
    os.umask(0o077)  # files it writes are readable by its own account only
    _set_limits(spec)
    if spec["user"] is not None:
        os.setgroups([])
        os.setgid(spec["gid"])
        os.setuid(spec["user"])
    if spec["lifeline"] is not None:
        _supervise(argv, lifeline=spec["lifeline"])
    # After setuid, which clears the death signal; exec keeps it.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, spec["death_sig"], 0, 0, 0)
    if os.getppid() != spec["parent"]:
        os._exit(1)  # the parent ended before the death signal was set
    _exec(argv)


def _set_limits(spec: dict[str, Any]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for limit, value in (
        (resource.RLIMIT_AS, spec["memory_bytes"]),
        (resource.RLIMIT_CPU, spec["cpu_s"]),
        (resource.RLIMIT_NOFILE, spec["nofile"]),
    ):
        if value:
            _, hard = resource.getrlimit(limit)
            # The hard CPU limit is a second above the soft one, which sends SIGXCPU: the limit itself never causes a SIGKILL.
            hard_value = value + (limit == resource.RLIMIT_CPU)
            resource.setrlimit(limit, (value, hard_value) if hard == resource.RLIM_INFINITY else (min(value, hard), hard))
    if spec["nice"]:
        os.nice(spec["nice"])


def _exec(argv: list[str]) -> None:
    try:
        os.execv(argv[0], argv)
    except OSError as error:
        sys.stderr.write(f"{argv[0]} does not start: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(126)


def _supervise(argv: list[str], *, lifeline: int) -> None:
    """Runs the program and ends with its exit code or signal. `lifeline`: a pipe whose other end the parent holds; when the
    parent ends, the whole group is killed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # the program gets it too (same group) and decides when to end
    threading.Thread(target=_kill_with_parent, args=(lifeline,), daemon=True).start()
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


def _kill_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
