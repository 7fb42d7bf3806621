"""Limits attempts to sign in. Each is counted in a row before it is made, so that neither a restart nor many attempts at once
get around the limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from backend.accounts.rules import FREE_TRIES, MAX_WAIT_S, WINDOW_S, in_words, wait_s
from backend.db.tables import Throttle
from backend.db.transactions import Anonymous, Database, hash_token
from backend.errors import TooMany
from backend.kit import metrics
from backend.language import tr_lazy

_COUNT = text(
    """INSERT INTO throttles AS t (key, failures, window_started_at) VALUES (:key, 1, clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN t.window_started_at < clock_timestamp() - make_interval(secs => :window)
        THEN 1 ELSE t.failures + 1 END,
      window_started_at = CASE WHEN t.window_started_at < clock_timestamp() - make_interval(secs => :window)
        THEN clock_timestamp() ELSE t.window_started_at END,
      blocked_until = NULL
    WHERE t.blocked_until IS NULL OR t.blocked_until <= clock_timestamp()
    RETURNING failures"""
)
_LEFT = text("SELECT extract(epoch FROM blocked_until - clock_timestamp()) FROM throttles WHERE key = :key")
_BLOCK = text("UPDATE throttles SET blocked_until = clock_timestamp() + make_interval(secs => :wait) WHERE key = :key")
_FORGET = text(
    "DELETE FROM throttles WHERE coalesce(blocked_until, window_started_at) < clock_timestamp() - make_interval(secs => :age)"
)


@contextmanager
def count_attempt(db: Database, *, email: str, address: str, device: str = "") -> Iterator[None]:
    """Counts an attempt for the e-mail address and for the network address. A block that ends without an error takes it back:
    the e-mail address's count is cleared, the network address's lowered by one.

    `device`: a browser in which this person has signed in before; then only its own count is used, so that attempts elsewhere
    do not block it. Raises TooMany (`retry_after` in seconds) without entering the block while one of the counts is blocked.
    """
    if device:
        keys = {"sign-in": _key("sign-in-device", device)}
    else:
        keys = {"sign-in": _key("sign-in", email), "sign-in-from": _key("sign-in-from", address or "here")}
    waits = []
    with db.transaction(Anonymous()) as tx:
        for kind, key in keys.items():
            waits.append(_count(tx, key, free=FREE_TRIES[kind]))
    if wait := max(waits):
        metrics.sign_in("throttled")
        raise TooMany(tr_lazy("Too many tries. Wait {time}, then try again.", time=in_words(wait)), retry_after=wait)
    yield
    with db.transaction(Anonymous()) as tx:
        tx.execute(delete(Throttle).where(Throttle.key == keys["sign-in"]))
        tx.execute(
            text("UPDATE throttles SET failures = greatest(failures - 1, 0), blocked_until = NULL WHERE key = :key"),
            {"key": keys.get("sign-in-from", "")},
        )
        tx.execute(_FORGET, {"age": WINDOW_S + MAX_WAIT_S})


def clear_attempts(tx: Session, *, email: str) -> None:
    """Clears the count of an e-mail address after a password reset."""
    tx.execute(delete(Throttle).where(Throttle.key == _key("sign-in", email)))


def _count(tx: Session, key: str, *, free: int) -> float:
    """Counts one attempt. Returns 0 when it may be made, else the seconds still to wait."""
    failures = tx.scalar(_COUNT, {"key": key, "window": WINDOW_S})
    if failures is None:
        return max(float(tx.scalar(_LEFT, {"key": key}) or 0), 1.0)
    if wait := wait_s(failures, free=free):
        tx.execute(_BLOCK, {"key": key, "wait": wait})
    return 0.0


def _key(kind: str, value: str) -> str:
    """The row's key. The value is hashed, because people sometimes type their password into the e-mail field."""
    return f"{kind}:{hash_token(value.strip().lower())}"
