"""The database that is backed up: how it is reached, which way it can be backed up, and Postgres's own programs for that."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psutil
import psycopg
from sqlalchemy import make_url

from backend.errors import Invalid, Unavailable
from backend.kit import child
from backend.settings import Settings
from ops.local_stack import binaries, postgres
from ops.local_stack.server import minimal_environment
from ops.local_stack.state import read_json

Connection = psycopg.Connection[tuple[Any, ...]]
MANIFEST = "backup_manifest"


class BackupProgramFailed(Unavailable):
    """One of Postgres's programs ended with an error. `detail`: what it said."""


@dataclass(frozen=True, slots=True)
class DatabaseSource:
    """`login`: host, port, user, password and dbname of a login that sees every row. `log_folder`: where Postgres puts its
    finished segments; None where nobody does. `programs`: folder with pg_basebackup and its siblings."""

    login: dict[str, str] = field(repr=False)
    programs: Path
    log_folder: Path | None

    def connect(self) -> Connection:
        """Raises Unavailable."""
        try:
            return psycopg.connect(**self.login, autocommit=True, connect_timeout=10, application_name="studio-backup")  # type: ignore[arg-type]
        except psycopg.OperationalError as error:
            raise Unavailable(f"The database does not answer: {str(error).strip()}") from error

    def run(self, program: str, *options: str | Path) -> str:
        """Runs one of Postgres's programs as this login; returns what it printed. Raises BackupProgramFailed."""
        login = ("-h", self.login["host"], "-p", self.login["port"], "-U", self.login["user"], "-w")
        return run_program(self.programs / program, *login, *options, password=self.login["password"])


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """`method`: physical (base backups and the log) or dump; `reason`: why not physical, "" if it is."""

    cluster: str
    major: int
    method: Literal["physical", "dump"]
    reason: str


def embedded_source(folder: Path) -> DatabaseSource:
    """Of the studio that runs in `folder`. Raises Unavailable when its Postgres does not run."""
    run_facts, stored_secrets = read_json(folder / "run.json"), read_json(folder / "secrets.json")
    port, cluster = run_facts.get("ports", {}).get("postgres"), run_facts.get("postgres") or _cluster_of_process(run_facts)
    if not run_facts.get("pid") or not port or not cluster:
        raise Unavailable(f"No studio runs in {folder}.")
    login = {"host": "127.0.0.1", "port": str(port), "user": "postgres", "password": stored_secrets["POSTGRES_PASSWORD"]}
    return DatabaseSource(
        login | {"dbname": postgres.NAME}, Path(cluster["program"]).parent, postgres.log_folder(Path(cluster["data"]))
    )


def _cluster_of_process(run_facts: Mapping[str, Any]) -> dict[str, str]:
    """Where the running cluster lies, which versions before 0.7.0 do not note in run.json. Empty when it does not run."""
    pids = [child_entry["pid"] for child_entry in run_facts.get("children", []) if child_entry["name"] == "postgres"]
    try:
        [command] = [psutil.Process(pid).cmdline() for pid in pids]
    except (psutil.Error, ValueError):
        return {}
    return {"program": command[0], "data": command[command.index("-D") + 1]} if "-D" in command else {}


def external_source(url: str, settings: Settings, env: Mapping[str, str]) -> DatabaseSource:
    """`url`: of the login that owns the studio's tables. Raises Unavailable without Postgres's programs."""
    parts = make_url(url)
    login = {
        "host": parts.host or "127.0.0.1",
        "port": str(parts.port or 5432),
        "user": parts.username or "",
        "password": parts.password or "",
        "dbname": parts.database or "",
    }
    folder = settings.backup.wal_folder.strip()
    return DatabaseSource(login, binaries.postgres(env).parent, Path(folder).expanduser() if folder else None)


def facts(connection: Connection, source: DatabaseSource) -> DatabaseFacts:
    version, archives = _value(connection, "SHOW server_version_num"), _value(connection, "SHOW archive_mode")
    may_replicate = _value(connection, "SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user")
    cluster, major = str(_cluster_id(connection)), int(version) // 10_000
    program_major = binaries.postgres_major(source.programs / "postgres")
    if not may_replicate:
        reason = "the login may not replicate (ALTER ROLE … REPLICATION)"
    elif source.log_folder is None:
        reason = "nobody archives its log for us (BACKUP_WAL_FOLDER)"
    elif archives == "off":
        reason = "archive_mode is off on the server"
    elif major != program_major:
        reason = f"the server is Postgres {major}, and the programs here are of {program_major}"
    else:
        return DatabaseFacts(cluster, major, "physical", "")
    return DatabaseFacts(cluster, major, "dump", reason)


def _cluster_id(connection: Connection) -> object:
    """The system identifier; where a managed server hides it, the database's own name and number."""
    try:
        return _value(connection, "SELECT system_identifier FROM pg_control_system()")
    except psycopg.errors.InsufficientPrivilege:
        return _value(connection, "SELECT current_database() || '-' || oid FROM pg_database WHERE datname = current_database()")


