"""Starts the project's own processes, restarts dead ones with growing delays, ends all of them."""

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
from ops.local_stack.fork_server import ForkServer
from ops.local_stack.services import Service
from ops.local_stack.state import State

_MAX_RESTART_DELAY_S = 60.0
_STABLE_AFTER_S = 20.0
"""A process that ran this long counts as stable: its next end counts as the first failure."""
_MAX_FIRST_STARTS = 3
"""Starts of a process that was killed before it ever answered. One that ends by itself then is not restarted at all: it would
end again."""


@dataclass
class RunningService:
    """`answered`: it has answered once, so it is restarted however it ends. `restart_at` 0: no restart is planned."""

    service: Service
    proc: child.Child | child.AdoptedChild
    started_at: float
    failures: int = 0
    restart_at: float = 0.0
    answered: bool = False


@dataclass
class Processes:
    """Call `check()` regularly and `stop()` at the end. `env`: the whole environment; each process gets its part.
    `fork_server`: where processes that share their imports come from; without it each is started by itself."""

    state: State
    env: Mapping[str, str]
    fork_server: ForkServer | None = None
    running: list[RunningService] = field(default_factory=list)

    def start(self, service: Service) -> RunningService:
        self.running.append(RunningService(service, self._spawn(service), time.monotonic()))
        return self.running[-1]

    def check(self) -> None:
        """Restarts dead processes after 1, 2, 4 … 60 s. Raises Unavailable when one that must answer never did."""
        for process in self.running:
            if process.proc.poll() is None:
                continue
            if not process.restart_at:
                self._plan_restart(process)
            elif time.monotonic() >= process.restart_at:
                process.proc, process.started_at, process.restart_at = self._spawn(process.service), time.monotonic(), 0.0

    def stop(self, *, last: str = "") -> None:
        """Ends all processes at the same time, each within its grace period; the one named `last` behind the others: people can
        read while workers end what they do."""
        groups = (
            [process for process in self.running if process.service.name != last],
            [process for process in self.running if process.service.name == last],
        )
        for group in groups:
            with ThreadPoolExecutor(max_workers=len(group) or 1) as pool:
                list(pool.map(lambda process: child.stop(process.proc, grace_s=process.service.stop_grace_s), reversed(group)))

    def kill_all(self) -> None:
        """Kills all processes: for a second Ctrl-C. Called from a signal handler."""
        for process in self.running:
            self._kill(process)

    def end_frozen(self, process: RunningService, silent_s: float) -> None:
        """Kills a process that runs but does not answer; `check()` restarts it."""
        name, log = process.service.name, self._log(process.service)
        print(f"{name} has not answered for {silent_s:.0f} s and is ended. Its log: {log}", file=sys.stderr, flush=True)
        self._kill(process)

    def failure_message(self, service: Service, what: str) -> str:
        log = self._log(service)
        return f"{service.name} {what}. The end of its log ({log}):\n{child.tail(log, 30)}"

    def _kill(self, process: RunningService) -> None:
        if process.proc.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.proc.pid, signal.SIGKILL)

    def _plan_restart(self, process: RunningService) -> None:
        code = child.stop(process.proc)  # what it left of its group
        process.failures = 1 if time.monotonic() - process.started_at > _STABLE_AFTER_S else process.failures + 1
        if process.service.must_answer and not process.answered and (code >= 0 or process.failures >= _MAX_FIRST_STARTS):
            raise Unavailable(self.failure_message(process.service, f"ended (code {code})"))
        pause = min(2.0 ** (process.failures - 1), _MAX_RESTART_DELAY_S)
        process.restart_at = time.monotonic() + pause
        name, log = process.service.name, self._log(process.service)
        print(f"{name} ended (code {code}); starting it again in {pause:.0f} s. Its log: {log}", file=sys.stderr, flush=True)

    def _spawn(self, service: Service) -> child.Child | child.AdoptedChild:
        log = self._log(service)
        log.parent.mkdir(parents=True, exist_ok=True)
        env = environment.service_environment(service, self.env)
        proc = (self._fork(service, env, log) if service.forked else None) or self._start_alone(service, env, log)
        self.state.note_child(service.name, proc.pid)
        return proc

    def _fork(self, service: Service, env: Mapping[str, str], log: Path) -> child.AdoptedChild | None:
        """None: there is no fork server, or it does not answer, and the process has to be started by itself."""
        if self.fork_server is None:
            return None
        _, module, *arguments = service.args
        try:
            return self.fork_server.fork(service.name, module, arguments, env=env, log=log)
        except Unavailable as error:
            print(f"{error.message}. {service.name} is started without it.", file=sys.stderr, flush=True)
            return None

    def _start_alone(self, service: Service, env: Mapping[str, str], log: Path) -> child.Child:
        with log.open("ab") as out:
            return child.spawn([sys.executable, *service.args], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)

    def _log(self, service: Service) -> Path:
        return self.state.folder / "log" / f"{service.name}.log"
