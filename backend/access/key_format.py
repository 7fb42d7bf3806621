"""How an API key looks: `ias_`, 30 random characters, and 6 that are their checksum. Pure.

A mistyped key is refused without asking the database, and scanners for leaked secrets recognise one that was committed.
"""

from __future__ import annotations

import secrets
import string
import zlib

PREFIX = "ias_"
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECK = 30, 6
"""30 characters of 62 are 178 bits: too many to guess, so a plain SHA-256 is enough to store."""


def new_key() -> str:
    body = "".join(secrets.choice(_BASE62) for _ in range(_RANDOM))
    return PREFIX + body + _checksum(body)


def is_key(value: str) -> bool:
    """Whether `value` has the form and the checksum of a key; not whether such a key exists."""
    body = value.removeprefix(PREFIX)
    if value == body or len(body) != _RANDOM + _CHECK or not set(body) <= set(_BASE62):
        return False
    return secrets.compare_digest(body[_RANDOM:], _checksum(body[:_RANDOM]))


def hint(last_four: str) -> str:
    return f"{PREFIX}…{last_four}"


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits
