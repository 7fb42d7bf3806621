"""Hashes and checks passwords: bcrypt, through streamlit-authenticator."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import SecretStr


def hash_password(password: SecretStr) -> str:
    return str(_hasher().hash(password.get_secret_value()))


def matches(password: SecretStr, password_hash: str | None) -> bool:
    """Whether the password belongs to the hash; `password_hash` None: there is no such account.

    Takes the same time in every case, so that the answer's time does not tell which addresses have an account.
    """
    secret = password.get_secret_value()
    if not secret or len(secret.encode()) > 72:
        secret, password_hash = "x", None
    valid_hash = password_hash if password_hash and password_hash.startswith("$2") else None
    return bool(_hasher().check_pw(secret, valid_hash or _dummy_hash())) and valid_hash is not None


@cache
def _dummy_hash() -> str:
    return str(_hasher().hash("nobody has this password"))


@cache
def _hasher() -> Any:
    from streamlit_authenticator.utilities.hasher import Hasher  # imported late: it imports all of Streamlit

    return Hasher
