"""Cleans and shortens text. Pure."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Removes control characters (tabs and line breaks stay), lone surrogates, and bidirectional controls, with which a text
    can be made to look like another one."""
    return _UNPRINTABLE.sub("", text)


def clipped(text: str, n_bytes: int) -> str:
    """`text` shortened to at most `n_bytes` of UTF-8, with … at the end where something is left out."""
    if len(data := text.encode()) <= n_bytes:
        return text
    return data[: n_bytes - len("…".encode())].decode("utf-8", "ignore").rstrip() + "…"
