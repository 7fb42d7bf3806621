"""The policy that keeps pages from fetching anything outside."""

from __future__ import annotations

from studio.shell.headers import content_security_policy


def test_only_our_own_origin_and_the_public_storage_are_allowed() -> None:
    rules = dict(rule.split(" ", 1) for rule in content_security_policy("https://s3.example.org").split("; "))
    assert rules["default-src"] == "'self'"
    for name in ("img-src", "connect-src", "media-src"):
        assert "https://s3.example.org" in rules[name]
    assert not [name for name, value in rules.items() if "*" in value]
    assert "http" not in content_security_policy("")


def test_sockets_go_to_our_own_host_only() -> None:
    rules = dict(rule.split(" ", 1) for rule in content_security_policy("", frozenset({"nas:8501"})).split("; "))
    assert rules["connect-src"] == "'self' ws://nas:8501 wss://nas:8501 data: blob:"
