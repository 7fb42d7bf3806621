"""bcrypt through streamlit-authenticator, taking the same time whether or not the person exists."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import SecretStr


def hashed(password: SecretStr) -> str:
    return str(_hasher().hash(password.get_secret_value()))


def matches(password: SecretStr, password_hash: str | None) -> bool:
    """None: nobody has that address; the work is done all the same, so that the answer's time tells nothing."""
    secret = password.get_secret_value()
    if not secret or len(secret.encode()) > 72:
        secret, password_hash = "x", None
    known = password_hash if password_hash and password_hash.startswith("$2") else None
    return bool(_hasher().check_pw(secret, known or _nobodys_hash())) and known is not None


@cache
def _nobodys_hash() -> str:
    return str(_hasher().hash("nobody has this password"))


@cache
def _hasher() -> Any:
    from streamlit_authenticator.utilities.hasher import Hasher  # brings all of Streamlit: only where passwords are handled

    return Hasher
