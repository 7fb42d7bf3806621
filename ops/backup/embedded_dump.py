"""Restores a dump into a stopped studio with embedded servers: as those are that `make upgrade` makes of a running studio whose
log nobody archives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from backend.errors import Unavailable
from backend.settings import Settings
from ops.backup.after_restore import RestoredFacts
from ops.backup.choice import RestoreChoice
from ops.backup.dump_restore import restore_dump
from ops.backup.encryption import SecretKey
from ops.backup.object_restore import RestoredObjects
from ops.backup.runs import SECRETS_PART
from ops.backup.targets import Target
from ops.local_stack import postgres, stack
from ops.local_stack.state import State


def restore_embedded_dump(
    settings: Settings,
    env: Mapping[str, str],
    state: State,
    target: Target,
    key: SecretKey,
    picked: RestoreChoice,
    report: Callable[[str], None],
) -> tuple[datetime, RestoredObjects, RestoredFacts, float, str]:
    """As `restore_dump`, and last where the database of before is. It is put back when the restore fails."""
    if not postgres.find_location(state, env, durable=True).data.exists():  # another machine: what was sealed needs its keys
        secrets = b"".join(target.read(f"{picked.last.cluster}/{SECRETS_PART}"))
        state.take_over(json.loads(key.decrypt(secrets)))
    with stack.boot(state, env={**env, "BACKUP_TARGET": ""}) as servers:
        if not servers.wait_storage():
            raise Unavailable("The storage did not start within a minute. Look at the disk's free space, then try again.")
        names = {name: servers.urls[name] for name in stack.S3_NAMES if name in servers.urls}
        names |= {name: state.secret(name) for name in ("STUDIO_APP_PASSWORD", "STUDIO_WORKER_PASSWORD")}
        aside = f"{postgres.NAME}_before_restore_{datetime.now(UTC):%Y%m%dt%H%M%S}"
        with _superuser(state) as connection:
            _rename(connection, postgres.NAME, aside)
            try:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(postgres.NAME), sql.Identifier(postgres.OWNER))
                )
                own_env = {**env, "DATABASE_OWNER_URL": servers.urls["DATABASE_OWNER_URL"]}
                restored = restore_dump(settings.replace(**names), own_env, target, key, picked, report)
            except BaseException:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(postgres.NAME)))
                _rename(connection, aside, postgres.NAME)
                raise
    return *restored, f"database {aside} in the studio's Postgres"


def _superuser(state: State) -> psycopg.Connection[tuple[object, ...]]:
    port, password = state.run["ports"]["postgres"], state.secret("POSTGRES_PASSWORD")
    return psycopg.connect(host="127.0.0.1", port=port, user="postgres", password=password, dbname="postgres", autocommit=True)


def _rename(connection: psycopg.Connection[tuple[object, ...]], name: str, to: str) -> None:
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(to)))
