"""Writes what an attempt has done: each finished step, together with the rows that were written for it, and its end.

The worker that ran the attempt writes its end, or the sweep does when the worker is dead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.db.pipelining import Statement, execute_pipelined
from backend.db.tables import FINAL, MOVES, Job, JobState
from backend.db.tables.message_column import message_json
from backend.db.transactions import notify_queue, strip_nul
from backend.errors import LeaseLost
from backend.jobs.rules import AttemptOutcome, fail_after_deaths
from backend.jobs.service import child_ended
from backend.jobs.transitions import lock_ancestors
from backend.kit.ids import new_id
from backend.language import tr_lazy

TAKEN_OVER = tr_lazy("This attempt no longer owns its job; another one goes on with it.")
_INSERT_STEP = text(
    """WITH
    -- Failures before this step count no more: the job has come further.
    reset_counts AS (UPDATE jobs SET retries = 0, kills = 0 WHERE id = :job_id AND (retries > 0 OR kills > 0)),
    -- The remote work that the handle names has been brought in.
    cleared_handle AS (UPDATE attempts SET handle = NULL WHERE id = :attempt_id AND :clear_handle)
    INSERT INTO job_steps (job_id, name, attempt_id, result) VALUES (:job_id, :name, :attempt_id, CAST(:result AS jsonb))"""
)
"""Stores a finished step and what follows from it."""


@dataclass(frozen=True, slots=True)
class AttemptRef:
    """An attempt with what belongs to it: its job, the job's parent, the device it holds."""

    job_id: str
    attempt_id: str
    parent_id: str | None = None
    device_id: str | None = None


_END_ATTEMPT = text(
    """WITH
    -- The attempt ends, once: no row when it has ended already.
    ended_attempt AS (
      UPDATE attempts SET ended_at = clock_timestamp(), outcome = :outcome, error_code = :error_code,
        error_detail = nullif(:detail, ''), preview = NULL, handle = CASE WHEN :keep_handle THEN handle END,
        step = coalesce(:step, step), phase = coalesce(CAST(:phase AS jsonb), phase), done = coalesce(:done, done),
        total = coalesce(:total, total)
      WHERE id = :attempt_id AND ended_at IS NULL RETURNING id),
    -- Its job, if the attempt still owns it, and the state it goes to: a job that was to be cancelled does not go back to
    -- pending.
    owned_job AS (
      SELECT j.id, CASE WHEN :state = 'pending' AND j.cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE :state END AS state
      FROM jobs j JOIN ended_attempt e ON e.id = j.attempt_id WHERE j.id = :job_id AND j.state = 'processing' FOR UPDATE OF j),
    moved_job AS (
      UPDATE jobs j SET state = o.state, retries = j.retries + :counted, kills = j.kills + :killed,
        result = CAST(:result AS jsonb), waits_for = CASE o.state WHEN 'pending' THEN :waits_for ELSE 0 END,
        error_code = CASE WHEN o.state <> 'cancelled' THEN :error_code END,
        error_message = CASE WHEN o.state <> 'cancelled' THEN CAST(:error_message AS jsonb) END,
        dead_letter = :dead_letter AND o.state = 'failed',
        not_before = CASE o.state WHEN 'pending' THEN clock_timestamp() + make_interval(secs => :delay_s) ELSE j.not_before END,
        finished_at = CASE WHEN o.state <> 'pending' THEN clock_timestamp() END
      FROM owned_job o WHERE j.id = o.id RETURNING j.id, j.tenant_id, j.queue, o.state),
    -- Its device is free again, and down for the capability it was used for last if the engine did not answer.
    freed_device AS (
      UPDATE devices SET held_by = NULL,
        down = CASE WHEN :device_down = '' THEN down
          ELSE down || jsonb_build_object(last_engine, CAST(:device_down AS text)) END,
        probe_at = CASE WHEN :device_down = '' THEN probe_at ELSE clock_timestamp() END
      WHERE id = :device_id AND held_by = :attempt_id),
    event AS (
      INSERT INTO events (id, tenant_id, kind, noun, noun_id, data, user_id)
      SELECT :event_id, m.tenant_id, 'job.' || m.state, 'job', m.id,
        jsonb_strip_nulls(jsonb_build_object('from', 'processing', 'error_code', CAST(:error_code AS text))), :user_id
      FROM moved_job m)
    SELECT queue, state FROM moved_job"""
)
"""The end of an attempt with all that belongs to it, in one round trip. No row: the attempt no longer owned its job."""


