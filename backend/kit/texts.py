"""Text as Postgres and browsers can keep it. Pure."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def printable(text: str) -> str:
    """Without control characters (tabs and line breaks stay) and halves of characters."""
    return _UNPRINTABLE.sub("", text)
