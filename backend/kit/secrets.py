"""Encrypts secrets that are stored: AES-GCM under a ring of keys, bound to the row they belong to."""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.errors import Invalid
from backend.language import tr_lazy

_NONCE_BYTES = 12


class KeyRing:
    """`keys`: comma-separated base64 of 32 bytes each, newest first. The first encrypts, all decrypt, so that keys can be
    rotated.

    Raises Invalid for keys of another form.
    """

    def __init__(self, keys: str) -> None:
        parts = [part.strip() for part in keys.split(",") if part.strip()]
        if not parts:
            raise Invalid(
                tr_lazy("SECRET_KEYS is empty. Give it at least one base64 key of 32 bytes (openssl rand -base64 32).")
            )
        self._ciphers = [AESGCM(_decoded_key(part)) for part in parts]

    def seal(self, secret: str, *, tenant_id: str, row_id: str) -> bytes:
        """Encrypts `secret`. It can be opened only with the same tenant and row id."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, secret.encode(), _associated_data(tenant_id, row_id))

    def open(self, sealed: bytes, *, tenant_id: str, row_id: str) -> str:
        """Raises Invalid when no key of the ring fits, or the bytes belong to another row."""
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(
                    sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _associated_data(tenant_id, row_id)
                ).decode()
            except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
                continue
        raise Invalid(
            tr_lazy(
                "A stored secret cannot be read with today's SECRET_KEYS. Add the older key behind the newest, or "
                "connect again."
            )
        )

    def resealed(self, sealed: bytes, *, tenant_id: str, row_id: str) -> bytes | None:
        """The same secret under the newest key; None where it is under that already. Raises Invalid when no key fits."""
        try:
            self._ciphers[0].decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _associated_data(tenant_id, row_id))
            return None
        except (InvalidTag, ValueError):
            return self.seal(self.open(sealed, tenant_id=tenant_id, row_id=row_id), tenant_id=tenant_id, row_id=row_id)


def _decoded_key(part: str) -> bytes:
    try:
        key = base64.b64decode(part, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise Invalid(tr_lazy("A key in SECRET_KEYS is not base64 of 32 bytes. Make one with: openssl rand -base64 32"))
    return key


def _associated_data(tenant_id: str, row_id: str) -> bytes:
    return f"{tenant_id}\x00{row_id}".encode()
