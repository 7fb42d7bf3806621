"""The host names a server answers to, and whether a request comes from its own pages. Pure.

Protects against DNS rebinding: another site may let its own name resolve to this machine, and the browser then treats its
page as one of ours. So only known names are answered, and IP addresses, which need no resolving.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Hosts:
    """`names`: lower case; `*.example.org` stands for all names below it, `*` for any. `own_url`: where people reach it."""

    names: frozenset[str]
    own_url: str = ""

    def includes(self, host: str) -> bool:
        """`host`: a Host header, with or without a port."""
        name = _name(host)
        if name is None:
            return False
        parents = (f"*.{name[at + 1 :]}" for at, letter in enumerate(name) if letter == ".")
        return name in self.names or "*" in self.names or _is_address(name) or not self.names.isdisjoint(parents)

    def own_origin(self, origin: str, host: str) -> bool:
        """Whether an Origin header names our own pages: those at the request's Host header `host`, or at `own_url`."""
        url = urlsplit(origin)
        if url.scheme not in _PORTS or not url.netloc or _name(url.netloc) is None:
            return False
        requested = _host_and_port(host, url.scheme) if self.includes(host) else None
        own = urlsplit(self.own_url)
        return _host_and_port(url.netloc, url.scheme) in {requested, _host_and_port(own.netloc, own.scheme)}


def hosts(*, public_url: str, listens_on: str, allowed: str = "", own_url: str = "") -> Hosts:
    """`allowed`: more names, comma-separated. This machine's own names and loopback are always known."""
    own = socket.gethostname().lower().split(".")[0]
    urls = [urlsplit(url).hostname or "" for url in (public_url, own_url)]
    more = [part.strip().lower().rstrip(".") for part in allowed.split(",")]
    names = {"localhost", "*.localhost", own, f"{own}.local", socket.gethostname().lower(), listens_on.lower(), *urls, *more}
    return Hosts(frozenset(names - {""}), public_url or own_url)


def _name(host: str) -> str | None:
    """Without port and brackets, lower case; None for what is no host."""
    match = _HOST.fullmatch(host)
    return match[1].strip("[]").lower().rstrip(".") if match else None


def _host_and_port(netloc: str, scheme: str) -> tuple[str, int] | None:
    match = _HOST.fullmatch(netloc)
    return (_name(netloc) or "", int(match[2] or _PORTS.get(scheme, 0))) if match else None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """`name`: an address or a host name, without a port."""
    return name == "localhost" or (_is_address(name) and ip_address(name).is_loopback)
