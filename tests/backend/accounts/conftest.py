"""Accounts start where every studio starts: with nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from backend.accounts import passwords


@pytest.fixture(autouse=True)
def fast_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """bcrypt with few rounds: the same code path, 50 times faster."""
    import bcrypt

    salt = bcrypt.gensalt
    monkeypatch.setattr(bcrypt, "gensalt", lambda rounds=4, prefix=b"2b": salt(4, prefix))
    passwords._dummy_hash.cache_clear()
    yield
    passwords._dummy_hash.cache_clear()


@pytest.fixture
def password() -> SecretStr:
    return SecretStr("three happy ducks")
