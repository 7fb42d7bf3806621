"""Alembic under an advisory lock, then the logins: owner (this one), app, worker, and the dispatch role."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection, create_engine, make_url, text

from backend.errors import Invalid
from backend.kit.db import with_driver
from backend.kit.ids import new_secret
from backend.migrations.rights import grant_all

_LOCK = 7_316_540_211


@dataclass(frozen=True, slots=True)
class Logins:
    """URLs of the confined logins, with the passwords they were given."""

    app_url: str
    worker_url: str


def migrate(owner_url: str, *, app_password: str = "", worker_password: str = "") -> Logins:
    """Idempotent; any number of processes may call it at once. Empty passwords are made anew (and set)."""
    app_password, worker_password = app_password or new_secret(), worker_password or new_secret()
    engine = create_engine(with_driver(owner_url), pool_pre_ping=True)
    try:
        with engine.connect() as lock:
            lock.execute(text("SELECT pg_advisory_lock(:n)"), {"n": _LOCK})
            try:
                with engine.begin() as connection:
                    _roles(connection, studio_app=app_password, studio_worker=worker_password)
                    command.upgrade(alembic_config(connection), "head")
                    grant_all(connection)
            finally:
                lock.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": _LOCK})
    finally:
        engine.dispose()
    return Logins(
        app_url=_url(owner_url, "studio_app", app_password), worker_url=_url(owner_url, "studio_worker", worker_password)
    )


def _url(owner_url: str, user: str, password: str) -> str:
    url = make_url(with_driver(owner_url)).set(username=user, password=password)
    return url.render_as_string(hide_password=False)


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _roles(connection: Connection, **passwords: str) -> None:
    known = set(connection.scalars(text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'studio%'")))
    driver = connection.connection.driver_connection
    assert driver is not None
    if "studio_dispatch" not in known:
        connection.execute(text("CREATE ROLE studio_dispatch NOLOGIN"))
    for name, password in passwords.items():
        statement = "ALTER ROLE {} PASSWORD {}" if name in known else "CREATE ROLE {} LOGIN PASSWORD {}"
        driver.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(password)))
    connection.execute(text("GRANT studio_dispatch TO studio_worker WITH INHERIT FALSE, SET TRUE"))


def check_confined(connection: Connection) -> None:
    """Raises Invalid when this login could see past row-level security: superuser, BYPASSRLS, or owner of our tables."""
    row = connection.execute(
        text(
            "SELECT r.rolname, r.rolsuper OR r.rolbypassrls AS above, EXISTS (SELECT FROM pg_class c WHERE c.relname = 'jobs' "
            "AND pg_has_role(r.oid, c.relowner, 'USAGE')) AS owner FROM pg_roles r WHERE r.rolname = current_user"
        )
    ).one()
    if row.above or row.owner:
        raise Invalid(
            f"The database login “{row.rolname}” can see past workspace borders. Give DATABASE_URL a plain login "
            "(run `python -m backend.migrations` with DATABASE_OWNER_URL set: it makes studio_app and studio_worker)."
        )
