"""Alembic under an advisory lock, then the logins: owner (this one), app, worker, and the dispatch role."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ArgumentError, OperationalError

from backend.db.migrations.logins import Logins, check_server, make_logins
from backend.db.migrations.rights import allow_owners, grant_all
from backend.db.transactions import with_driver
from backend.errors import Invalid, Unavailable

_LOCK = 7_316_540_211


def migrate(owner_url: str, *, app_password: str = "", worker_password: str = "") -> Logins:
    """Upgrades the schema and creates the logins. Idempotent; any number of processes may call it at once. An empty password is
    replaced by a new random one.

    Raises Invalid (the server is too old, or the login lacks a right, with the SQL to run), Unavailable.
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
            try:
                with engine.begin() as connection:
                    logins = make_logins(connection, owner_url, app_password=app_password, worker_password=worker_password)
                    allow_owners(connection)  # migrations change rows of all workspaces
                    command.upgrade(alembic_config(connection), "head")
                    grant_all(connection)
            finally:
                lock.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": _LOCK})
    except OperationalError as error:
        raise Unavailable(f"The database does not let the owner's login in: {error.orig}".strip()) from error
    finally:
        engine.dispose()
    return logins


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
