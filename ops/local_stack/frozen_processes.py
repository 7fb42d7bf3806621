"""Finds processes that run but do nothing (stopped, deadlocked, cut off) and ends them, so that they are started again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.request import urlopen

import psutil
import psycopg

from backend.kit import child
from ops.local_stack.processes import Processes, RunningService

_HEALTH_S = 10.0
_MAX_SILENCE_S = 90.0
"""How long a server may leave its health check unanswered. Generous: a laptop under load is slow, and a restart would make it
slower."""
_BUSY_FACTOR = 3
"""A process that uses the processor meanwhile may be silent this many times as long: it is slow, not frozen."""

LifeSign = Callable[[RunningService], object | None]
"""Returns a value that changes while the process lives; None when that cannot be told right now."""


@dataclass
class _LastSign:
    proc: child.Child | child.AdoptedChild
    sign: object
    at: float
    cpu_s: float


@dataclass
class FrozenProcessWatch:
    """Checks every `every_s` seconds. `signs`: service name -> (sign, seconds for which it may stay the same)."""

    processes: Processes
    signs: Mapping[str, tuple[LifeSign, float]]
    every_s: float = 15.0
    _last_signs: dict[str, _LastSign] = field(default_factory=dict)
    _checked_at: float = field(default_factory=time.monotonic)

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(self.every_s):
            self.check()

    def check(self) -> None:
        """Ends processes that were silent for too long. A check that comes late means that this machine slept or is overloaded:
        then all counts start anew."""
        started_at = time.monotonic()
        if started_at - self._checked_at > 3 * self.every_s + 2 * _HEALTH_S:
            self._last_signs.clear()
        for process in list(self.processes.running):
            configured = self.signs.get(process.service.name)
            if configured is None or process.proc.returncode is not None:
                continue
            sign, patience_s = configured
            silent_s = self._silent_s(process, sign(process))
            if silent_s > patience_s * (_BUSY_FACTOR if self._is_busy(process) else 1):
                del self._last_signs[process.service.name]
                self.processes.end_frozen(process, silent_s)
        self._checked_at = time.monotonic()

    def _silent_s(self, process: RunningService, sign: object | None) -> float:
        now, last_change = time.monotonic(), self._last_signs.get(process.service.name)
        if last_change is None or last_change.proc is not process.proc or sign is None or sign != last_change.sign:
            self._last_signs[process.service.name] = _LastSign(process.proc, sign, now, _cpu_s(process))
            return 0.0
        return now - last_change.at

    def _is_busy(self, process: RunningService) -> bool:
        return _cpu_s(process) - self._last_signs[process.service.name].cpu_s > 1.0


def health_sign(process: RunningService) -> object:
    """Sign of a server: changes each time it answers its health check."""
    try:
        with urlopen(process.service.health, timeout=_HEALTH_S) as answer:
            return time.monotonic() if answer.status == 200 else "ill"
    except OSError:
        return "silent"


@dataclass
class WorkerHeartbeats:
    """Sign of a worker: its `seen_at` in Postgres. It is only compared for change, because the clocks may differ."""

    url: str
    _connection: psycopg.Connection[tuple[object, ...]] | None = None

    def __call__(self, process: RunningService) -> object | None:
        """None while Postgres is away, and until the worker has registered."""
        query = "SELECT max(seen_at)::text FROM workers WHERE host = %s AND pid = %s"
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self.url, autocommit=True, connect_timeout=5)
                self._connection.execute("SET statement_timeout = 5000")
            row = self._connection.execute(query, [socket.gethostname(), process.proc.pid]).fetchone()
        except psycopg.Error:
            self.close()
            return None
        return row[0] if row else None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def life_signs(running: Iterable[RunningService], *, database_url: str, lease_s: float) -> dict[str, tuple[LifeSign, float]]:
    """The signs of all services: the health check for servers; for the others, which are workers, heartbeats, with four leases
    of patience."""
    heartbeats = WorkerHeartbeats(database_url.replace("+psycopg", ""))
    return {
        process.service.name: (health_sign, _MAX_SILENCE_S) if process.service.health else (heartbeats, 4 * lease_s)
        for process in running
    }


def _cpu_s(process: RunningService) -> float:
    try:
        cpu_times = psutil.Process(process.proc.pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(cpu_times.user + cpu_times.system)
