"""Forks the studio and the workers from one process that has imported what they share: together they take a fifth less memory
than processes of their own, and start sooner.

The server runs no threads and is given no settings, so a fork inherits neither locks nor secrets; it gets its environment with
the request. Each fork is handed to the supervisor, which waits for it and ends it as if it had started it. Linux only, because
that needs PR_SET_CHILD_SUBREAPER.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from backend.errors import Unavailable
from backend.kit import child
from backend.settings import ROOT, foreign_environment

PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36
AVAILABLE = sys.platform == "linux"
_ANSWER_S = 60.0
"""For a fork; the first one waits for the imports too."""
_MAX_ANSWER_BYTES = 64
_ORPHAN_AFTER_S = 10.0
"""Longer than any of ours is left unwaited for: a health check of a server that is being started takes 5 s."""


@dataclass
class ForkServer:
    """The supervisor's side. `log`: what the server itself writes. Thread-safe."""

    log: Path
    _proc: child.Child | None = None
    _socket: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Returns at once; the server imports while others start. It is started again at the next fork if it has died."""
        with self._lock:
            self._start()

    def fork(
        self, name: str, module: str, arguments: Sequence[str], *, env: Mapping[str, str], log: Path
    ) -> child.AdoptedChild:
        """Runs `main()` of `module` in a fork, as a child of this process in its own process group that ends with it.

        `name`: of the process, as `ps -o comm` shows it (15 characters). `log`: gets its output. Raises Unavailable.
        """
        request = {
            "parent": os.getpid(),
            "name": name,
            "module": module,
            "arguments": list(arguments),
            "env": dict(env),
            "log": str(log),
        }
        with self._lock:
            if self._proc is None or self._proc.poll() is not None:
                self._stop()
                self._start()
            try:
                pid = self._ask(request)
            except (OSError, ValueError) as error:
                self._stop()
                raise Unavailable(f"The fork server does not answer ({error or 'it ended'}). Its log: {self.log}") from error
        return child.AdoptedChild(pid)

    def stop(self) -> None:
        """Ends the server; what it has forked goes on."""
        with self._lock:
            self._stop()

    def _start(self) -> None:
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        supervisor_end, server_end = socket.socketpair()
        supervisor_end.settimeout(_ANSWER_S)
        number = server_end.fileno()
        try:
            with server_end, self.log.open("ab") as out:
                argv = [sys.executable, "-m", "ops.local_stack.fork_server", "--socket", str(number)]
                env = foreign_environment() | {"PYTHONUNBUFFERED": "1"}
                self._proc = child.spawn(argv, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT, pass_fds=[number])
        except BaseException:
            supervisor_end.close()
            raise
        self._socket = supervisor_end

    def _ask(self, request: Mapping[str, Any]) -> int:
        assert self._socket is not None
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        return int(self._socket.recv(_MAX_ANSWER_BYTES))

    def _stop(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._proc is not None:
            child.stop(self._proc)
        self._proc = self._socket = None


@dataclass
class OrphanReaper:
    """Waits for processes that this one has inherited, as the children of a killed worker: nobody else does. Its own children
    are waited for within moments, so one that has been dead for longer is such an orphan."""

    _pid: int = 0
    _since: float = 0.0

    def check(self) -> None:
        """Call it regularly, after all own children have been polled."""
        try:
            dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            dead = None
        if dead is None or dead.si_pid != self._pid:
            self._pid, self._since = (dead.si_pid if dead else 0), time.monotonic()
        elif time.monotonic() - self._since > _ORPHAN_AFTER_S:
            os.waitpid(self._pid, os.WNOHANG)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", type=int, required=True, help="file descriptor that requests come from")
    connection = socket.socket(fileno=parser.parse_args().socket)
    _preload()
    request = _serve(connection)
    if request is not None:
        _become(request, connection)


def _preload() -> None:
    """Imports what workers and studio share. Frozen: a garbage collection in a fork would write to, and so copy, all of it."""
    from workers.main import load_handlers

    load_handlers()
    assert threading.active_count() == 1, "a fork has none of the threads that an import has started"
    gc.collect()
    gc.freeze()


def _serve(connection: socket.socket) -> dict[str, Any] | None:
    """Forks for each request. Returns the request in the fork, None in the server once the supervisor has gone."""
    with connection.makefile("rb") as requests:
        for line in requests:
            request: dict[str, Any] = json.loads(line)
            middle = os.fork()
            if middle == 0:
                own_pid = os.getpid()  # asked for before the fork: afterwards this process may be gone
                if os.fork():
                    os._exit(0)  # the supervisor becomes the parent of the fork
                return request | {"middle": own_pid}
            os.waitpid(middle, 0)
    return None


def _become(request: Mapping[str, Any], connection: socket.socket) -> NoReturn:
    """Makes this fork the process that was asked for, and runs it to its end."""
    os.setpgid(0, 0)
    while os.getppid() == request["middle"]:
        time.sleep(0.001)
    # After the parent has changed: the kernel sends the signal at the end of whoever is the parent then
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != request["parent"]:
        os._exit(1)
    log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ.clear()
    os.environ.update(request["env"])
    name = ctypes.create_string_buffer(str(request["name"]).encode()[:15])
    _prctl(PR_SET_NAME, ctypes.addressof(name))
    sys.argv = [request["module"], *request["arguments"]]
    connection.sendall(str(os.getpid()).encode())
    connection.close()
    raise SystemExit(importlib.import_module(request["module"]).main())


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, ctypes.c_ulong(value), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    main()
