"""Passwords of tests take a millisecond to hash; the release's 12 rounds of bcrypt take a quarter of a second, on purpose."""

from __future__ import annotations

from functools import partial

import bcrypt


def hash_quickly() -> None:
    """From now on, in this process; a hash says itself with how many rounds it was made."""
    bcrypt.gensalt = partial(bcrypt.gensalt, rounds=4)
