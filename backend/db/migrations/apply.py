"""Alembic under an advisory lock, then the logins: owner (this one), app, worker, and the dispatch role."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from backend.db.migrations import contract
from backend.db.migrations.contract import Contract, Migration
from backend.db.migrations.logins import APP, WORKER, Logins, check_server, make_logins
from backend.db.migrations.rights import allow_owners, grant_all
from backend.db.transactions import with_driver
from backend.errors import Conflict, Invalid, StudioError, Unavailable

Result = TypeVar("Result")
_LOCK = 7_316_540_211
_LOCK_TIMEOUT_S = 3.0
"""A statement that waits for a table makes everybody wait who comes after it; so it gives up soon, and tries again later."""
_TRIES, _PAUSE_S = 6, 2.0
_LOCK_NOT_AVAILABLE, _DEADLOCK = "55P03", "40P01"
_SESSIONS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY(:logins) "
    "AND application_name <> 'studio-backup'"
)
_BLOCKERS = text(
    "SELECT DISTINCT a.usename || ' (process ' || a.pid || ')' FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
    "JOIN pg_class c ON c.oid = l.relation WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND l.granted "
    "AND c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1 LIMIT 3"
)
"""Since when they hold it, Postgres tells superusers only."""


class MigrationFailed(StudioError):
    """It was rolled back. The sentence says where the database is."""


def migrate(
    owner_url: str, *, app_password: str = "", worker_password: str = "", beside: bool = False, folder: Path = contract.FOLDER
) -> Logins:
    """Upgrades the schema and creates the logins. Idempotent; any number of processes may call it at once. An empty password is
    replaced by a new random one. A newer schema that still serves this code is left as it is.

    `beside`: while an older version runs. Refused (Conflict) where that version would break.

    Each migration is a transaction of its own, so that none keeps others waiting longer than it must, and what runs goes on
    after each. Where one takes something away from the version that the database is of, all of them are one transaction: after
    a failure that version can be started again. Whatever fails is rolled back.

    Raises Invalid (the server is too old, the login lacks a right, with the SQL to run; or the schema is too new),
    MigrationFailed, Unavailable.
    """
    if not owner_url:
        raise Invalid("DATABASE_OWNER_URL is not set. Give it the URL of the login that owns the studio's tables.")
    try:
        engine = create_engine(with_driver(owner_url), pool_pre_ping=True)
    except ArgumentError as error:
        raise Invalid("DATABASE_OWNER_URL is not a URL. It looks like postgresql://login:password@host:5432/studio.") from error
    try:
        with engine.connect() as lock:
            check_server(lock)
            lock.execute(text("SELECT pg_advisory_lock(:n)"), {"n": _LOCK})
            lock.commit()  # a transaction left open here would keep VACUUM from cleaning up behind the migrations
            try:
                return _upgrade(
                    engine,
                    folder,
                    beside=beside,
                    logins=lambda connection: make_logins(
                        connection, owner_url, app_password=app_password, worker_password=worker_password
                    ),
                )
            finally:
                lock.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": _LOCK})
    except OperationalError as error:
        raise Unavailable(f"The database does not let the owner's login in: {error.orig}".strip()) from error
    finally:
        engine.dispose()


def read_schema(owner_url: str) -> Contract:
    """What a database says of itself; of one from before contracts were declared, that it serves its own version."""
    engine = create_engine(with_driver(owner_url))
    try:
        with engine.connect() as connection:
            revision = _revision(connection)
            return contract.read_contract(connection) or Contract(revision, revision)
    except OperationalError as error:
        raise Unavailable(f"The database does not let the owner's login in: {error.orig}".strip()) from error
    finally:
        engine.dispose()


def alembic_config(connection: Connection, folder: Path = contract.FOLDER) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "newline")  # folders may have spaces
    config.set_main_option("version_locations", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _upgrade(engine: Engine, folder: Path, *, beside: bool, logins: Callable[[Connection], Logins]) -> Logins:
    with engine.begin() as connection:
        all_migrations = contract.migrations(alembic_config(connection, folder))
        current = _revision(connection)
        if current and current not in {migration.revision for migration in all_migrations}:
            return _on_newer_schema(connection, current, all_migrations[-1].revision, logins)
        pending = [migration for migration in all_migrations if migration.revision > current]
        breaking = [migration for migration in pending if current < migration.serves_since]
        if current and breaking and beside:
            _require_nobody(connection, current, breaking[-1])
    one_by_one = bool(current) and not breaking
    for migration in pending[:-1] if one_by_one else []:
        until = all_migrations[: all_migrations.index(migration) + 1]
        _run(engine, current, lambda connection, until=until: _apply(connection, until, folder))  # type: ignore[misc]
        current = migration.revision

    def finish(connection: Connection) -> Logins:
        new_logins = logins(connection)
        _apply(connection, all_migrations, folder)
        grant_all(connection)
        return new_logins

    return _run(engine, current, finish)


def _on_newer_schema(connection: Connection, current: str, head: str, logins: Callable[[Connection], Logins]) -> Logins:
    """Only the logins: rights and functions are those of the newer version."""
    declared = contract.read_contract(connection) or Contract(current, current)
    if declared.serves_since > head:
        raise Invalid(contract.too_new(declared, head))
    return logins(connection)


def _require_nobody(connection: Connection, current: str, breaking: Migration) -> None:
    if sessions := connection.scalar(_SESSIONS, {"logins": [APP, WORKER]}):
        raise Conflict(
            f"The running version was written for schema {current}, and migration {breaking.revision} "
            f"({breaking.why.rstrip('.')}) would break it; {sessions} of its connections are open. Stop its studio and workers "
            "first, then migrate. Nothing was changed."
        )


def _apply(connection: Connection, until: Sequence[Migration], folder: Path) -> None:
    allow_owners(connection)  # migrations change rows of all workspaces
    command.upgrade(alembic_config(connection, folder), until[-1].revision)
    contract.declare(connection, contract.serves_since(until))


def _run(engine: Engine, current: str, work: Callable[[Connection], Result]) -> Result:
    """`work` in a transaction; again when it had to wait for a lock. Raises MigrationFailed: the database is at `current`."""
    for tries_left in reversed(range(_TRIES)):
        try:
            with engine.begin() as connection:
                connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_S}s'"))
                return work(connection)
        except DBAPIError as error:
            sqlstate = getattr(error.orig, "sqlstate", None)
            if error.connection_invalidated or sqlstate is None:
                raise  # the server went away
            if sqlstate not in (_LOCK_NOT_AVAILABLE, _DEADLOCK):
                raise MigrationFailed(_failure(current, str(error.orig).strip().splitlines()[0])) from error
            if not tries_left:
                raise MigrationFailed(_failure(current, _who_holds(engine))) from error
        time.sleep(_PAUSE_S)
    raise AssertionError("the last try returns or raises")


def _failure(current: str, reason: str) -> str:
    where = f"The database is as it was, at schema {current}" if current else "The database is empty, as it was"
    return f"A migration failed and was rolled back: {reason}. {where}, and the version from before runs on it."


def _who_holds(engine: Engine) -> str:
    with engine.connect() as connection:
        blockers = list(connection.scalars(_BLOCKERS))
    holders = f"held by {', '.join(blockers)}" if blockers else "held by others"
    return f"it waited {_TRIES} times for a table that is {holders}; try again when that has ended"


def _revision(connection: Connection) -> str:
    """Of the schema; "" for an empty database."""
    if connection.scalar(text("SELECT to_regclass('public.alembic_version') IS NULL")):
        return ""
    return str(connection.scalar(text("SELECT max(version_num) FROM alembic_version")) or "")