_CONSECUTIVE_RETRIES = text(
    """SELECT count(*) FROM attempts a WHERE a.job_id = :job_id AND a.id <> :attempt_id AND a.outcome = 'retried'
      AND a.n >= greatest(0,
        (SELECT max(b.n) + 1 FROM attempts b WHERE b.job_id = :job_id AND b.ended_at IS NOT NULL AND b.outcome <> 'retried'),
        (SELECT max(b.n) FROM attempts b JOIN job_steps s ON s.job_id = b.job_id AND s.attempt_id = b.id
          WHERE b.job_id = :job_id))"""
)
"""How many attempts before this one were retried without counting, in a row, since the job last finished a step."""

_RECENT_DEATHS = text(
    """SELECT least(j.kills, count(a.id)) FROM jobs j LEFT JOIN attempts a ON a.job_id = j.id AND a.outcome = 'lost'
      AND a.id <> :attempt_id AND a.ended_at > clock_timestamp() - make_interval(secs => :within_s)
    WHERE j.id = :job_id GROUP BY j.kills"""
)
"""How many attempts were lost in the last `within_s` seconds and since the last finished step: `kills` is reset by each
step."""


def finish_attempt(tx: Session, ref: AttemptRef, outcome: AttemptOutcome, **figures: Any) -> JobState:
    """Ends the attempt and moves the job, in `tx`. Returns the job's new state. `figures`: last step, phase, done, total.

    A job that somebody asked to cancel is cancelled instead of going back to pending. Raises LeaseLost when the attempt has
    already been ended by others: then nothing is written.
    """
    waits_for = 0
    if ref.parent_id or outcome.for_children:
        lock_ancestors(tx, ref.job_id)
    if outcome.for_children:
        outcome, waits_for = _after_children(tx, ref, outcome)
    outcome = _after_deaths(tx, ref, outcome)
    row = tx.execute(_END_ATTEMPT, _read_and_end_params(tx, ref, outcome, figures, waits_for)).first()
    if row is None:
        raise LeaseLost(TAKEN_OVER)
    return _notify_after(tx, ref, outcome, row, waits_for)


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """An attempt and how it ended. `figures`: last step, phase, done, total."""

    ref: AttemptRef
    outcome: AttemptOutcome
    figures: Mapping[str, Any]


def finish_attempts(
    tx: Session, ends: Sequence[AttemptEnd], *, before: Sequence[Statement] = (), last: bool = False
) -> list[JobState | None]:
    """As `finish_attempt` for each, in one round trip. Returns the jobs' new states; None where others had ended the attempt.

    `before`: statements that run first in the same trip. `last`: see `execute_pipelined`. None of the attempts may have a
    parent or wait for children: those lock their ancestors and are finished one by one.
    """
    assert all(end.ref.parent_id is None and not end.outcome.for_children for end in ends)
    ends = [replace(end, outcome=_after_deaths(tx, end.ref, end.outcome)) for end in ends]
    statements: list[Statement] = [(_END_ATTEMPT, _read_and_end_params(tx, end.ref, end.outcome, end.figures)) for end in ends]
    rows = execute_pipelined(tx, [*before, *statements], last=last)[len(before) :]
    return [_notify_after(tx, end.ref, end.outcome, row, 0) if row else None for end, row in zip(ends, rows, strict=True)]


def _notify_after(tx: Session, ref: AttemptRef, outcome: AttemptOutcome, row: Any, waits_for: int) -> JobState:
    """Updates the waiting parent of a job that has ended, or notifies the queue of one that can be claimed at once."""
    state = JobState(row.state)
    if state in FINAL:
        child_ended(tx, ref.parent_id, state, outcome.error_message or "")
    elif outcome.delay_s == 0 and not any(outcome.delays) and waits_for == 0:
        notify_queue(tx, row.queue)
    return state


def ends_alone(end: AttemptEnd) -> bool:
    """Whether finishing the attempt is one statement: nothing is read before it, and no queue or parent is told after it."""
    outcome = end.outcome
    follows_up = outcome.for_children or outcome.killed or outcome.delays or end.ref.parent_id
    return outcome.state in FINAL and not follows_up


def end_statement(end: AttemptEnd) -> Statement:
    """What finishes an attempt that `ends_alone`; its row has the job's new `state`. No row: others had ended the attempt."""
    return _END_ATTEMPT, _end_params(end.ref, end.outcome, end.figures)