def require_archiving(connection: Connection) -> None:
    """Raises Unavailable while Postgres fails to hand its log over: a base backup would wait for that for ever."""
    row = connection.execute(
        b"SELECT last_failed_wal FROM pg_stat_archiver WHERE last_failed_time > coalesce(last_archived_time, '-infinity')"
    ).fetchone()
    if row:
        raise Unavailable(
            f"Postgres cannot archive its log (it failed on {row[0]}). Its own log, postgres.log, says why: perhaps the disk "
            "is full, or the folder for it cannot be written."
        )


def revision(connection: Connection) -> str:
    """Of the schema; "" for an empty database."""
    if _value(connection, "SELECT to_regclass('public.alembic_version') IS NULL"):
        return ""
    return str(_value(connection, "SELECT version_num FROM alembic_version"))


def has_accounts(connection: Connection) -> bool:
    """Not so in an empty database, nor in one of 0.6.0, which is backed up before it is upgraded."""
    return bool(_value(connection, "SELECT to_regclass('public.api_keys') IS NOT NULL"))


def base_backup(source: DatabaseSource, folder: Path, *, previous_manifest: Path | None) -> None:
    """A base backup into `folder`, verified; of what changed since `previous_manifest` if one is given.

    Raises BackupProgramFailed; an incremental one is refused where the server no longer has the summaries of its log.
    """
    options: list[str | Path] = ["-D", folder, "-c", "fast", "-X", "none", "--manifest-checksums=SHA256", "--no-sync"]
    if previous_manifest is not None:
        options += ["-i", previous_manifest]
    source.run("pg_basebackup", *options)
    verify(source.programs, folder)


def verify(programs: Path, folder: Path) -> None:
    """Compares each file with the manifest. Raises BackupProgramFailed."""
    run_program(programs / "pg_verifybackup", "-n", "-q", folder)


def combine(programs: Path, folders: Sequence[Path], into: Path) -> None:
    """Makes a whole cluster from a full backup and the incremental ones after it. Raises BackupProgramFailed."""
    run_program(programs / "pg_combinebackup", *folders, "-o", into, "--no-sync", "--manifest-checksums=SHA256")


def dump(source: DatabaseSource, path: Path) -> None:
    """A dump of the studio's database in Postgres's own format, which pg_restore reads."""
    source.run("pg_dump", "-d", source.login["dbname"], "-Fc", "-Z", "zstd:3" if _has_zstd(source) else "gzip:1", "-f", path)


def log_range(folder: Path) -> tuple[int, str, str]:
    """(timeline, first segment, last segment) of the log that a base backup needs, from its manifest."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    last = manifest["WAL-Ranges"][-1]
    first = manifest["WAL-Ranges"][0]
    return int(last["Timeline"]), _segment(first["Timeline"], first["Start-LSN"]), _segment(last["Timeline"], last["End-LSN"])


def copy_manifest(folder: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / MANIFEST, to)


def server_time(connection: Connection) -> datetime:
    at: datetime = _value(connection, "SELECT clock_timestamp()")
    return at.astimezone(UTC)


def run_program(program: Path, *options: str | Path, password: str = "", user: str | None = None) -> str:
    """Raises BackupProgramFailed with the end of what it said."""
    env = minimal_environment() | ({"PGPASSWORD": password} if password else {})
    with tempfile.TemporaryFile() as output:
        proc = child.spawn([program, *options], stdout=output, stderr=subprocess.STDOUT, env=env, user=user, cwd="/")
        try:
            proc.wait()
        finally:
            code = child.stop(proc)
        output.seek(0)
        text = output.read().decode(errors="replace").strip()
    if code != 0:
        raise BackupProgramFailed(f"{program.name} failed: {text[-1500:] or f'it ended with code {code}'}", detail=text[-4000:])
    return text


def _segment(timeline: int, lsn: str) -> str:
    """Name of the 16 MiB segment that holds the log position `high/low`."""
    high, low = (int(part, 16) for part in lsn.split("/"))
    return f"{timeline:08X}{high:08X}{low >> 24:08X}"


def _value(connection: Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _has_zstd(source: DatabaseSource) -> bool:
    text = run_program(source.programs / "pg_config", "--configure")
    return "zstd" in text


def source_of(settings: Settings, env: Mapping[str, str]) -> DatabaseSource:
    """The external database that the environment names, else the embedded one. Raises Unavailable when that does not run."""
    if url := env.get("DATABASE_OWNER_URL") or env.get("DATABASE_URL"):
        return external_source(url, settings, env)
    try:
        return embedded_source(settings.data_dir.resolve())
    except KeyError as error:
        raise Invalid(f"secrets.json lacks {error}: it does not belong to this data folder.") from error
