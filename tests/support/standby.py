"""A streaming standby of the test servers' Postgres, made with pg_basebackup -R as an operator would."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from backend.kit import child
from ops.local_stack import Stack, ports, postgres
from ops.local_stack.postgres import ClusterLocation
from ops.local_stack.server import Server, minimal_environment
from tests.support.wait import until


@dataclass(frozen=True, slots=True)
class Standby:
    server: Server
    port: int
    password: str

    def url(self, primary_url: str) -> str:
        """The same login and database, here."""
        return make_url(primary_url).set(port=self.port).render_as_string(hide_password=False)

    def pause_replay(self) -> None:
        self._command("SELECT pg_wal_replay_pause()")

    def resume_replay(self) -> None:
        self._command("SELECT pg_wal_replay_resume()")

    def wait_for_database(self, primary_url: str) -> str:
        """Until a database made after the base backup is here, too. Returns its URL."""
        url = self.url(primary_url)
        until(lambda: _connects(url), what="the database on the standby")
        return url

    def _command(self, statement: str) -> None:
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", password=self.password, dbname="postgres", autocommit=True
        ) as login:
            login.execute(statement)


def _connects(url: str) -> bool:
    try:
        psycopg.connect(url.replace("+psycopg", "")).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def standby_of(stack: Stack) -> Iterator[Standby]:
    """Runs beside the stack's own Postgres, in its folder. It has all databases there are."""
    primary, password = make_url(stack.urls["DATABASE_OWNER_URL"]), stack.state.secret("POSTGRES_PASSWORD")
    program, running = Path(stack.servers["postgres"].argv[0]), stack.servers["postgres"]
    data = Path(running.argv[2]).parent / "standby"
    data.mkdir(mode=0o700)
    if running.user:
        os.chown(data, pwd.getpwnam(running.user).pw_uid, pwd.getpwnam(running.user).pw_gid)
    source = f"host=127.0.0.1 port={primary.port} user=postgres password={password}"
    argv = [program.with_name("pg_basebackup"), "-D", data, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", source]
    made = child.spawn(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, user=running.user, cwd="/", env=minimal_environment()
    )
    output = made.communicate()[0].decode(errors="replace")
    assert child.stop(made) == 0, output
    port = ports.choose(["standby"], last={})["standby"]
    server = postgres.server(
        ClusterLocation(program, data, running.user),
        port=port,
        log=data.parent / "standby.log",
        durable=False,
        passwords=(password, str(primary.password)),
    )
    server.start()
    try:
        yield Standby(server, port, password)
    finally:
        server.stop()
        shutil.rmtree(data, ignore_errors=True)
