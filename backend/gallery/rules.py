"""How sentences of the gallery count. Pure."""

from __future__ import annotations


def count_pictures(n: int) -> str:
    """ "1 picture", "2,000 pictures"."""
    return f"{n:,} picture{'' if n == 1 else 's'}"