def _end_params(
    ref: AttemptRef,
    outcome: AttemptOutcome,
    figures: Mapping[str, Any],
    *,
    waits_for: int = 0,
    delay_s: float = 0.0,
    user_id: str | None = None,
) -> dict[str, Any]:
    """The parameters of `_END_ATTEMPT`. `delay_s`: seconds until the next attempt."""
    assert outcome.state in MOVES[JobState.PROCESSING]
    return {
        "job_id": ref.job_id,
        "attempt_id": ref.attempt_id,
        "device_id": ref.device_id,
        "event_id": new_id("evt"),
        "user_id": user_id,
        "waits_for": waits_for,
        "outcome": outcome.outcome,
        "state": outcome.state.value,
        "result": None if outcome.result is None else json.dumps(outcome.result),
        "error_code": outcome.error_code,
        "error_message": None if outcome.error_message is None else message_json(outcome.error_message),
        "detail": strip_nul(outcome.detail),
        "keep_handle": outcome.keep_handle,
        "counted": int(outcome.counted),
        "killed": int(outcome.killed),
        "dead_letter": outcome.dead_letter,
        "delay_s": delay_s,
        "device_down": strip_nul(outcome.device_down),
        "phase": None if "phase" not in figures else message_json(figures["phase"]),
        **{name: figures.get(name) for name in ("step", "done", "total")},
    }


def _read_and_end_params(
    tx: Session, ref: AttemptRef, outcome: AttemptOutcome, figures: Mapping[str, Any], waits_for: int = 0
) -> dict[str, Any]:
    user_id, delay_s = tx.info.get("user_id"), _delay_s(tx, ref, outcome)
    return _end_params(ref, outcome, figures, waits_for=waits_for, delay_s=delay_s, user_id=user_id)


def _after_deaths(tx: Session, ref: AttemptRef, outcome: AttemptOutcome) -> AttemptOutcome:
    if not outcome.killed:
        return outcome
    within_s = outcome.deaths_within_s
    values = {"job_id": ref.job_id, "attempt_id": ref.attempt_id, "within_s": within_s}
    return fail_after_deaths(outcome, before=int(tx.scalar(_RECENT_DEATHS, values) or 0), within_s=within_s)


def _delay_s(tx: Session, ref: AttemptRef, outcome: AttemptOutcome) -> float:
    """Seconds until the next attempt. Retries that do not count against the job still back off: `delays` by how many in a
    row."""
    if not outcome.delays:
        return outcome.delay_s
    n = tx.scalar(_CONSECUTIVE_RETRIES, {"job_id": ref.job_id, "attempt_id": ref.attempt_id}) or 0
    return outcome.delays[min(n, len(outcome.delays) - 1)]


def _after_children(tx: Session, ref: AttemptRef, outcome: AttemptOutcome) -> tuple[AttemptOutcome, int]:
    """The outcome of a job that begins to wait, and how many children it waits for: a child may have ended, even failed,
    before that."""
    rows = tx.execute(select(Job.state, Job.error_message).where(Job.parent_id == ref.job_id)).all()
    waits_for = sum(state not in FINAL for state, _ in rows)
    unsuccessful = [(state, message) for state, message in rows if state in {JobState.FAILED, JobState.CANCELLED}]
    if not unsuccessful:
        return outcome, waits_for
    state, message = unsuccessful[0]
    code, message = f"child_{state}", message or tr_lazy("A part of this job was cancelled. Try the job again.")
    return replace(outcome, state=JobState.FAILED, error_code=code, error_message=message), 0


@dataclass(frozen=True, slots=True)
class FinishedStep:
    """`clear_handle`: the attempt's handle names no work that is still to be brought in."""

    job_id: str
    attempt_id: str
    name: str
    result: dict[str, Any] | None
    clear_handle: bool


def store_step(tx: Session, step: FinishedStep) -> None:
    """Stores the step and commits `tx`, in one round trip; nothing may follow in it.

    After a crash the step is there with all that `tx` wrote, or neither is.
    """
    tx.flush()
    execute_pipelined(tx, [_statement(step)], last=True)


def complete_with_step(tx: Session, step: FinishedStep, end: AttemptEnd) -> bool:
    """As `store_step`, for the last step of a job without a parent: completes the job in the same round trip. Nobody sees the
    step done and the job still running. False: others had ended the attempt."""
    tx.flush()
    return finish_attempts(tx, [end], before=[_statement(step)], last=True) != [None]


def _statement(step: FinishedStep) -> Statement:
    values = {"job_id": step.job_id, "attempt_id": step.attempt_id, "name": step.name, "clear_handle": step.clear_handle}
    return _INSERT_STEP, {**values, "result": json.dumps(step.result)}
