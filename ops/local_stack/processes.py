"""Starts the project's own processes, starts the dead ones again (ever more slowly), ends all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from backend.errors import Unavailable
from backend.kit import child
from backend.settings import ROOT
from ops.local_stack import environment
from ops.local_stack.services import Service
from ops.local_stack.state import State

_KEPT_LOGS = 3
_SLOWEST_RESTART_S = 60.0
_STEADY_S = 20.0
"""Who ran for so long has started well: its next end is the first again, not one more of a row."""
_TRIES = 3
"""Of one that has never answered and was killed: what ends by itself before it answers would end again."""


@dataclass
class Running:
    """`answered`: it has been of use once, so it is started again however it ends."""

    service: Service
    proc: child.Child
    since: float
    failures: int = 0
    again_at: float = 0.0
    answered: bool = False


@dataclass
class Processes:
    """`check()` now and then; `stop()` at the end. `env`: what the user set, and all that we made; each gets its part."""

    state: State
    env: Mapping[str, str]
    running: list[Running] = field(default_factory=list)

    def start(self, service: Service) -> Running:
        self.running.append(Running(service, self._spawn(service), time.monotonic()))
        return self.running[-1]

    def check(self) -> None:
        """Starts dead ones again after 1, 2, 4 … 60 s. Raises Unavailable when one that must answer never did."""
        for each in self.running:
            if each.proc.poll() is None:
                continue
            if not each.again_at:
                self._plan_restart(each)
            elif time.monotonic() >= each.again_at:
                each.proc, each.since, each.again_at = self._spawn(each.service), time.monotonic(), 0.0

    def stop(self) -> None:
        """All at once, each within its grace."""
        with ThreadPoolExecutor(max_workers=len(self.running) or 1) as pool:
            list(pool.map(lambda each: child.stop(each.proc, grace_s=each.service.stop_grace_s), reversed(self.running)))

    def hurry(self) -> None:
        """From a signal handler: who presses Ctrl-C twice does not want to wait."""
        for each in self.running:
            self._kill(each)

    def end_frozen(self, each: Running, silent_s: float) -> None:
        """It runs and does not answer: `check()` starts it again."""
        name, log = each.service.name, self._log(each.service)
        print(f"{name} has not answered for {silent_s:.0f} s and is ended. Its log: {log}", file=sys.stderr, flush=True)
        self._kill(each)

    def told(self, service: Service, what: str) -> str:
        log = self._log(service)
        return f"{service.name} {what}. The end of its log ({log}):\n{child.tail(log, 30)}"

    def _kill(self, each: Running) -> None:
        if each.proc.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(each.proc.pid, signal.SIGKILL)

    def _plan_restart(self, each: Running) -> None:
        child.stop(each.proc)  # what it left of its group
        code = each.proc.returncode
        each.failures = 1 if time.monotonic() - each.since > _STEADY_S else each.failures + 1
        if each.service.must_answer and not each.answered and (code >= 0 or each.failures >= _TRIES):
            raise Unavailable(self.told(each.service, f"ended (code {code})"))
        pause = min(2.0 ** (each.failures - 1), _SLOWEST_RESTART_S)
        each.again_at = time.monotonic() + pause
        name, log = each.service.name, self._log(each.service)
        print(f"{name} ended (code {code}); starting it again in {pause:.0f} s. Its log: {log}", file=sys.stderr, flush=True)

    def _spawn(self, service: Service) -> child.Child:
        log = self._log(service)
        log.parent.mkdir(parents=True, exist_ok=True)
        env = environment.of_service(service, self.env)
        with log.open("ab") as out:
            proc = child.spawn([sys.executable, *service.args], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)
        self.state.note_child(service.name, proc.pid)
        return proc

    def _log(self, service: Service) -> Path:
        return self.state.folder / "log" / f"{service.name}.log"


def rotate_logs(folder: Path) -> None:
    """a.log becomes a.log.1 and so on; the oldest goes. Makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in sorted(folder.glob("*.log")):
        for n in range(_KEPT_LOGS - 1, -1, -1):
            older = log.with_name(f"{log.name}.{n}") if n else log
            if older.exists():
                older.replace(log.with_name(f"{log.name}.{n + 1}"))
