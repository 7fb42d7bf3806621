"""A freshly migrated database for every test, reused where that is safe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from backend.db.migrations import migrate
from backend.db.transactions import with_driver

APP_PASSWORD, WORKER_PASSWORD = "app-secret", "worker-secret"
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


def _maintenance_connection(url: str) -> psycopg.Connection:
    """A connection of the same login to the maintenance database, which no test drops."""
    return psycopg.connect(_named(url, "postgres").replace("+psycopg", ""), autocommit=True)


def make_template(owner_url: str, name: str = "studio_template") -> DatabaseUrls:
    """Migrates a new database, from which others are copied."""
    url = fresh_database(owner_url, name)
    logins = migrate(url, app_password=APP_PASSWORD, worker_password=WORKER_PASSWORD)
    return DatabaseUrls(url, logins.app_url, logins.worker_url)


def fresh_database(owner_url: str, name: str) -> str:
    """The URL of a new, empty database of that login."""
    with _maintenance_connection(owner_url) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return _named(owner_url, name)


def make_login(maker_url: str, name: str, rights: str) -> str:
    """The URL of a new login of the cluster, with no more than `rights` (SQL)."""
    with _maintenance_connection(maker_url) as connection:
        connection.execute(sql.SQL(f"CREATE ROLE {{}} LOGIN PASSWORD 'plain-secret' {rights}").format(sql.Identifier(name)))
    return make_url(with_driver(maker_url)).set(username=name, password="plain-secret").render_as_string(hide_password=False)


class DatabasePool:
    """A pool of databases that look as if they had just been migrated.

    One is emptied and lent again: a tenth of what a copy costs, and copies were a fifth of the suite's time. Whoever changed
    more than rows (the schema, rights, statistics), or left somebody connected, has its database thrown away.
    """

    def __init__(self, template: DatabaseUrls) -> None:
        self._template = template
        self._ready: _Reusable | None = None

    @contextmanager
    def lend(self, *, processes: bool) -> Iterator[DatabaseUrls]:
        """`processes`: to a test that starts some, of which a connection may outlive them by a moment."""
        database = self._ready or _Reusable(self._template)
        self._ready = None
        yield database.urls
        if database.emptied(also_idle=processes):
            self._ready = database
        else:
            database.drop()

    def close(self) -> None:
        if self._ready:
            self._ready.drop()


class _Reusable:
    def __init__(self, template: DatabaseUrls) -> None:
        self._copy = copy_of(template)
        self.urls = self._copy.__enter__()
        self._owner = psycopg.connect(self.urls.owner.replace("+psycopg", ""), autocommit=True)
        self._logins = [_maintenance_connection(login) for login in (self.urls.app, self.urls.worker)]
        self._owner.execute("SET lock_timeout = '2s'")
        self._owner.execute(_MIGRATED_ROWS)
        self._clear = self._clearing()
        self._looks = self._look()

    def emptied(self, *, also_idle: bool) -> bool:
        """Whether it is as new again. Who is busy in it is sent away before, `also_idle` everybody."""
        database = str(make_url(self.urls.owner).database)
        try:
            for login in self._logins:
                login.execute(_END_SESSIONS, [database, also_idle])
            for (table,) in self._owner.execute(_DEAD_ROWS).fetchall():
                self._owner.execute(sql.SQL("TRUNCATE public.{} CASCADE").format(sql.Identifier(table)))
            self._owner.execute(self._clear, prepare=True)
            self._owner.execute(_RESTORE)
            return self._look() == self._looks
        except psycopg.Error:
            return False

    def drop(self) -> None:
        for connection in (self._owner, *self._logins):
            connection.close()
        self._copy.__exit__(None, None, None)

    def _clearing(self) -> sql.Composed:
        """All tables in one statement: foreign keys are looked at when it ends, so order and circles do not matter."""
        tables = self._owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        first, *others = [sql.SQL("DELETE FROM public.{}").format(sql.Identifier(table)) for (table,) in tables]
        named = [sql.SQL("t{} AS ({})").format(sql.SQL(str(n)), statement) for n, statement in enumerate(others)]
        return sql.SQL("WITH {} {}").format(sql.SQL(", ").join(named), first)

    def _look(self) -> object:
        return self._owner.execute(_FINGERPRINT).fetchone()


_MIGRATED_ROWS = """
CREATE SCHEMA kept;
DO $$ DECLARE t text; filled bool; BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', t) INTO filled;
    IF filled THEN EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', t, t); END IF;
  END LOOP; END $$"""
"""Remembers what the migrations wrote: a few rows of a few tables."""
_DEAD_ROWS = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 40 * 8192"""
"""Deleted rows keep their place until somebody vacuums. Emptying a table by TRUNCATE costs new files for it and for all that
refer to it, fifty times what deleting a test's rows does."""
_RESTORE = """
DO $$ DECLARE t text; BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'kept' LOOP
    EXECUTE format('INSERT INTO public.%I SELECT * FROM kept.%I', t, t);
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename), start_value, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
  END $$"""
_END_SESSIONS = """
SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
WHERE datname = %s AND usename = current_user AND (%s OR state IS DISTINCT FROM 'idle')"""
"""Ends the sessions of a login. Run by that login, because no other may see or end its sessions."""
_FINGERPRINT = """
SELECT (SELECT md5(string_agg(concat(oid, relname, relacl, relrowsecurity, relforcerowsecurity), ',' ORDER BY oid))
        FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT md5(string_agg(concat(oid, proname, md5(prosrc), proacl), ',' ORDER BY oid))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
       (SELECT md5(string_agg(concat(attrelid, attnum, attname, attnotnull, atthasdef), ',' ORDER BY attrelid, attnum))
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace),
       (SELECT md5(string_agg(oid::text, ',' ORDER BY oid)) FROM pg_constraint),
       (SELECT md5(string_agg(oid::text, ',' ORDER BY oid)) FROM pg_policy),
       (SELECT count(*) FROM pg_trigger),
       EXISTS (SELECT FROM pg_stats WHERE schemaname = 'public')"""
"""Everything that a test could change besides rows; statistics too, because they change Postgres's plans."""


@contextmanager
def copy_of(template: DatabaseUrls) -> Iterator[DatabaseUrls]:
    name, source = f"t{next(_numbers)}", make_url(template.owner).database
    with _maintenance_connection(template.owner) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source or "")))
    yield template.of(name)
    with _maintenance_connection(template.owner) as connection:
        for login in (template.app, template.worker):
            _end_sessions(login, name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _end_sessions(login: str, database: str) -> None:
    """Ends sessions that killed processes left open. Each login may end only its own."""
    with _maintenance_connection(login) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s AND usename = current_user",
            [database],
        )
