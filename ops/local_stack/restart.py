"""Restarts an embedded server that dies while the studio runs, on the same port; everything else waits for it and goes on."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from backend.errors import Unavailable
from ops.local_stack.server import Server
from ops.local_stack.stack import Stack

_FIRST_DELAY_S, _MAX_DELAY_S = 0.5, 60.0
_STABLE_AFTER_S = 60.0
_START_TIMEOUT_S = 300.0
"""For a start. Long, because Postgres may have much to recover, and ending it earlier would make it begin anew."""


@dataclass
class _RestartState:
    """`failures`: starts in a row that did not succeed, or whose server ended again within a minute."""

    failures: int = 0
    restarted: float = 0.0
    restart_at: float = 0.0
    starting: Future[None] | None = None


@dataclass
class ServerRestarts:
    """Call `check()` regularly. `stop`: set when the stack is to end, so that nobody waits for a server that is starting.

    It never gives up: a full disk or a damaged file can be repaired while everything else waits.
    """

    stack: Stack
    stop: threading.Event
    _restarts: dict[str, _RestartState] = field(default_factory=dict)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(thread_name_prefix="revival"))

    def check(self) -> None:
        """Returns at once: servers start in the background, each by itself."""
        for name, server in self.stack.servers.items():
            restart = self._restarts.setdefault(name, _RestartState())
            if restart.starting is not None:
                self._check_start(name, server, restart)
            elif restart.restart_at:
                if time.monotonic() >= restart.restart_at:
                    restart.restart_at = 0.0
                    restart.starting = self._threads.submit(server.start, budget_s=_START_TIMEOUT_S, stop=self.stop)
            elif server.dead:
                self._on_end(server, restart)

    def close(self) -> None:
        """Waits until no server is being started; `stop` is set before."""
        self._threads.shutdown()

    def _on_end(self, server: Server, restart: _RestartState) -> None:
        server.stop()  # what it left of its group
        ran_long = not restart.restarted or time.monotonic() - restart.restarted > _STABLE_AFTER_S
        restart.failures = 0 if ran_long else restart.failures + 1
        self._schedule(server, restart, "ended by itself")

    def _check_start(self, name: str, server: Server, restart: _RestartState) -> None:
        assert restart.starting is not None
        if not restart.starting.done():
            return
        try:
            restart.starting.result()
        except Unavailable as error:
            if not self.stop.is_set():
                restart.failures += 1
                self._schedule(server, restart, "did not start", error.message)
            return
        finally:
            restart.starting = None
        restart.restarted = time.monotonic()
        assert server.proc is not None
        self.stack.state.note_child(name, server.proc.pid, sig=server.stop_sig)

    def _schedule(self, server: Server, restart: _RestartState, what: str, why: str = "") -> None:
        pause = min(_FIRST_DELAY_S * 2.0**restart.failures, _MAX_DELAY_S)
        restart.restart_at = time.monotonic() + pause
        print(f"{server.name} {what}; starting it again in {pause:.3g} s. Its log: {server.log}", file=sys.stderr)
        if why:
            print(why, file=sys.stderr)
        sys.stderr.flush()
