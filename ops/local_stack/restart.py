"""An embedded server that dies while the studio runs is started again on its port; everything else waits for it and goes on."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from backend.errors import Unavailable
from ops.local_stack.server import Server
from ops.local_stack.stack import Stack

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0
_STEADY_S = 60.0
_BUDGET_S = 300.0
"""For a start: Postgres may have much to repair, and ending it before it has would begin that anew."""


@dataclass
class _Patient:
    """`failures`: starts one after another that did not succeed, or ended again within a minute."""

    failures: int = 0
    restarted: float = 0.0
    again_at: float = 0.0
    starting: Future[None] | None = None


@dataclass
class Revival:
    """`check()` now and then. `stop`: set when the stack is to end, so that nobody waits for a server that starts.

    It never gives up: a full disk or a damaged file can be mended while everything else waits.
    """

    stack: Stack
    stop: threading.Event
    _patients: dict[str, _Patient] = field(default_factory=dict)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(thread_name_prefix="revival"))

    def check(self) -> None:
        """Returns at once: servers start in the background, each by itself."""
        for name, server in self.stack.servers.items():
            patient = self._patients.setdefault(name, _Patient())
            if patient.starting is not None:
                self._look(name, server, patient)
            elif patient.again_at:
                if time.monotonic() >= patient.again_at:
                    patient.again_at = 0.0
                    patient.starting = self._threads.submit(server.start, budget_s=_BUDGET_S, stop=self.stop)
            elif server.dead:
                self._ended(server, patient)

    def close(self) -> None:
        """Waits until no server is being started; `stop` is set before."""
        self._threads.shutdown()

    def _ended(self, server: Server, patient: _Patient) -> None:
        server.stop()  # what it left of its group
        steady = not patient.restarted or time.monotonic() - patient.restarted > _STEADY_S
        patient.failures = 0 if steady else patient.failures + 1
        self._plan(server, patient, "ended by itself")

    def _look(self, name: str, server: Server, patient: _Patient) -> None:
        assert patient.starting is not None
        if not patient.starting.done():
            return
        try:
            patient.starting.result()
        except Unavailable as error:
            if not self.stop.is_set():
                patient.failures += 1
                self._plan(server, patient, "did not start", error.message)
            return
        finally:
            patient.starting = None
        patient.restarted = time.monotonic()
        assert server.proc is not None
        self.stack.state.note_child(name, server.proc.pid, sig=server.stop_sig)

    def _plan(self, server: Server, patient: _Patient, what: str, why: str = "") -> None:
        pause = min(_FIRST_PAUSE_S * 2.0**patient.failures, _LONGEST_PAUSE_S)
        patient.again_at = time.monotonic() + pause
        print(f"{server.name} {what}; starting it again in {pause:.3g} s. Its log: {server.log}", file=sys.stderr)
        if why:
            print(why, file=sys.stderr)
        sys.stderr.flush()
