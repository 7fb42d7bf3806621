"""Finished steps: what a job has done already. A step's row commits together with the rows that were written for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.db.pipelining import Statement, execute_pipelined
from backend.jobs.attempt_end import AttemptEnd, finish_attempts

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
