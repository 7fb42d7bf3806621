"""One embedded server as a child process: start until it really answers, stop, start again on the same port."""

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
    """Somebody else took the port between the choice and the start; worth another try with other ports."""


class Killed(Unavailable):
    """Somebody ended it while it started; worth another try."""


class Lingering(Unavailable):
    """Sessions of the killed one before it have not noticed yet; worth another try."""


_LINGERING, _LINGERS_S = "pre-existing shared memory block", 0.3


def plain_environment() -> dict[str, str]:
    """For a server that is nobody's business but its own: where programs, temporary files and its language are."""
    names = ("PATH", "HOME", "TMPDIR", "LANG", "TZ", "LD_LIBRARY_PATH")
    return {name: value for name, value in os.environ.items() if name in names or name.startswith("LC_")}


@dataclass
class Server:
    """`answers()` says whether it serves right now; it may raise a StudioError to refuse for good."""

    name: str
    argv: Sequence[str]
    log: Path
    answers: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=plain_environment)
    cwd: Path | None = None
    user: str | None = None
    stop_sig: int = signal.SIGTERM
    death_sig: int = signal.SIGKILL
    proc: child.Child | None = field(default=None, init=False)

    def start(self, *, budget_s: float = 60.0, stop: threading.Event | None = None) -> None:
        """Returns when it answers. Raises PortTaken, or Unavailable with the end of its log; also once `stop` is set."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            begin = log.tell()
            self.proc = child.spawn(
                self.argv,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.cwd,
                user=self.user,
                death_sig=self.death_sig,
            )
        until = time.monotonic() + budget_s
        try:
            self._wait(until, begin, stop)
        except BaseException as error:
            self.stop(grace_s=1.0)
            if isinstance(error, Lingering) and time.monotonic() < until and not (stop or threading.Event()).wait(_LINGERS_S):
                self.start(budget_s=until - time.monotonic(), stop=stop)
                return
            raise

    def stop(self, *, sig: int | None = None, grace_s: float = 5.0) -> None:
        """Ends it; `sig=SIGKILL` plays a crash. Harmless when it does not run."""
        if self.proc is not None:
            child.stop(self.proc, sig=sig or self.stop_sig, grace_s=grace_s)
            self.proc = None

    @property
    def dead(self) -> bool:
        return self.proc is not None and self.proc.poll() is not None

    def _wait(self, until: float, log_begin: int, stop: threading.Event | None) -> None:
        while not self.answers():
            if self.dead:
                raise self._failed("ended at once", log_begin)
            if stop is not None and stop.is_set():
                raise self._failed("was not waited for", log_begin)
            if time.monotonic() > until:
                raise self._failed("does not answer", log_begin)
            time.sleep(0.02)

    def _failed(self, what: str, log_begin: int) -> Unavailable:
        with self.log.open("rb") as log:
            log.seek(log_begin)
            said = log.read().decode(errors="replace")[-3000:]
        taken = any(words in said.lower() for words in ("in use", "port allocation failed"))
        ended = self.proc.returncode if self.proc is not None else None
        if _LINGERING in said:
            return Lingering(f"{self.name} {what}. The end of its log ({self.log}):\n{said}".rstrip())
        kind = PortTaken if taken else Killed if ended is not None and ended < 0 else Unavailable
        return kind(f"{self.name} {what}. The end of its log ({self.log}):\n{said}".rstrip())
