"""Restores a dump into an external Postgres that the studio uses: in one transaction, so that a restore which is cut off leaves
the database as it was."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from backend.db.migrations import migrate
from backend.errors import Conflict, Invalid
from backend.settings import Settings
from ops.backup import after_restore, archives, audit_archive, safety_copy, source
from ops.backup.choice import RestoreChoice
from ops.backup.encryption import SecretKey
from ops.backup.object_restore import RestoredObjects, restore_objects
from ops.backup.parts import fetch_part
from ops.backup.targets import Target

_PART = "database.dump.age"


def restore_dump(
    settings: Settings,
    env: Mapping[str, str],
    target: Target,
    key: SecretKey,
    picked: RestoreChoice,
    report: Callable[[str], None],
) -> tuple[datetime, RestoredObjects, after_restore.RestoredFacts, float]:
    """(moment, files, what was done so that nothing goes out twice, seconds). Raises Conflict while the studio runs, Invalid
    for a base backup, DamagedPart."""
    began, record = time.monotonic(), picked.last
    owner_url = env.get("DATABASE_OWNER_URL") or env["DATABASE_URL"]
    if record.kind != "dump":
        raise Invalid(
            f"{record.id} is a base backup of the whole server, which goes into a server of its own: see “With servers of your "
            "own” in docs/operate.md."
        )
    database = source.external_source(owner_url, settings, env)
    with database.connect() as connection:
        _refuse_running(connection)
        with tempfile.TemporaryDirectory(prefix="studio-restore-") as folder:
            path = Path(folder) / "database.dump"
            report(f"Fetching backup {record.id}")
            fetch_part(target, key, record, _PART, lambda plain: _save(plain, path))
            report("Restoring the database")
            options = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction"]
            database.run("pg_restore", "-d", database.login["dbname"], *options, path)
            fetch_part(
                target, key, record, "installation.age", lambda plain: archives.unpack(plain, Path(folder) / "installation")
            )
            audit_archive.put_back(Path(folder) / "installation", settings.data_dir)
        migrate(
            owner_url,
            app_password=settings.postgres.app_password.get_secret_value(),
            worker_password=settings.postgres.worker_password.get_secret_value(),
        )
        copy = safety_copy.read(target, key, record.cluster)
        facts = after_restore.make_safe(connection, copy, moment=record.finished_at)
    objects = restore_objects(settings, target, key, record, record.finished_at, report, owner_url=owner_url)
    return record.finished_at, objects, facts, round(time.monotonic() - began, 1)


def _refuse_running(connection: source.Connection) -> None:
    row = connection.execute(
        b"SELECT count(*) FROM pg_stat_activity "
        b"WHERE datname = current_database() AND usename IN ('studio_app', 'studio_worker')"
    ).fetchone()
    if row and row[0]:
        raise Conflict("The studio is running on this database. Stop all its processes: a running studio is not restored over.")


def _save(plain: BinaryIO, path: Path) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(plain, file, 1024 * 1024)
