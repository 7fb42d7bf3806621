"""Secrets at rest."""

from __future__ import annotations

import base64

import pytest

from backend.errors import Invalid
from backend.kit.secrets import KeyRing

OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
ROW = {"tenant_id": "ws_1", "row_id": "ch_1"}


def test_what_is_sealed_opens_only_for_its_own_row() -> None:
    ring = KeyRing(NEW)
    sealed = ring.seal("token ✓", **ROW)
    assert b"token" not in sealed
    assert ring.seal("token ✓", **ROW) != sealed
    assert ring.open(sealed, **ROW) == "token ✓"
    for other in ({"tenant_id": "ws_2", "row_id": "ch_1"}, {"tenant_id": "ws_1", "row_id": "ch_2"}):
        with pytest.raises(Invalid, match="cannot be read"):
            ring.open(sealed, **other)


def test_keys_rotate() -> None:
    sealed = KeyRing(OLD).seal("token", **ROW)
    both = KeyRing(f"{NEW}, {OLD}")
    fresh = both.resealed(sealed, **ROW)
    assert fresh is not None
    assert KeyRing(NEW).open(fresh, **ROW) == "token"
    assert both.resealed(fresh, **ROW) is None, "under the newest key already"
    with pytest.raises(Invalid, match="older key"):
        KeyRing(NEW).open(sealed, **ROW)


@pytest.mark.parametrize("keys", ["", " , ", "not base64!", base64.b64encode(b"short").decode()])
def test_bad_keys_are_refused_at_the_start(keys: str) -> None:
    with pytest.raises(Invalid, match="openssl rand"):
        KeyRing(keys)


def test_a_damaged_secret_is_a_sentence() -> None:
    with pytest.raises(Invalid):
        KeyRing(NEW).open(b"\x00" * 5, **ROW)
