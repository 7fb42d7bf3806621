"""One embedded server as a child process: start it and wait until it answers, stop it, start it again on the same port."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backend.errors import Unavailable
from backend.kit import child


class PortTaken(Unavailable):
    """Another program took the port between the choice and the start; can be tried again with other ports."""


class KilledAtStart(Unavailable):
    """It was killed while it started; can be tried again."""


class OldSessionsLinger(Unavailable):
    """Sessions of the killed server before it have not ended yet (Postgres: shared memory in use); can be tried again."""


_LINGERING_MESSAGE, _LINGER_RETRY_S = "pre-existing shared memory block", 0.3


def minimal_environment() -> dict[str, str]:
    """The environment of an embedded server: paths, temporary folder and language only, none of our settings."""
    names = ("PATH", "HOME", "TMPDIR", "LANG", "TZ", "LD_LIBRARY_PATH")
    return {name: value for name, value in os.environ.items() if name in names or name.startswith("LC_")}


@dataclass
class Server:
    """`answers()`: whether it serves right now; it may raise a StudioError to end the start for good."""

    name: str
    argv: Sequence[str]
    log: Path
    answers: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=minimal_environment)
    cwd: Path | None = None
    user: str | None = None
    stop_sig: int = signal.SIGTERM
    death_sig: int = signal.SIGKILL
    proc: child.Child | None = field(default=None, init=False)

    def start(self, *, budget_s: float = 60.0, stop: threading.Event | None = None) -> None:
        """Returns when it answers. Raises PortTaken or Unavailable, with the end of its log, after `budget_s` seconds or once
        `stop` is set."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            log_begin = log.tell()
            self.proc = child.spawn(
                self.argv,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.cwd,
                user=self.user,
                death_sig=self.death_sig,
            )
        deadline = time.monotonic() + budget_s
        try:
            self._wait(deadline, log_begin, stop)
        except BaseException as error:
            self.stop(grace_s=1.0)
            if (
                isinstance(error, OldSessionsLinger)
                and time.monotonic() < deadline
                and not (stop or threading.Event()).wait(_LINGER_RETRY_S)
            ):
                self.start(budget_s=deadline - time.monotonic(), stop=stop)
                return
            raise

    def stop(self, *, sig: int | None = None, grace_s: float = 5.0) -> None:
        """Ends it; `sig=SIGKILL` simulates a crash. Harmless when it does not run."""
        if self.proc is not None:
            child.stop(self.proc, sig=sig or self.stop_sig, grace_s=grace_s)
            self.proc = None

    @property
    def dead(self) -> bool:
        return self.proc is not None and self.proc.poll() is not None

    def _wait(self, deadline: float, log_begin: int, stop: threading.Event | None) -> None:
        while not self.answers():
            if self.dead:
                raise self._start_error("ended at once", log_begin)
            if stop is not None and stop.is_set():
                raise self._start_error("was not waited for", log_begin)
            if time.monotonic() > deadline:
                raise self._start_error("does not answer", log_begin)
            time.sleep(0.02)

    def _start_error(self, what: str, log_begin: int) -> Unavailable:
        with self.log.open("rb") as log:
            log.seek(log_begin)
            log_text = log.read().decode(errors="replace")[-3000:]
        is_port_taken = any(phrase in log_text.lower() for phrase in ("in use", "port allocation failed"))
        exit_code = self.proc.returncode if self.proc is not None else None
        if _LINGERING_MESSAGE in log_text:
            return OldSessionsLinger(f"{self.name} {what}. The end of its log ({self.log}):\n{log_text}".rstrip())
        kind = PortTaken if is_port_taken else KilledAtStart if exit_code is not None and exit_code < 0 else Unavailable
        return kind(f"{self.name} {what}. The end of its log ({self.log}):\n{log_text}".rstrip())
