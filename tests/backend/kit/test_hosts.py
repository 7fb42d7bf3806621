"""Which names are ours, and which pages."""

from __future__ import annotations

import socket

import pytest

from backend.kit.hosts import hosts

OURS = hosts(
    public_url="https://studio.example.org", listens_on="0.0.0.0", allowed="nas, *.home.example", own_url="http://0.0.0.0:8501"
)


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8501", "127.0.0.1:8501", "192.168.1.20:8501", "[::1]:8501", "[fe80::1]", "studio.example.org", "NAS:8501",
        "STUDIO.example.org.:443", "a.home.example", "a.b.home.example", socket.gethostname(), "studio.localhost",
    ],
)  # fmt: skip
def test_our_names_and_plain_addresses_are_known(host: str) -> None:
    assert OURS.includes(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:8501", "studio.example.org.evil.example", "home.example", "127.0.0.1.evil.example",
     "user@localhost", "localhost/evil", "localhost:x", "local host", "[::1", "ex\u00e4mple"],
)  # fmt: skip
def test_other_names_are_not(host: str) -> None:
    assert not OURS.includes(host)


def test_any_name_may_be_allowed() -> None:
    assert hosts(public_url="", listens_on="", allowed="*").includes("whatever.example")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8501", "localhost:8501"),
        ("http://192.168.1.20:8501", "192.168.1.20:8501"),
        ("https://nas", "nas:443"),
        ("http://nas:80", "nas"),
        ("https://studio.example.org", "127.0.0.1:8501"),  # a proxy that asks under its own name
    ],
)
def test_pages_at_the_host_that_was_asked_or_at_the_public_url_are_ours(origin: str, host: str) -> None:
    assert OURS.own_origin(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("", ""), ("null", ""), ("null", "localhost:8501"), ("http://", ""), ("", "localhost:8501"),
        ("http://localhost:9999", "localhost:8501"), ("http://127.0.0.1:8501", "localhost:8501"),
        ("http://evil.example", "evil.example"),  # its name was pointed at this machine
        ("http://evil.example", "localhost:8501"), ("http://localhost:8501@evil.example", "localhost:8501"),
        ("https://studio.example.org:444", "127.0.0.1:8501"), ("file://localhost:8501", "localhost:8501"),
    ],
)  # fmt: skip
def test_no_other_page_is_ours(origin: str, host: str) -> None:
    assert not OURS.own_origin(origin, host)
