"""Replays the log into a base backup up to a moment, and lets us in with today's passwords."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql

from backend.errors import Unavailable
from ops.backup.source import Connection
from ops.local_stack import ports, postgres
from ops.local_stack.server import Server
from ops.local_stack.state import State

_BUDGET_S = 4 * 3600.0
_ENDED_EARLY = "recovery ended before configured recovery target was reached"


@dataclass(frozen=True, slots=True)
class RecoveredDatabase:
    """`connection`: the superuser's. `reached`: the last change that was replayed, None without one. `timeline`: the new one.
    `owner_url`: of the login that owns the tables."""

    connection: Connection
    reached: datetime | None
    ended_early: bool
    timeline: int
    owner_url: str


@contextmanager
def recovered(
    state: State,
    home: postgres.ClusterLocation,
    *,
    log_folder: Path,
    timeline: int,
    at: datetime | None,
    fetch_all: Callable[[], None],
) -> Iterator[RecoveredDatabase]:
    """Starts Postgres on `home`, which has a `recovery.signal`, and stops it at the end. It archives nothing meanwhile.

    `log_folder`: segments of the log; `fetch_all` is called for all of them when those end before `at`. The passwords of the
    data may be others than those of today (they are renewed with `make rotate`), so we come in by a socket in a folder that
    nobody else can enter.
    """
    log = state.folder / "log" / "restore.log"
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    port = ports.choose(["postgres"], last=state.run.get("ports", {}))["postgres"]
    with _private_folder(home.user) as door:
        server = _server(state, home, port, log, door, log_folder, timeline=timeline, at=at)
        ended_early = False
        try:
            server.start(budget_s=_BUDGET_S)
        except Unavailable:
            if at is None or _ENDED_EARLY not in log.read_text(errors="replace"):
                raise
            ended_early = True
            fetch_all()
            (home.data / "recovery.signal").touch()
            server = _server(state, home, port, log, door, log_folder, timeline=timeline, at=None)
            server.start(budget_s=_BUDGET_S)
        assert server.proc is not None
        state.note_child("postgres", server.proc.pid, sig=signal.SIGINT, ports={"postgres": port})
        try:
            with _connect(door, port, postgres.NAME) as connection:
                yield _opened(state, connection, port, ended_early=ended_early)
        finally:
            server.stop(grace_s=60.0)


def _opened(state: State, connection: Connection, port: int, *, ended_early: bool) -> RecoveredDatabase:
    owner_password = state.secret("STUDIO_OWNER_PASSWORD")
    for name, password in (("postgres", state.secret("POSTGRES_PASSWORD")), (postgres.OWNER, owner_password)):
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(password)))
    row = connection.execute(b"SELECT pg_last_xact_replay_timestamp(), pg_walfile_name(pg_current_wal_lsn())").fetchone()
    assert row is not None
    return RecoveredDatabase(connection, row[0], ended_early, int(row[1][:8], 16), postgres.url(port, owner_password))


def _server(
    state: State,
    home: postgres.ClusterLocation,
    port: int,
    log: Path,
    door: Path,
    log_folder: Path,
    *,
    timeline: int,
    at: datetime | None,
) -> Server:
    place = str(log_folder).replace("%", "%%")
    settings = [
        "archive_mode=off",
        f"restore_command=cp '{place}/%f' '%p'",
        "recovery_target_action=promote",
        f"recovery_target_timeline={timeline}",
        f"unix_socket_directories={door}",
        f"hba_file={door / 'pg_hba.conf'}",
    ]
    if at is not None:
        settings.append(f"recovery_target_time={at:%Y-%m-%d %H:%M:%S.%f}+00")
    passwords = state.secret("POSTGRES_PASSWORD"), state.secret("STUDIO_OWNER_PASSWORD")
    server = postgres.server(home, port=port, log=log, durable=True, passwords=passwords, more_settings=settings)
    server.answers = lambda: _is_promoted(door, port)
    return server


@contextmanager
def _private_folder(user: str | None) -> Iterator[Path]:
    """A short path, because that of a socket has 107 characters at most."""
    folder = Path(tempfile.mkdtemp(prefix="studio-pg-"))
    (folder / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    if user:
        owner = pwd.getpwnam(user)
        for path in (folder / "pg_hba.conf", folder):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _connect(door: Path, port: int, database: str) -> Connection:
    return psycopg.connect(host=str(door), port=port, user="postgres", dbname=database, connect_timeout=5, autocommit=True)


def _is_promoted(door: Path, port: int) -> bool:
    try:
        with _connect(door, port, "postgres") as login:
            row = login.execute(b"SELECT pg_is_in_recovery()").fetchone()
    except psycopg.OperationalError:
        return False
    return row is not None and not row[0]
