"""Phrases that several files of boards use."""


def pictures(n: int) -> str:
    return f"{n:,} picture{'' if n == 1 else 's'}"
