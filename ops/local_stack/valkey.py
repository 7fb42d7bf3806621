"""Embedded Valkey: append-only file, password, nothing ever evicted (docs/contracts/valkey.md, 2)."""

from __future__ import annotations

import signal
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ops.local_stack.server import Server

ALWAYS = ("appendonly yes", 'save ""', "maxmemory-policy noeviction", "hz 1")
"""`hz`: its upkeep once a second instead of ten times, which is enough for what does not expire."""


def server(program: Path, *, folder: Path, port: int, password: str, log: Path, durable: bool) -> Server:
    """The password goes into a 0600 file, never on the command line, which other accounts can see."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "valkey.conf"
    config.touch(mode=0o600)
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f'dir "{folder}"',
        *ALWAYS,
        f"appendfsync {'everysec' if durable else 'no'}",
        f"requirepass {password}",
    ]
    config.write_text("\n".join(lines) + "\n")
    return Server(
        name="Valkey",
        argv=[str(program), str(config)],
        log=log,
        answers=lambda: _ready(port, password),
        death_sig=signal.SIGTERM,  # it writes out what it holds and ends
    )


def url(port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"


def _ready(port: int, password: str) -> bool:
    once = Retry(NoBackoff(), 0)
    with redis.Redis(host="127.0.0.1", port=port, password=password, socket_timeout=5, retry=once) as client:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # also while it reads its file (BusyLoading)
            return False
