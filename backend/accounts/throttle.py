"""Tries are counted in rows before they are made, so that neither a restart nor fifty tries at once get around the count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from backend.accounts.rules import FREE_TRIES, LONGEST_WAIT_S, WINDOW_S, in_words, wait_s
from backend.errors import TooMany
from backend.kit import metrics
from backend.kit.db import Database, Nobody, hash_token
from backend.tables import Throttle

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
def tries(db: Database, *, email: str, address: str) -> Iterator[None]:
    """Counts a try for the address of mail and of network; leaving without an error forgets them again.

    Raises TooMany (`retry_after`) without entering while either must wait.
    """
    keys = {"sign-in": _key("sign-in", email), "sign-in-from": _key("sign-in-from", address or "here")}
    waits = []
    with db.transaction(Nobody()) as tx:
        for kind, key in keys.items():
            waits.append(_count(tx, key, free=FREE_TRIES[kind]))
    if wait := max(waits):
        metrics.sign_in("throttled")
        raise TooMany(f"Too many tries. Wait {in_words(wait)}, then try again.", retry_after=wait)
    yield
    with db.transaction(Nobody()) as tx:
        tx.execute(delete(Throttle).where(Throttle.key == keys["sign-in"]))
        tx.execute(
            text("UPDATE throttles SET failures = greatest(failures - 1, 0), blocked_until = NULL WHERE key = :key"),
            {"key": keys["sign-in-from"]},
        )
        tx.execute(_FORGET, {"age": WINDOW_S + LONGEST_WAIT_S})


def forget(tx: Session, *, email: str) -> None:
    """After a reset: the old tries say nothing about the new password."""
    tx.execute(delete(Throttle).where(Throttle.key == _key("sign-in", email)))


def _count(tx: Session, key: str, *, free: int) -> float:
    """Counts one try; the seconds still to wait, 0 when it may be made."""
    failures = tx.scalar(_COUNT, {"key": key, "window": WINDOW_S})
    if failures is None:
        return max(float(tx.scalar(_LEFT, {"key": key}) or 0), 1.0)
    if wait := wait_s(failures, free=free):
        tx.execute(_BLOCK, {"key": key, "wait": wait})
    return 0.0


def _key(kind: str, value: str) -> str:
    """Hashed: what people mistype into the e-mail field is sometimes their password."""
    return f"{kind}:{hash_token(value.strip().lower())}"
