"""Accounts start where every studio starts: with nobody."""

from __future__ import annotations

import pytest
from pydantic import SecretStr


@pytest.fixture
def password() -> SecretStr:
    return SecretStr("three happy ducks")
