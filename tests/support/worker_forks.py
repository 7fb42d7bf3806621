"""Worker processes by fork: importing the whole release takes seconds, and tests that kill many workers need many.

Each is a process of its own, with its own connections, as if `python -m workers.main …` had been called. Their parent, which
knows each by its number, is forked from a process with the release in it too (tests.support.warm_children).
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backend.kit import child
from backend.kit.launch import PR_SET_PDEATHSIG
from tests.support.wait import until

ROOT = Path(__file__).parent.parent.parent


@dataclass
class ForkedWorker:
    """A worker process, with the part of Popen's interface that tests use."""

    worker_forks: WorkerForks
    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self.worker_forks.ask(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float = 60) -> int:
        until(lambda: self.poll() is not None, timeout, what=f"the end of worker process {self.pid}")
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def stopped(self) -> bool:
        """By SIGSTOP."""
        result = subprocess.run(["ps", "-o", "stat=", "-p", str(self.pid)], capture_output=True, text=True, check=False)
        return result.stdout.strip().startswith("T")


class WorkerForks:
    """`with WorkerForks(handlers) as worker_forks: worker_forks.fork(…)`. All its workers end with it. `handlers`: imported
    before. `launcher`: what their children are started by (tests.support.warm_children)."""

    def __init__(self, handlers: str, *, launcher: Path) -> None:
        self._handlers, self._launcher = handlers, str(launcher)
        self._asking = threading.Lock()

    def __enter__(self) -> Self:
        argv = [sys.executable, "-m", "tests.support.worker_forks", self._handlers, self._launcher]
        self._process = child.spawn(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)
        child.stop(self._process)

    def fork(self, argv: Sequence[str], environment: dict[str, str], log: Path) -> ForkedWorker:
        """`python -m workers.main <argv>`, with `environment` in front of ours."""
        return ForkedWorker(self, self.ask(start=argv, environment={**os.environ, **environment}, log=str(log)))

    def ask(self, **order: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        with self._asking:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            return json.loads(self._process.stdout.readline())


def main(argv: Sequence[str]) -> int:
    """Orders come as JSON, one a line: `start` a worker, `poll` one."""
    from workers import main as worker

    importlib.import_module(argv[1])
    child._LAUNCH = argv[2]
    alive: set[int] = set()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        answer: int | None
        if "start" in order:
            answer = os.fork()
            if answer == 0:
                _become(order)
                raise SystemExit(worker.main(order["start"]))
            alive.add(answer)
        else:
            answer = _ended(order["poll"])
            alive -= {order["poll"]} if answer is not None else set()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    return 0


def _become(order: dict[str, Any]) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # no worker outlives a test run that was killed
    os.environ.clear()
    os.environ.update(order["environment"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)


def _ended(pid: int) -> int | None:
    ended_pid, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended_pid else None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
