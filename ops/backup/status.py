"""The rows in which pages read about backups: `backups`, `backup_status`. Written by a login that sees all of the database."""

from __future__ import annotations

import json
from datetime import timedelta

from backend.kit.ids import new_id
from ops.backup.log_shipment import LogLag
from ops.backup.records import BackupRecord
from ops.backup.runs import Backups
from ops.backup.source import Connection

_FAILED_KEPT = timedelta(days=30)


def take_request(connection: Connection) -> str:
    """The id of a backup that somebody asked for and nobody makes; "" if there is none. It counts as running from then on; one
    that a killed process left running is taken again."""
    row = connection.execute(
        b"""UPDATE backups SET state = 'running' WHERE id = (SELECT id FROM backups WHERE state IN ('requested', 'running')
            ORDER BY id LIMIT 1) RETURNING id"""
    ).fetchone()
    return str(row[0]) if row else ""


def report_request(connection: Connection, request_id: str, phase: str) -> None:
    connection.execute(b"UPDATE backups SET phase = %s WHERE id = %s", [phase, request_id])


def finish_request(connection: Connection, request_id: str) -> None:
    """The backup itself is a row of its own, under the target's id."""
    connection.execute(b"DELETE FROM backups WHERE id = %s", [request_id])


def record_failure(connection: Connection, request_id: str, message: str) -> None:
    """Of the request, or of a backup that was due."""
    connection.execute(
        b"""INSERT INTO backups (id, state, error, finished_at) VALUES (%s, 'failed', %s, clock_timestamp())
            ON CONFLICT (id) DO UPDATE SET state = 'failed', error = excluded.error, finished_at = excluded.finished_at""",
        [request_id or new_id("bak"), message],
    )


def write(connection: Connection, backups: Backups, *, log_lag: LogLag | None, trouble: str) -> None:
    """Renews the status and the rows of complete backups. The table may not be there yet, before the first migration."""
    if connection.execute(b"SELECT to_regclass('public.backup_status') IS NULL").fetchone() == (True,):
        return
    with connection.transaction():
        _write_records(connection, backups.records())
        connection.execute(
            b"""INSERT INTO backup_status
                  (id, seen_at, target, method, reason, log_bytes, log_since, trouble, key_is_here, drill)
                VALUES ('installation', clock_timestamp(), %(target)s, %(method)s, %(reason)s, %(bytes)s,
                  %(since)s, %(trouble)s, %(key)s, %(drill)s)
                ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, target = excluded.target, method = excluded.method,
                  reason = excluded.reason, log_bytes = excluded.log_bytes,
                  log_since = excluded.log_since, trouble = excluded.trouble, key_is_here = excluded.key_is_here,
                  drill = excluded.drill""",
            {
                "target": backups.target.label,
                "method": backups.facts.method,
                "reason": backups.facts.reason,
                "bytes": log_lag.size if log_lag else 0,
                "since": log_lag.since if log_lag else None,
                "trouble": trouble,
                "key": backups.state.key_file.exists(),
                "drill": json.dumps(backups.state.read("drill") or {}),
            },
        )


def _write_records(connection: Connection, records: list[BackupRecord]) -> None:
    rows = [
        (
            record.id,
            record.kind,
            record.finished_at,
            record.seconds,
            record.size,
            record.objects,
            record.object_bytes,
            record.started_at,
        )
        for record in records
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            b"""INSERT INTO backups (id, kind, state, finished_at, seconds, size_bytes, objects, object_bytes, created_at)
                VALUES (%s, %s, 'complete', %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING""",
            rows,
        )
    connection.execute(
        b"DELETE FROM backups WHERE state = 'complete' AND NOT id = ANY(%s)", [[record.id for record in records]]
    )
    connection.execute(b"DELETE FROM backups WHERE state = 'failed' AND created_at < clock_timestamp() - %s", [_FAILED_KEPT])
