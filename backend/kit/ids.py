"""Ids: `<prefix>_<26 characters>`, sortable by creation time (48 bits of milliseconds, 80 random bits, Crockford base 32; as
ULIDs)."""

from __future__ import annotations

import secrets
import threading
import time
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_lock = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """A new id. Ids made one after another in this process sort in that order, also within a millisecond."""
    global _last
    with _lock:
        now = time.time_ns() // 1_000_000
        # In the same millisecond, or after the clock was set back: a random step above the last number.
        _last = _last + 1 + secrets.randbits(40) if now <= _last >> 80 else now << 80 | secrets.randbits(80) >> 1
        number = _last
    return prefix + "_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def first_id(prefix: str, at: datetime) -> str:
    """A lower bound: no id of `prefix` made at or after `at` sorts before it."""
    number = max(0, int(at.timestamp() * 1000)) << 80
    return prefix + "_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def new_secret() -> str:
    """43 URL-safe characters, 256 bits: session tokens, tickets, invitation links."""
    return secrets.token_urlsafe(32)
