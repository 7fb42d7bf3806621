"""How many pictures, in words."""


def pictures(n: int) -> str:
    return f"{n:,} picture{'' if n == 1 else 's'}"
