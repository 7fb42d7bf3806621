"""The end of an attempt, whoever writes it: the worker that did it, or the sweep that found it dead."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.errors import LeaseLost
from backend.jobs.lines import lock_line
from backend.jobs.rules import Verdict
from backend.jobs.service import child_ended
from backend.kit.db import ring, storable
from backend.kit.ids import new_id
from backend.kit.trips import Call, in_one_trip
from backend.tables import FINAL, MOVES, Job, JobState

GONE = "This attempt no longer owns its job; another one goes on with it."


@dataclass(frozen=True, slots=True)
class AttemptRef:
    job_id: str
    attempt_id: str
    parent_id: str | None = None
    device_id: str | None = None


_SETTLE = text(
    """WITH ended AS (
      UPDATE attempts SET ended_at = clock_timestamp(), outcome = :outcome, error_code = :error_code,
        error_detail = nullif(:detail, ''), preview = NULL, handle = CASE WHEN :keep_handle THEN handle END,
        step = coalesce(:step, step), phase = coalesce(:phase, phase), done = coalesce(:done, done),
        total = coalesce(:total, total)
      WHERE id = :attempt_id AND ended_at IS NULL RETURNING id),
    ours AS (
      SELECT j.id, CASE WHEN :state = 'pending' AND j.cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE :state END AS state
      FROM jobs j JOIN ended e ON e.id = j.attempt_id WHERE j.id = :job_id AND j.state = 'processing' FOR UPDATE OF j),
    moved AS (
      UPDATE jobs j SET state = o.state, retries = j.retries + :counted, kills = j.kills + :killed,
        result = CAST(:result AS jsonb), waits_for = CASE o.state WHEN 'pending' THEN :waits_for ELSE 0 END,
        error_code = CASE WHEN o.state <> 'cancelled' THEN :error_code END,
        error_message = CASE WHEN o.state <> 'cancelled' THEN :error_message END,
        dead_letter = :dead_letter AND o.state = 'failed',
        not_before = CASE o.state WHEN 'pending' THEN clock_timestamp() + make_interval(secs => :delay_s) ELSE j.not_before END,
        finished_at = CASE WHEN o.state <> 'pending' THEN clock_timestamp() END
      FROM ours o WHERE j.id = o.id RETURNING j.id, j.tenant_id, j.queue, o.state),
    freed AS (
      UPDATE devices SET held_by = NULL,
        down = CASE WHEN :device_down = '' THEN down
          ELSE down || jsonb_build_object(last_engine, CAST(:device_down AS text)) END,
        probe_at = CASE WHEN :device_down = '' THEN probe_at ELSE clock_timestamp() END
      WHERE id = :device_id AND held_by = :attempt_id),
    told AS (
      INSERT INTO events (id, tenant_id, kind, noun, noun_id, data, user_id)
      SELECT :event_id, m.tenant_id, 'job.' || m.state, 'job', m.id,
        jsonb_strip_nulls(jsonb_build_object('from', 'processing', 'error_code', CAST(:error_code AS text))), :user_id
      FROM moved m)
    SELECT queue, state FROM moved"""
)
"""The end of an attempt with all that belongs to it, in one round trip: the other half of the machinery's hot path."""


_IN_A_ROW = text(
    """SELECT count(*) FROM attempts a WHERE a.job_id = :job_id AND a.id <> :attempt_id AND a.outcome = 'retried'
      AND a.n >= greatest(0,
        (SELECT max(b.n) + 1 FROM attempts b WHERE b.job_id = :job_id AND b.ended_at IS NOT NULL AND b.outcome <> 'retried'),
        (SELECT max(b.n) FROM attempts b JOIN job_steps s ON s.job_id = b.job_id AND s.attempt_id = b.id
          WHERE b.job_id = :job_id))"""
)
"""Attempts before this one that were put off, one after the other, since the job came a step further."""


