"""An embedded server that dies while the studio runs is started again on its port; everything else waits for it and goes on."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field

from backend.errors import Unavailable
from backend.kit import child
from backend.local_stack.server import Server
from backend.local_stack.stack import Stack

_PAUSES_S = (0.5, 1.0, 2.0)
"""Before each restart; when as many have failed, no more are tried."""
_STEADY_S = 60.0


@dataclass
class _Patient:
    """`failures`: restarts one after another that did not start, or ended again within a minute."""

    failures: int = 0
    restarted: float = 0.0
    again_at: float = 0.0


@dataclass
class Revival:
    """`check()` now and then. `stop`: set when the stack is to end, so that nobody waits for a server that starts."""

    stack: Stack
    stop: threading.Event
    _patients: dict[str, _Patient] = field(default_factory=dict)

    def check(self) -> None:
        """Blocks while a server starts. Raises Unavailable, with the end of its log, once three restarts have failed."""
        for name, server in self.stack.servers.items():
            patient = self._patients.setdefault(name, _Patient())
            if server.dead:
                self._ended(server, patient)
            if patient.again_at and time.monotonic() >= patient.again_at:
                self._start(name, server, patient)

    def _ended(self, server: Server, patient: _Patient) -> None:
        server.stop()  # what it left of its group
        steady = not patient.restarted or time.monotonic() - patient.restarted > _STEADY_S
        patient.failures = 0 if steady else patient.failures + 1
        self._plan(server, patient, "ended by itself")

    def _start(self, name: str, server: Server, patient: _Patient) -> None:
        patient.again_at = 0.0
        try:
            server.start(stop=self.stop)
        except Unavailable:  # what it said is in its log
            if not self.stop.is_set():
                patient.failures += 1
                self._plan(server, patient, "did not start")
            return
        patient.restarted = time.monotonic()
        assert server.proc is not None
        self.stack.state.note_child(name, server.proc.pid, sig=server.stop_sig)

    def _plan(self, server: Server, patient: _Patient, what: str) -> None:
        if patient.failures >= len(_PAUSES_S):
            raise Unavailable(
                f"{server.name} {what}, also after {patient.failures} restarts. "
                f"The end of its log ({server.log}):\n{child.tail(server.log, 30)}"
            )
        patient.again_at = time.monotonic() + _PAUSES_S[patient.failures]
        print(f"{server.name} {what}; starting it again. Its log: {server.log}", file=sys.stderr, flush=True)
