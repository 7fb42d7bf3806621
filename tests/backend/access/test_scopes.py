"""Scopes and the form of keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.access import key_format, scopes
from backend.db.transactions import RANK
from backend.errors import Invalid

ALL = scopes.all_scopes()


def test_a_verb_includes_the_lower_ones_of_its_noun_only() -> None:
    assert scopes.allows(["posts:publish"], "posts:write")
    assert scopes.allows(["posts:write"], "posts:read")
    assert not scopes.allows(["posts:write"], "posts:publish")
    assert not scopes.allows(["posts:publish"], "images:read")
    assert scopes.allows(["*:write"], "images:write")
    assert not scopes.allows(["*:write"], "posts:publish")
    assert not scopes.allows(["*:publish"], "workspace:admin")
    assert not scopes.allows([], "images:read")


@given(st.sets(st.sampled_from(ALL), min_size=1), st.sampled_from(ALL))
def test_more_scopes_never_allow_less(held: set[str], needed: str) -> None:
    assert scopes.allows(held | {needed}, needed)
    if scopes.allows(held, needed):
        assert scopes.allows(held | {"images:read"}, needed)
    assert RANK[scopes.role_for(held)] == max(RANK[scopes.role_for([scope])] for scope in held)


def test_unknown_scopes_and_none_are_refused() -> None:
    assert scopes.checked_scopes(["posts:publish", "images:read", "posts:publish"]) == ("images:read", "posts:publish")
    for wrong in (["images:publish"], ["cats:read"], ["images"], [], ["jobs:admin"]):
        with pytest.raises(Invalid):
            scopes.checked_scopes(wrong)


@given(st.integers(0, 39), st.sampled_from("0Az"))
def test_one_wrong_character_is_noticed_without_the_database(position: int, character: str) -> None:
    key = key_format.new_key()
    assert key_format.is_key(key)
    changed = key[:position] + character + key[position + 1 :]
    assert key_format.is_key(changed) is (changed == key)
    assert not key_format.is_key(key + character)
    assert not key_format.is_key(key[:-1])
