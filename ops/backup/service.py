"""The process that keeps the backups: ships the log, copies new objects, makes the backups that are due or asked for.

One runs for a studio (`make run` starts it when BACKUP_TARGET is set). What it knows it writes into `backup_status`, where the
System page reads it; a request of that page is a row of `backups`.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg

from backend.errors import Conflict, StudioError
from backend.settings import Settings
from ops.backup import log_shipment, schedule, source, status
from ops.backup.records import Kind
from ops.backup.runs import Backups, open_backups

_STEP_S = 5.0
SHIP_S = 15.0
_SAFETY_S = 60.0
_PLAN_S = 30.0
_OBJECTS_S = 60.0
_OBJECTS_SHARE = 20.0
"""Objects are looked for a twentieth of the time at most: a storage with a million of them takes a while to list."""
_RETRY_S = 600.0
"""After a backup that failed."""


@dataclass
class BackupService:
    """`step()` does what is due now; each part fails by itself, and what failed is last_message in the status."""

    backups: Backups
    _next: dict[str, float] = field(default_factory=dict)
    _fingerprint: str = ""
    _troubles: dict[str, str] = field(default_factory=dict)

    def step(self) -> None:
        """Returns after all parts that are due. Raises Conflict while another process makes a backup."""
        with self.backups.state.locked():
            self._part("log", SHIP_S, self._ship_log)
            self._part("objects", _OBJECTS_S, self._copy_objects)
            self._part("safety copy", _SAFETY_S, self._copy_safety)
            self._part("backup", _PLAN_S, self._make_due)
            self._requested()
        self._part("status", SHIP_S, self._write_status)

    def _part(self, name: str, every_s: float, work: Callable[[], None]) -> None:
        if time.monotonic() < self._next.get(name, 0.0):
            return
        self._next[name] = time.monotonic() + every_s
        try:
            work()
        except (StudioError, psycopg.Error, OSError) as error:
            message = sentence(error)
            if self._troubles.get(name) != message:
                _log(f"{name}: {message}")
            self._troubles[name] = message
            if name == "backup":
                self._next[name] = time.monotonic() + _RETRY_S
        else:
            self._troubles.pop(name, None)

    def _ship_log(self) -> None:
        folder = self.backups.database.log_folder
        if folder is None or self.backups.facts.method == "dump":
            return
        try:
            self.backups.ship_log()
            with self.backups.database.connect() as connection:
                source.require_archiving(connection)
        finally:
            if log_shipment.give_way(folder):
                self.backups.state.note(log_gap_at=datetime.now(UTC).isoformat())
                _log("The disk is nearly full: the log that waited for the target was given up. A full backup begins it anew.")

    def _copy_objects(self) -> None:
        began = time.monotonic()
        self.backups.copy_objects()
        self._next["objects"] = time.monotonic() + max(_OBJECTS_S, _OBJECTS_SHARE * (time.monotonic() - began))

    def _copy_safety(self) -> None:
        self._fingerprint = self.backups.copy_safety(self._fingerprint)
        self.backups.copy_secrets()

    def _make_due(self) -> None:
        if (kind := self._due()) is not None:
            self._make(kind)

    def _due(self) -> Kind | None:
        chosen, past = self.backups.settings.backup, self.backups.records()
        now, every = datetime.now().astimezone(), timedelta(hours=chosen.every_hours)
        if self.backups.facts.method == "dump":
            return "dump" if schedule.dump_due(past, now=now, every=every) else None
        begin = [self.backups.state.read_time(name) for name in ("restored_at", "log_gap_at")]
        since = max((at for at in begin if at), default=None)
        return schedule.due(past, now=now, full_at=schedule.parse_time(chosen.full_at), every=every, restored_at=since)

    def _requested(self) -> None:
        """A person pressed the button: made at once, whatever the schedule says."""
        with self.backups.database.connect() as connection:
            request_id = status.take_request(connection)
        if request_id:
            try:
                self._make(None, request_id)
            except StudioError as error:
                _log(f"backup: {error.message}")

    def _make(self, kind: Kind | None, request_id: str = "") -> None:
        def report(line: str) -> None:
            _log(line)
            if request_id:
                with self.backups.database.connect() as connection:
                    status.report_request(connection, request_id, line)

        self.backups.report = report
        try:
            record = self.backups.make(kind)
        except StudioError as error:
            with self.backups.database.connect() as connection:
                status.record_failure(connection, request_id, error.message)
            raise
        finally:
            self._next["status"] = 0.0
        _log(f"Backup {record.id} is complete and verified ({record.seconds:.0f} s).")
        with self.backups.database.connect() as connection:
            status.finish_request(connection, request_id)

    def _write_status(self) -> None:
        folder = self.backups.database.log_folder
        with self.backups.database.connect() as connection:
            status.write(
                connection,
                self.backups,
                log_lag=log_shipment.lag(folder) if folder and self.backups.facts.method == "physical" else None,
                trouble=" ".join(dict.fromkeys(self._troubles.values())),
            )


def serve(settings: Settings, env: Mapping[str, str], *, stop: threading.Event | None = None) -> int:
    """Until SIGTERM. A target or a database that is away is waited for."""
    stop = stop or _stop_on_signal()
    service: BackupService | None = None
    last_message = ""
    while not stop.is_set():
        try:
            service = service or BackupService(open_backups(settings, env, report=_log))
            service.step()
            last_message = ""
        except Conflict:
            pass  # `make backup` runs; everything is due again when it has ended
        except (StudioError, psycopg.Error, OSError) as error:
            if sentence(error) != last_message:
                _log(sentence(error))
            last_message = sentence(error)
        stop.wait(_STEP_S)
    return 0


def sentence(error: Exception) -> str:
    return error.message if isinstance(error, StudioError) else str(error).strip().splitlines()[0]


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _log(line: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}", file=sys.stderr, flush=True)
