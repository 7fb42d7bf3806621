"""The heartbeat: one thread per worker process that renews the worker's row, writes the progress of all its jobs and fetches
cancellations."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import Any

import structlog
from sqlalchemy import text

from backend.db.tables import JobState
from backend.db.tables.message_column import message_json
from backend.db.transactions import Database, SystemCaller
from backend.errors import StudioError
from backend.jobs import AttemptRef, finish_attempt
from backend.jobs.rules import AttemptOutcome
from workers.context import Context
from workers.lease import Identity, Lease, boot_clock
from workers.progress import ProgressReport, line_words, plain_line

log = structlog.get_logger(__name__)

_HEARTBEAT = text(
    """WITH
    -- The worker's row: registered by the first heartbeat, its lease renewed by each.
    worker_row AS (
      INSERT INTO workers (id, host, pid, queues, version, state)
      VALUES (:id, :host, :pid, CAST(:queues AS jsonb), :version, :state)
      ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp(), state = EXCLUDED.state),
    -- What this process reports, one row an attempt.
    reports AS (SELECT * FROM unnest(
      CAST(:ids AS text[]), CAST(:steps AS text[]), CAST(:phases AS text[]), CAST(:dones AS int[]), CAST(:totals AS int[]),
      CAST(:etas AS float8[]), CAST(:previews AS text[]), CAST(:moved AS bool[]))
      AS n(id, step, phase, done, total, eta_s, preview, moved)),
    -- The progress of attempts that moved; a preview stays until there is another one.
    updated_attempts AS (
      UPDATE attempts a SET step = n.step, phase = CAST(n.phase AS jsonb), done = n.done, total = n.total, eta_s = n.eta_s,
        preview = coalesce(n.preview, a.preview), progressed_at = clock_timestamp()
      FROM reports n WHERE a.id = n.id AND a.ended_at IS NULL AND n.moved),
    -- New log lines, with the workspace and job of their attempt.
    logged_lines AS (
      INSERT INTO job_logs (tenant_id, job_id, attempt_id, level, line, words)
      SELECT a.tenant_id, a.job_id, a.id, l.level, l.line, CAST(l.words AS jsonb)
      FROM unnest(CAST(:line_ids AS text[]), CAST(:levels AS text[]), CAST(:lines AS text[]),
        CAST(:line_words AS text[])) AS l(id, level, line, words)
      JOIN attempts a ON a.id = l.id)
    SELECT a.id, a.tenant_id, a.job_id, a.device_id, j.parent_id, j.cancel_requested_at IS NOT NULL AS cancel
    FROM attempts a JOIN jobs j ON j.id = a.job_id AND j.attempt_id = a.id
    WHERE a.worker_id = :id AND a.ended_at IS NULL"""
)
"""A whole heartbeat in one statement. Returns the attempts that Postgres holds for this worker."""
IDLE_BEATS = 3
"""A worker that runs nothing sends every third heartbeat, as far as its lease allows: nobody waits for its progress or for a
cancellation."""
ORPHAN_BEATS = 6
"""Heartbeats in a row after which an attempt in this worker's name that none of its threads runs is released. It exists when
the claim was committed and its answer was lost; fewer would hit claims whose thread has not begun yet."""


class Heartbeat:
    """Sends a heartbeat every `beat_s` seconds from `start` to `stop`.

    When none got through for half a lease, the lease says `lapsed` and every job of this process stops: others may soon take
    it.
    """

    def __init__(self, db: Database, identity: Identity, lease: Lease, *, beat_s: float) -> None:
        self._db, self._identity, self._lease, self._beat_s = db, identity, lease, beat_s
        self._watched: dict[str, Context] = {}
        self._orphan_beats: Counter[str] = Counter()
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._is_idle = self._stopping = False
        self._idle_beat_s = max(beat_s, min(IDLE_BEATS * beat_s, lease.half_s / 2))
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """The worker is registered when this returns. Raises Unavailable when Postgres is away."""
        self._send_heartbeat("up")
        self._thread.start()

    def stop(self) -> None:
        """Marks the worker as gone, so that nobody waits for its lease to end."""
        self._stopping = True
        self._wake.set()
        self._thread.join()
        self._try_heartbeat("gone")

    def watch(self, context: Context) -> None:
        with self._lock:
            self._watched[context.attempt_id] = context
            was_idle, self._is_idle = self._is_idle, False
        if was_idle:
            self._wake.set()

    def unwatch(self, context: Context) -> None:
        with self._lock:
            self._watched.pop(context.attempt_id, None)

    def watched(self) -> list[Context]:
        with self._lock:
            return list(self._watched.values())

    def _run(self) -> None:
        sent_at = time.monotonic()
        while not self._wait(sent_at):
            sent_at = time.monotonic()
            self._try_heartbeat("stopping" if self._lease.stopping.is_set() else "up")

    def _wait(self, sent_at: float) -> bool:
        """Until the next heartbeat is due after the one of `sent_at`. Whether it is to stop instead."""
        while not self._stopping:
            beat_s = self._idle_beat_s if self._is_idle else self._beat_s
            left_s = sent_at + beat_s - time.monotonic()
            if left_s <= 0:
                return False
            self._wake.wait(left_s)
            self._wake.clear()
        return True

    def _try_heartbeat(self, state: str) -> None:
        try:
            self._send_heartbeat(state)
        except StudioError as error:
            log.warning("heartbeat missed", error=error.message, detail=error.data.get("detail", "")[:300])
        except Exception:
            log.exception("heartbeat failed")

    def _send_heartbeat(self, state: str) -> None:
        self._is_idle = False
        sent_at, contexts = boot_clock(), self.watched()
        reports = {context.attempt_id: context.take_report() for context in contexts}
        try:
            rows = {row.id: row for row in self._db.run_across((_HEARTBEAT, self._values(state, reports)))}
        except BaseException:
            for context in contexts:
                context.restore_report(reports[context.attempt_id])
            raise
        self._lease.renewed(sent_at)
        for context in contexts:
            row = rows.get(context.attempt_id)
            context.lost = context.lost or row is None
            context.cancel_requested = context.cancel_requested or (row is not None and row.cancel)
        self._release_orphaned_attempts(rows, known_attempts={context.attempt_id for context in contexts})
        with self._lock:
            self._is_idle = not rows and not self._watched

    def _values(self, state: str, reports: dict[str, ProgressReport]) -> dict[str, Any]:
        lines = [(attempt, level, line) for attempt, report in reports.items() for level, line in report.lines]
        return {
            **self._identity.row(),
            "state": state,
            "ids": list(reports),
            "steps": [report.step for report in reports.values()],
            "phases": [message_json(report.phase) for report in reports.values()],
            "dones": [report.done for report in reports.values()],
            "totals": [report.total for report in reports.values()],
            "etas": [report.eta_s for report in reports.values()],
            "previews": [report.preview for report in reports.values()],
            "moved": [report.moved for report in reports.values()],
            "line_ids": [attempt for attempt, _, _ in lines],
            "levels": [level for _, level, _ in lines],
            "lines": [plain_line(line) for _, _, line in lines],
            "line_words": [words and json.dumps(words) for words in map(line_words, (line for _, _, line in lines))],
        }

    def _release_orphaned_attempts(self, rows: dict[str, Any], known_attempts: set[str]) -> None:
        """Gives back attempts of `rows` that were not in `known` for ORPHAN_BEATS heartbeats in a row."""
        orphans = {attempt_id: row for attempt_id, row in rows.items() if attempt_id not in known_attempts}
        self._orphan_beats = Counter({attempt_id: self._orphan_beats[attempt_id] + 1 for attempt_id in orphans})
        with self._lock:
            # Checked again under the lock: a thread may have begun one of them since the heartbeat was sent.
            releasable = [
                attempt_id
                for attempt_id, beats in self._orphan_beats.items()
                if beats >= ORPHAN_BEATS and attempt_id not in self._watched
            ]
        for row in (orphans[attempt_id] for attempt_id in releasable):
            with self._db.transaction(SystemCaller(row.tenant_id)) as tx:
                ref = AttemptRef(row.job_id, row.id, row.parent_id, row.device_id)
                finish_attempt(tx, ref, AttemptOutcome("released", JobState.PENDING, keep_handle=True))
