"""Finds processes that run and do nothing (stopped, deadlocked, cut off) and has them started again."""

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
from ops.local_stack.processes import Processes, Running

_HEALTH_S = 10.0
_SILENT_S = 90.0
"""How long a server may not answer its health. Long: a laptop under load is slow, and a restart would make it slower."""
_BUSY = 3
"""So many times as long for one that uses the processor meanwhile: it is slow, not stopped."""

Sign = Callable[[Running], object | None]
"""Something that is another each time while the process lives; None when nobody can tell now."""


@dataclass
class _Heard:
    proc: child.Child
    sign: object
    at: float
    cpu_s: float


@dataclass
class Watch:
    """`look()` every `every_s`. `signs`: by the service's name, with the seconds for which they may stay the same."""

    processes: Processes
    signs: Mapping[str, tuple[Sign, float]]
    every_s: float = 5.0
    _heard: dict[str, _Heard] = field(default_factory=dict)
    _looked: float = field(default_factory=time.monotonic)

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(self.every_s):
            self.look()

    def look(self) -> None:
        """Ends those that were silent for too long. A look that comes late says that this machine slept or is overloaded:
        then everyone gets the whole time anew."""
        began = time.monotonic()
        if began - self._looked > 3 * self.every_s + 2 * _HEALTH_S:
            self._heard.clear()
        for each in list(self.processes.running):
            known = self.signs.get(each.service.name)
            if known is None or each.proc.returncode is not None:
                continue
            sign, patience_s = known
            silent_s = self._silent(each, sign(each))
            if silent_s > patience_s * (_BUSY if self._busy(each) else 1):
                del self._heard[each.service.name]
                self.processes.end_frozen(each, silent_s)
        self._looked = time.monotonic()

    def _silent(self, each: Running, sign: object | None) -> float:
        now, before = time.monotonic(), self._heard.get(each.service.name)
        if before is None or before.proc is not each.proc or sign is None or sign != before.sign:
            self._heard[each.service.name] = _Heard(each.proc, sign, now, _cpu_s(each))
            return 0.0
        return now - before.at

    def _busy(self, each: Running) -> bool:
        return _cpu_s(each) - self._heard[each.service.name].cpu_s > 1.0


def health(each: Running) -> object:
    """Changes whenever it answers."""
    try:
        with urlopen(each.service.health, timeout=_HEALTH_S) as answer:
            return time.monotonic() if answer.status == 200 else "ill"
    except OSError:
        return "silent"


@dataclass
class Beats:
    """When workers of this machine were last seen, by Postgres. Only whether it moves is asked: clocks may be wrong."""

    url: str
    _login: psycopg.Connection[tuple[object, ...]] | None = None

    def __call__(self, each: Running) -> object | None:
        """None while Postgres is away, and until the worker has registered."""
        asked = "SELECT max(seen_at)::text FROM workers WHERE host = %s AND pid = %s"
        try:
            if self._login is None or self._login.closed:
                self._login = psycopg.connect(self.url, autocommit=True, connect_timeout=5)
                self._login.execute("SET statement_timeout = 5000")
            row = self._login.execute(asked, [socket.gethostname(), each.proc.pid]).fetchone()
        except psycopg.Error:
            self.close()
            return None
        return row[0] if row else None

    def close(self) -> None:
        if self._login is not None:
            self._login.close()
            self._login = None


def signs(running: Iterable[Running], *, database_url: str, lease_s: float) -> dict[str, tuple[Sign, float]]:
    """Servers are asked for their health, the others are workers: four leases of silence are too many."""
    beats = Beats(database_url.replace("+psycopg", ""))
    return {each.service.name: (health, _SILENT_S) if each.service.health else (beats, 4 * lease_s) for each in running}


def _cpu_s(each: Running) -> float:
    try:
        used = psutil.Process(each.proc.pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(used.user + used.system)