def settle(tx: Session, ref: AttemptRef, verdict: Verdict, **figures: Any) -> JobState:
    """Ends the attempt and moves the job, in `tx`. Returns the job's new state. `figures`: last step, phase, done, total.

    A job that somebody asked to cancel is cancelled instead of going back to pending. Raises LeaseLost when the attempt has
    already been ended by others: then nothing is written.
    """
    waits_for = 0
    if ref.parent_id or verdict.outcome == "waiting":
        lock_line(tx, ref.job_id)
    if verdict.outcome == "waiting":
        verdict, waits_for = _after_children(tx, ref, verdict)
    row = tx.execute(_SETTLE, _values(tx, ref, verdict, waits_for, figures)).first()
    if row is None:
        raise LeaseLost(GONE)
    return _settled(tx, ref, verdict, row, waits_for)


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that ended, to be settled with others. `figures`: last step, phase, done, total."""

    ref: AttemptRef
    verdict: Verdict
    figures: Mapping[str, Any]


def settle_all(
    tx: Session, ended: Sequence[Ended], *, before: Sequence[Call] = (), last: bool = False
) -> list[JobState | None]:
    """As `settle` of each in turn, in one trip to Postgres; None where the attempt had been ended by others.

    `before`: what goes before them in the same trip. `last`: as `in_one_trip`. None of them has a parent or waits for children:
    those lock their line and are settled alone.
    """
    assert all(one.ref.parent_id is None and one.verdict.outcome != "waiting" for one in ended)
    ends: list[Call] = [(_SETTLE, _values(tx, one.ref, one.verdict, 0, one.figures)) for one in ended]
    rows = in_one_trip(tx, [*before, *ends], last=last)[len(before) :]
    return [_settled(tx, one.ref, one.verdict, row, 0) if row else None for one, row in zip(ended, rows, strict=True)]


def _settled(tx: Session, ref: AttemptRef, verdict: Verdict, row: Any, waits_for: int) -> JobState:
    """Tells those who wait for the job, or wakes who goes on with it."""
    state = JobState(row.state)
    if state in FINAL:
        child_ended(tx, ref.parent_id, state, verdict.error_message or "")
    elif verdict.delay_s == 0 and not any(verdict.delays) and waits_for == 0:
        ring(tx, row.queue)
    return state


def _values(tx: Session, ref: AttemptRef, verdict: Verdict, waits_for: int, figures: Mapping[str, Any]) -> dict[str, Any]:
    assert verdict.state in MOVES[JobState.PROCESSING]
    return {
        "job_id": ref.job_id,
        "attempt_id": ref.attempt_id,
        "device_id": ref.device_id,
        "event_id": new_id("evt"),
        "user_id": tx.info.get("user_id"),
        "waits_for": waits_for,
        "outcome": verdict.outcome,
        "state": verdict.state.value,
        "result": None if verdict.result is None else json.dumps(verdict.result),
        "error_code": verdict.error_code,
        "error_message": None if verdict.error_message is None else storable(verdict.error_message),
        "detail": storable(verdict.detail),
        "keep_handle": verdict.keep_handle,
        "counted": int(verdict.counted),
        "killed": int(verdict.killed),
        "dead_letter": verdict.dead_letter,
        "delay_s": _delay(tx, ref, verdict),
        "device_down": storable(verdict.device_down),
        **{name: figures.get(name) for name in ("step", "phase", "done", "total")},
    }


def _delay(tx: Session, ref: AttemptRef, verdict: Verdict) -> float:
    """What is away for long is asked more and more rarely, though it never counts against the job."""
    if not verdict.delays:
        return verdict.delay_s
    n = tx.scalar(_IN_A_ROW, {"job_id": ref.job_id, "attempt_id": ref.attempt_id}) or 0
    return verdict.delays[min(n, len(verdict.delays) - 1)]


def _after_children(tx: Session, ref: AttemptRef, verdict: Verdict) -> tuple[Verdict, int]:
    """A child may have ended, even failed, before its parent came to wait."""
    rows = tx.execute(select(Job.state, Job.error_message).where(Job.parent_id == ref.job_id)).all()
    waits_for = sum(state not in FINAL for state, _ in rows)
    bad = [(state, message) for state, message in rows if state in {JobState.FAILED, JobState.CANCELLED}]
    if not bad:
        return verdict, waits_for
    code, message = f"child_{bad[0][0]}", bad[0][1] or "A part of this job was cancelled. Try the job again."
    return replace(verdict, state=JobState.FAILED, error_code=code, error_message=message), 0
