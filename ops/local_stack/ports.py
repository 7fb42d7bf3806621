"""Chooses free loopback ports: those of the last run where they are free, so that tools that point at them keep working."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from contextlib import ExitStack


def choose(names: Iterable[str], *, last: Mapping[str, int]) -> dict[str, int]:
    """A port for each name, all different. They are free now; another program may still take one before ours does."""
    chosen: dict[str, int] = {}
    with ExitStack() as sockets:  # all held at once, or the system would hand out one port twice
        for name in names:
            sock = sockets.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if not (name in last and _bind(sock, last[name])):
                sock.bind(("127.0.0.1", 0))
            chosen[name] = sock.getsockname()[1]
    return chosen


def is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _bind(sock, port, host)


def _bind(sock: socket.socket, port: int, host: str = "127.0.0.1") -> bool:
    try:
        sock.bind((host, port))
    except (OSError, OverflowError):
        return False
    return True
