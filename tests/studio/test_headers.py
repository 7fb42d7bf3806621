"""The policy that keeps pages from fetching anything outside."""

from __future__ import annotations

from studio.headers import policy


def test_only_our_own_origin_and_the_public_storage_are_allowed() -> None:
    rules = dict(rule.split(" ", 1) for rule in policy("https://s3.example.org").split("; "))
    assert rules["default-src"] == "'self'"
    for name in ("img-src", "connect-src", "media-src"):
        assert "https://s3.example.org" in rules[name]
    assert not [name for name, value in rules.items() if "*" in value]
    assert "http" not in policy("")
