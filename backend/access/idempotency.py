"""Requests with an Idempotency-Key: the first one runs, a repeated one gets its answer, for 24 hours.

A row is written before the request runs, so that two at once cannot both run; while it runs its process renews the claim. Only
successes are kept: a refused request has changed nothing, and may be sent again under the same key. The transaction that makes
something notes that in the row (`note_change`), so that a request whose process died is not run a second time: who sends it
again gets the id of what was made, and the status.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, case, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.db.tables import IdempotentRequest
from backend.db.transactions import hash_token
from backend.errors import Conflict, Refused
from backend.kit.ids import new_id
from backend.language import tr_lazy

KEEP_HOURS = 24
RENEW_S = 10.0
"""How often a claim is renewed while its request runs."""
TAKE_OVER_S = 60.0
"""After this long without a renewal the process that ran the request is taken for dead."""
_age = func.clock_timestamp() - IdempotentRequest.created_at
_died = IdempotentRequest.status.is_(None) & (_age > func.make_interval(0, 0, 0, 0, 0, 0, TAKE_OVER_S))


class KeyReused(Refused):
    """The key was used for a request with another body."""

    code = "idempotency_key_reused"
    status = 422


class AnswerLost(Conflict):
    """The process that ran the request died between two of its steps."""

    code = "answer_lost"


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """`headers`: those that belong to the answer (content-type, location, etag, x-total-count)."""

    status: int
    headers: dict[str, Any]
    body: bytes


@dataclass(frozen=True, slots=True)
class RequestClaim:
    """A request that runs. `run`: of this process's try; one that took it over has another."""

    tenant_id: str
    key_hash: str
    run: str


def begin(tx: Session, *, request: str, key: str, body: bytes) -> StoredAnswer | RequestClaim:
    """Reserves `key` for this request of the acting person: returns a claim for `finish` or `release`, or the answer of the
    first request. `request`: its method and path.

    Raises KeyReused for another body, Conflict while the first one still runs, AnswerLost.
    """
    holder = tx.info.get("api_key_id") or tx.info["user_id"]
    claim = RequestClaim(tx.info["tenant_id"], hash_token(f"{holder}\n{request}\n{key}"), new_id("run"))
    body_hash, reference = hash_token(body.hex()), IdempotentRequest.key_hash == claim.key_hash
    outdated = (_age > func.make_interval(0, 0, 0, 0, KEEP_HOURS)) | (_died & IdempotentRequest.body.is_(None))
    tx.execute(delete(IdempotentRequest).where(reference, outdated).execution_options(synchronize_session=False))
    values = {"key_hash": claim.key_hash, "body_hash": body_hash, "headers": {"run": claim.run}}
    if tx.execute(insert(IdempotentRequest).values(**values).on_conflict_do_nothing().returning(text("1"))).first():
        return claim
    row = tx.execute(select(IdempotentRequest, _died.label("died")).where(reference)).first()
    if row is None:
        raise _still_runs()
    first: IdempotentRequest = row[0]
    if first.body_hash != body_hash:
        raise KeyReused(
            tr_lazy("This Idempotency-Key was used for a request with another body. Send a new key with a new request.")
        )
    if first.status is not None:
        return StoredAnswer(first.status, first.headers, first.body or b"")
    if not row.died or first.body is None:
        raise _still_runs()
    return _noted_answer(tx, first, claim)


def _still_runs() -> Conflict:
    return Conflict(tr_lazy("The first request with this Idempotency-Key still runs. Wait for its answer, then send it again."))


def _noted_answer(tx: Session, first: IdempotentRequest, claim: RequestClaim) -> StoredAnswer:
    """Of a request whose process died after `note_change`."""
    assert first.body is not None
    status = json.loads(first.body)["statusCode"]
    if status is None:
        raise AnswerLost(
            tr_lazy(
                "The studio stopped while it ran this request, after it had changed something. Check what is there; to "
                "run it again send a new Idempotency-Key."
            )
        )
    answer = StoredAnswer(status, {"content-type": "application/json"}, first.body)
    finish(tx, RequestClaim(claim.tenant_id, claim.key_hash, first.headers["run"]), answer)
    return answer


def note_change(tx: Session, claim: RequestClaim, status: int | None) -> None:
    """At the end of each transaction of the request: if it has made something, the request is not run again from its commit on.

    What it made is known by its first event; what records none (an announced upload, a preset that is written over) may be done
    again. `status`: of the answer to come; None: more steps may follow, so nobody could say that all of it was done.
    Raises Conflict when another process has taken the request over, which rolls the transaction back.
    """
    made_id = tx.info.get("first_event_about")
    note = json.dumps({"id": made_id, "statusCode": status}).encode() if made_id or status is None else None
    has_written = func.pg_current_xact_id_if_assigned().isnot(None)
    body = case((has_written, literal(note, LargeBinary)), else_=IdempotentRequest.body) if note else IdempotentRequest.body
    noted = update(IdempotentRequest).where(*_running(claim)).values(body=body).returning(IdempotentRequest.key_hash)
    if tx.execute(noted.execution_options(synchronize_session=False)).first() is None:
        raise Conflict(tr_lazy("This request was taken over by another process of the studio. Send it again for its answer."))


def renew(tx: Session, claim: RequestClaim) -> None:
    """Says that the request still runs."""
    renewed = update(IdempotentRequest).where(*_running(claim)).values(created_at=func.clock_timestamp())
    tx.execute(renewed.execution_options(synchronize_session=False))


def finish(tx: Session, claim: RequestClaim, answer: StoredAnswer) -> None:
    """Keeps the answer of a request that succeeded."""
    values = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    finished = update(IdempotentRequest).where(*_running(claim)).values(**values)
    tx.execute(finished.execution_options(synchronize_session=False))


def release(tx: Session, claim: RequestClaim, *, refused: bool) -> None:
    """Forgets a request that was refused or that failed before it had changed something: the next one with its key runs. What a
    failed one had changed is what the next one is told."""
    unless_changed = () if refused else (IdempotentRequest.body.is_(None),)
    forgotten = delete(IdempotentRequest).where(*_running(claim), *unless_changed)
    tx.execute(forgotten.execution_options(synchronize_session=False))
    if not refused:
        overdue = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, TAKE_OVER_S + 1)
        ended = update(IdempotentRequest).where(*_running(claim)).values(created_at=overdue)
        tx.execute(ended.execution_options(synchronize_session=False))


def _running(claim: RequestClaim) -> tuple[ColumnElement[bool], ...]:
    return (
        IdempotentRequest.key_hash == claim.key_hash,
        IdempotentRequest.status.is_(None),
        IdempotentRequest.headers["run"].astext == claim.run,
    )


def purge_repeated_requests(tx: Session) -> int:
    """Deletes what is older than a day; returns how many."""
    old = delete(IdempotentRequest).where(_age > func.make_interval(0, 0, 0, 0, KEEP_HOURS))
    return len(tx.execute(old.returning(IdempotentRequest.key_hash).execution_options(synchronize_session=False)).all())
