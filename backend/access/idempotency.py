"""Requests with an Idempotency-Key: the first one runs, a repeated one gets its answer, for 24 hours.

A row is written before the request runs, so that two at once cannot both run. Only successes are kept: a refused request has
changed nothing, and may be sent again under the same key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.db.tables import IdempotentRequest
from backend.db.transactions import hash_token
from backend.errors import Conflict, Refused

KEEP_HOURS = 24
TAKE_OVER_S = 300.0
"""After this long without an answer the process that ran the request is taken for dead; requests end long before."""
_age = func.clock_timestamp() - IdempotentRequest.created_at


class KeyReused(Refused):
    """The key was used for a request with another body."""

    code = "idempotency_key_reused"
    status = 422


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """`headers`: those that belong to the answer (content-type, location, etag, x-total-count)."""

    status: int
    headers: dict[str, Any]
    body: bytes


def begin(tx: Session, *, request: str, key: str, body: bytes) -> StoredAnswer | str:
    """Reserves `key` for this request of the acting person: returns a reference for `finish` or `release`, or the answer of the
    first request. `request`: its method and path.

    Raises KeyReused for another body, Conflict while the first one still runs.
    """
    holder = tx.info.get("api_key_id") or tx.info["user_id"]
    key_hash, body_hash = hash_token(f"{holder}\n{request}\n{key}"), hash_token(body.hex())
    reference = IdempotentRequest.key_hash == key_hash
    outdated = (_age > func.make_interval(0, 0, 0, 0, KEEP_HOURS)) | (
        IdempotentRequest.status.is_(None) & (_age > text(f"interval '{TAKE_OVER_S} seconds'"))
    )
    tx.execute(delete(IdempotentRequest).where(reference, outdated).execution_options(synchronize_session=False))
    values = {"key_hash": key_hash, "body_hash": body_hash}
    if tx.execute(insert(IdempotentRequest).values(**values).on_conflict_do_nothing().returning(text("1"))).first():
        return key_hash
    first = tx.scalars(select(IdempotentRequest).where(reference)).first()
    if first is None or (first.status is None and first.body_hash == body_hash):
        raise Conflict("The first request with this Idempotency-Key still runs. Wait for its answer, then send it again.")
    if first.body_hash != body_hash:
        raise KeyReused("This Idempotency-Key was used for a request with another body. Send a new key with a new request.")
    assert first.status is not None
    return StoredAnswer(first.status, first.headers, first.body or b"")


def finish(tx: Session, reference: str, answer: StoredAnswer) -> None:
    """Keeps the answer of a request that succeeded."""
    values = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    tx.execute(update(IdempotentRequest).where(IdempotentRequest.key_hash == reference).values(**values))


def release(tx: Session, reference: str) -> None:
    """Forgets a request that was refused or failed: the next one with its key runs."""
    unanswered = IdempotentRequest.key_hash == reference, IdempotentRequest.status.is_(None)
    tx.execute(delete(IdempotentRequest).where(*unanswered))


def purge_repeated_requests(tx: Session) -> int:
    """Deletes what is older than a day; returns how many."""
    old = delete(IdempotentRequest).where(_age > func.make_interval(0, 0, 0, 0, KEEP_HOURS))
    return len(tx.execute(old.returning(IdempotentRequest.key_hash).execution_options(synchronize_session=False)).all())
