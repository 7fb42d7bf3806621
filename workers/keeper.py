"""One thread per worker process: renews its row, flushes the progress of all its jobs, fetches wishes to cancel."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import structlog
from sqlalchemy import text

from backend.errors import StudioError
from backend.jobs import AttemptRef, settle
from backend.jobs.rules import Verdict
from backend.kit.db import Database, Trusted
from backend.tables import JobState
from workers.context import Context
from workers.ending import Report
from workers.identity import Identity
from workers.lease import Lease, boot_clock

log = structlog.get_logger(__name__)

_BEAT = text(
    """WITH beat AS (
      INSERT INTO workers (id, host, pid, queues, version, state)
      VALUES (:id, :host, :pid, CAST(:queues AS jsonb), :version, :state)
      ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp(), state = EXCLUDED.state),
    news AS (SELECT * FROM unnest(
      CAST(:ids AS text[]), CAST(:steps AS text[]), CAST(:phases AS text[]), CAST(:dones AS int[]), CAST(:totals AS int[]),
      CAST(:etas AS float8[]), CAST(:previews AS text[]), CAST(:moved AS bool[]))
      AS n(id, step, phase, done, total, eta_s, preview, moved)),
    flushed AS (
      UPDATE attempts a SET step = n.step, phase = n.phase, done = n.done, total = n.total, eta_s = n.eta_s,
        preview = coalesce(n.preview, a.preview), progressed_at = clock_timestamp()
      FROM news n WHERE a.id = n.id AND a.ended_at IS NULL AND n.moved),
    told AS (
      INSERT INTO job_logs (tenant_id, job_id, attempt_id, level, line)
      SELECT a.tenant_id, a.job_id, a.id, l.level, l.line
      FROM unnest(CAST(:line_ids AS text[]), CAST(:levels AS text[]), CAST(:lines AS text[])) AS l(id, level, line)
      JOIN attempts a ON a.id = l.id)
    SELECT a.id, a.tenant_id, a.job_id, a.device_id, j.parent_id, j.cancel_requested_at IS NOT NULL AS cancel
    FROM attempts a JOIN jobs j ON j.id = a.job_id AND j.attempt_id = a.id
    WHERE a.worker_id = :id AND a.ended_at IS NULL"""
)
"""The whole beat in one statement."""
STRANGE_BEATS = 3
"""Beats after which an attempt in our name that no thread of ours knows is given back (its claim's answer was lost)."""


class Keeper:
    """Beats every `beat_s` until `stop`. After a missed half lease the lease says `lapsed` and every job of ours lets go."""

    def __init__(self, db: Database, identity: Identity, lease: Lease, *, beat_s: float) -> None:
        self._db, self._identity, self._lease, self._beat_s = db, identity, lease, beat_s
        self._watched: dict[str, Context] = {}
        self._strange: Counter[str] = Counter()
        self._guard, self._end = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """The worker is registered when this returns. Raises Unavailable when Postgres is away."""
        self._beat_once("up")
        self._thread.start()

    def stop(self) -> None:
        """Says goodbye; the sweep need not wait for our lease."""
        self._end.set()
        self._thread.join()
        self._try("gone")

    def watch(self, context: Context) -> None:
        with self._guard:
            self._watched[context.attempt_id] = context

    def unwatch(self, context: Context) -> None:
        with self._guard:
            self._watched.pop(context.attempt_id, None)

    def watched(self) -> list[Context]:
        with self._guard:
            return list(self._watched.values())

    def _run(self) -> None:
        while not self._end.wait(self._beat_s):
            self._try("stopping" if self._lease.stopping.is_set() else "up")

    def _try(self, state: str) -> None:
        try:
            self._beat_once(state)
        except StudioError as error:
            log.warning("beat missed", error=error.message, detail=error.data.get("detail", "")[:300])
        except Exception:
            log.exception("beat failed")

    def _beat_once(self, state: str) -> None:
        at, contexts = boot_clock(), self.watched()
        reports = {context.attempt_id: context.take_report() for context in contexts}
        try:
            with self._db.dispatch() as tx:
                rows = {row.id: row for row in tx.execute(_BEAT, self._values(state, reports))}
        except BaseException:
            for context in contexts:
                context.give_back(reports[context.attempt_id])
            raise
        self._lease.renewed(at)
        for context in contexts:
            row = rows.get(context.attempt_id)
            context.lost = context.lost or row is None
            context.cancel_requested = context.cancel_requested or (row is not None and row.cancel)
        self._give_back_strangers(rows, known={context.attempt_id for context in contexts})

    def _values(self, state: str, reports: dict[str, Report]) -> dict[str, Any]:
        lines = [(attempt, level, line) for attempt, report in reports.items() for level, line in report.lines]
        return {
            **self._identity.row(),
            "state": state,
            "ids": list(reports),
            "steps": [report.step for report in reports.values()],
            "phases": [report.phase for report in reports.values()],
            "dones": [report.done for report in reports.values()],
            "totals": [report.total for report in reports.values()],
            "etas": [report.eta_s for report in reports.values()],
            "previews": [report.preview for report in reports.values()],
            "moved": [report.moved for report in reports.values()],
            "line_ids": [attempt for attempt, _, _ in lines],
            "levels": [level for _, level, _ in lines],
            "lines": [line for _, _, line in lines],
        }

    def _give_back_strangers(self, rows: dict[str, Any], known: set[str]) -> None:
        strangers = {attempt_id: row for attempt_id, row in rows.items() if attempt_id not in known}
        self._strange = Counter({attempt_id: self._strange[attempt_id] + 1 for attempt_id in strangers})
        with self._guard:
            lasting = [i for i, beats in self._strange.items() if beats >= STRANGE_BEATS and i not in self._watched]
        for row in (strangers[attempt_id] for attempt_id in lasting):
            with self._db.transaction(Trusted(row.tenant_id)) as tx:
                ref = AttemptRef(row.job_id, row.id, row.parent_id, row.device_id)
                settle(tx, ref, Verdict("released", JobState.PENDING, keep_handle=True))
