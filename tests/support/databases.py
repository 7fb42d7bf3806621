"""One database a test, copied from a template that was migrated once per pytest process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from backend.kit.db import with_driver
from backend.migrations import migrate

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """postgresql+psycopg:// URLs of the same database: owner (above row-level security), app and worker logins."""

    owner: str
    app: str
    worker: str

    def of(self, database: str) -> DatabaseUrls:
        return DatabaseUrls(*(_named(url, database) for url in (self.owner, self.app, self.worker)))


def _named(url: str, database: str) -> str:
    return make_url(with_driver(url)).set(database=database).render_as_string(hide_password=False)


def _admin(owner_url: str) -> psycopg.Connection:
    return psycopg.connect(_named(owner_url, "postgres").replace("+psycopg", ""), autocommit=True)


def make_template(owner_url: str, name: str = "studio_template") -> DatabaseUrls:
    """Migrates a fresh database that others are copied from."""
    with _admin(owner_url) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = _named(owner_url, name)
    logins = migrate(url, app_password="app-secret", worker_password="worker-secret")
    return DatabaseUrls(url, logins.app_url, logins.worker_url)


@contextmanager
def copy_of(template: DatabaseUrls) -> Iterator[DatabaseUrls]:
    name, source = f"t{next(_numbers)}", make_url(template.owner).database
    with _admin(template.owner) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source or "")))
    yield template.of(name)
    with _admin(template.owner) as connection:
        for login in (template.app, template.worker):
            _hang_up(login, name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _hang_up(login: str, database: str) -> None:
    """Ends what killed processes left connected. Each login may end only its own sessions."""
    with psycopg.connect(_named(login, "postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s AND usename = current_user",
            [database],
        )
