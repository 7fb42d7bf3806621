"""Embedded Postgres: one cluster in the data folder, scram passwords, one owner login for migrations.

The programs of the wheel: docs/contracts/postgres.md, 4.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from backend.errors import Unavailable
from backend.kit import child
from ops.local_stack import binaries
from ops.local_stack.server import Server, plain_environment
from ops.local_stack.state import State

OWNER = "studio_owner"
NAME = "studio"
# Postgres refuses to run as root; nobody exists everywhere.
UNPRIVILEGED = "nobody"
_SYSTEM = Path("/var/lib/influencerai-studio")
# Survives the end of any process, not of the machine. (synchronous_commit=off would lose commits when a test kills Postgres.)
# autovacuum: its worker is a superuser's session, and a database it looks at cannot be dropped by the owner.
_NOT_DURABLE = ("fsync=off", "full_page_writes=off", "autovacuum=off")


@dataclass(frozen=True, slots=True)
class Home:
    """Where the cluster lies and who runs it (None: we ourselves). `throwaway` is removed at the end."""

    program: Path
    data: Path
    user: str | None
    throwaway: Path | None = None


def find_home(state: State, env: Mapping[str, str], *, durable: bool) -> Home:
    """The cluster's place, by major version, so that a new one never meets old files.

    Started as root we drop to nobody; where nobody may not reach the data folder or the programs (a private home), a folder
    of the system takes its place (a throw-away one for a stack that is not durable). Its name is kept beside the passwords, so
    that the data folder may be moved, and a new one starts empty.
    """
    program = binaries.postgres(env)
    major = str(binaries.postgres_major(program))
    folder = state.folder
    if os.geteuid() != 0:
        return Home(program, folder / "pg" / major, None)
    folder.chmod(folder.stat().st_mode | 0o001)
    if binaries.open_to_others(folder):
        place, throwaway = folder / "pg", None
    elif durable:
        place, throwaway = _SYSTEM / state.secret("POSTGRES_PLACE", _place_name), None
    else:
        place = throwaway = Path(tempfile.mkdtemp(prefix="studio-pg-"))
        throwaway.chmod(0o755)
    place.mkdir(parents=True, exist_ok=True)
    if not binaries.open_to_others(program):
        program = binaries.copy_postgres(program, place / "programs")
    return Home(program, place / major, UNPRIVILEGED, throwaway)


def _place_name() -> str:
    return secrets.token_hex(6)


def prepare(home: Home, *, password: str) -> None:
    """Makes the cluster when there is none (under another name first: a killed attempt leaves nothing half-made)."""
    if home.data.exists():
        return
    home.data.parent.mkdir(parents=True, exist_ok=True)
    fresh, pwfile = home.data.with_suffix(".new"), home.data.with_suffix(".pw")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    pwfile.touch(mode=0o600)
    try:
        pwfile.write_text(password)
        if home.user:
            owner = pwd.getpwnam(home.user)
            for path in (fresh, pwfile):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        _initdb(home, fresh, pwfile)
    finally:
        pwfile.unlink()
    fresh.rename(home.data)


def _initdb(home: Home, data: Path, pwfile: Path) -> None:
    """Builtin locale: the same order of text on every machine."""
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    login = ["-U", "postgres", "--auth=scram-sha-256", f"--pwfile={pwfile}"]
    argv: list[str | Path] = [
        home.program.with_name("initdb"),
        "-D",
        data,
        "-E",
        "UTF8",
        *locale,
        *login,
        "--no-sync",
        "--no-instructions",
    ]
    env = plain_environment()
    proc = child.spawn(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, user=home.user, cwd="/", env=env)
    try:
        said = proc.communicate()[0].decode(errors="replace")
    finally:
        code = child.stop(proc)
    if code != 0:
        raise Unavailable(f"Postgres could not make its folder {data}:\n{said[-2000:]}")


def server(home: Home, *, port: int, log: Path, durable: bool, passwords: tuple[str, str]) -> Server:
    """`passwords`: of the superuser (named postgres) and of the owner login. It answers once the owner's database is there."""
    settings = [f"shared_buffers={'128MB' if durable else '32MB'}", "max_connections=100", "timezone=UTC", "log_timezone=UTC"]
    options = [part for setting in (*settings, *(() if durable else _NOT_DURABLE)) for part in ("-c", setting)]
    return Server(
        name="Postgres",
        argv=[str(home.program), "-D", str(home.data), "-h", "127.0.0.1", "-p", str(port), "-k", "", *options],
        log=log,
        answers=lambda: _ready(port, *passwords),
        cwd=home.data.parent,
        user=home.user,
        stop_sig=signal.SIGINT,  # fast; SIGTERM would wait for every open session
        death_sig=signal.SIGINT,
    )


def url(port: int, password: str) -> str:
    return f"postgresql+psycopg://{OWNER}:{password}@127.0.0.1:{port}/{NAME}"


def _ready(port: int, superuser_password: str, owner_password: str) -> bool:
    try:
        login = psycopg.connect(
            host="127.0.0.1",
            port=port,
            user="postgres",
            password=superuser_password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise Unavailable(
                "The embedded Postgres does not take the password in secrets.json. Put back the secrets.json that belongs to "
                "this data folder."
            ) from error
        return False
    with login:
        _make_owner(login, owner_password)
    return True


def _make_owner(login: psycopg.Connection[tuple[object, ...]], password: str) -> None:
    """Idempotent. BYPASSRLS: migrations and backups see every workspace."""
    if login.execute("SELECT FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone() is None:
        role = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB BYPASSRLS PASSWORD {}")
        login.execute(role.format(sql.Identifier(OWNER), sql.Literal(password)))
    if login.execute("SELECT FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
        login.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(NAME), sql.Identifier(OWNER)))
