"""Embedded Postgres: one cluster in the data folder, scram passwords, one owner login for migrations.

The programs of the wheel: docs/contracts/postgres.md, 4.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from backend.errors import Unavailable
from backend.kit import child
from ops.local_stack import binaries
from ops.local_stack.server import Server, minimal_environment
from ops.local_stack.state import State

OWNER = "studio_owner"
NAME = "studio"
# Postgres refuses to run as root; nobody exists everywhere.
UNPRIVILEGED = "nobody"
_SYSTEM_FOLDER = Path("/var/lib/influencerai-studio")
# Survives the end of any process, not of the machine. (synchronous_commit=off would lose commits when a test kills Postgres.)
# autovacuum: its worker is a superuser's session, and a database it looks at cannot be dropped by the owner.
_NOT_DURABLE = ("fsync=off", "full_page_writes=off", "autovacuum=off")


@dataclass(frozen=True, slots=True)
class ClusterLocation:
    """Where the cluster lies, and the account that runs it (None: our own). `ephemeral_dir` is removed at the end."""

    program: Path
    data: Path
    user: str | None
    ephemeral_dir: Path | None = None


def find_location(state: State, env: Mapping[str, str], *, durable: bool) -> ClusterLocation:
    """The cluster's location, with a folder for each major version, because a newer server cannot open older files.

    As root we run Postgres as `nobody`. Where `nobody` cannot reach the data folder or the programs (a private home folder),
    the cluster goes to a system folder (a temporary one for a stack that is not durable). Its random name is stored beside the
    passwords, so that the data folder can be moved, and a new data folder gets an empty cluster.
    """
    program = binaries.postgres(env)
    major = str(binaries.postgres_major(program))
    folder = state.folder
    if os.geteuid() != 0:
        return ClusterLocation(program, folder / "pg" / major, None)
    folder.chmod(folder.stat().st_mode | 0o001)
    if binaries.open_to_others(folder):
        base, ephemeral_dir = folder / "pg", None
    elif durable:
        base, ephemeral_dir = _SYSTEM_FOLDER / state.secret("POSTGRES_PLACE", _random_folder_name), None
    else:
        base = ephemeral_dir = Path(tempfile.mkdtemp(prefix="studio-pg-"))
        ephemeral_dir.chmod(0o755)
    base.mkdir(parents=True, exist_ok=True)
    if not binaries.open_to_others(program):
        program = binaries.copy_postgres(program, base / "programs")
    return ClusterLocation(program, base / major, UNPRIVILEGED, ephemeral_dir)


def _random_folder_name() -> str:
    return secrets.token_hex(6)


def prepare(home: ClusterLocation, *, password: str) -> None:
    """Makes the cluster if there is none; under another name first, so that a killed attempt leaves nothing half-made."""
    if home.data.exists():
        return
    home.data.parent.mkdir(parents=True, exist_ok=True)
    new_cluster, pwfile = home.data.with_suffix(".new"), home.data.with_suffix(".pw")
    shutil.rmtree(new_cluster, ignore_errors=True)
    new_cluster.mkdir(mode=0o700)
    pwfile.touch(mode=0o600)
    try:
        pwfile.write_text(password)
        if home.user:
            owner = pwd.getpwnam(home.user)
            for path in (new_cluster, pwfile):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        _initdb(home, new_cluster, pwfile)
    finally:
        pwfile.unlink()
    new_cluster.rename(home.data)


def _initdb(home: ClusterLocation, data: Path, pwfile: Path) -> None:
    """Runs initdb, with the builtin locale: text sorts the same on every machine."""
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
    env = minimal_environment()
    proc = child.spawn(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, user=home.user, cwd="/", env=env)
    try:
        output = proc.communicate()[0].decode(errors="replace")
    finally:
        code = child.stop(proc)
    if code != 0:
        raise Unavailable(f"Postgres could not make its folder {data}:\n{output[-2000:]}")


def server(
    home: ClusterLocation,
    *,
    port: int,
    log: Path,
    durable: bool,
    passwords: tuple[str, str],
    more_settings: Sequence[str] = (),
) -> Server:
    """`passwords`: of the superuser (postgres) and of the owner login. It counts as ready once the owner's database exists.
    `more_settings`: as `archive_mode=on`."""
    settings = [f"shared_buffers={'128MB' if durable else '32MB'}", "max_connections=100", "timezone=UTC", "log_timezone=UTC"]
    options = [part for setting in (*settings, *(() if durable else _NOT_DURABLE), *more_settings) for part in ("-c", setting)]
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


def log_folder(data: Path) -> Path:
    """Where Postgres puts the finished segments of its log when it archives them (ops/backup takes them from there)."""
    return data.parent / "wal-archive"


def archiving(home: ClusterLocation) -> tuple[str, ...]:
    """Settings with which the log is archived, a segment a minute at least; makes its folder.

    A segment is copied under another name first and never written over: one that is there already is accepted only when it is
    the same, which happens when Postgres died between the copy and its own note of it.
    """
    folder = log_folder(home.data)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if home.user:
        owner = pwd.getpwnam(home.user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    place = shlex.quote(str(folder)).replace("%", "%%")
    copied = f"{place}/%f.gz"
    command = (
        f"if test -f {copied}; then gzip -dc {copied} | cmp -s - %p; else "
        f"gzip -1 < %p > {place}/.%f.tmp && sync {place}/.%f.tmp && mv {place}/.%f.tmp {copied}; fi"
    )
    return ("archive_mode=on", "archive_timeout=60", "summarize_wal=on", f"archive_command={command}")


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
    """Creates the owner login and its database. Idempotent. BYPASSRLS: migrations and backups see every workspace."""
    if login.execute("SELECT FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone() is None:
        role = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB BYPASSRLS PASSWORD {}")
        login.execute(role.format(sql.Identifier(OWNER), sql.Literal(password)))
    if login.execute("SELECT FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
        login.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(NAME), sql.Identifier(OWNER)))
