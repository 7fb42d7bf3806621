"""A whole studio without its page for as long as a `with` lasts: empty servers, real workers, gone afterwards."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.errors import Unavailable
from backend.settings import Settings
from ops.local_stack import environment, services
from ops.local_stack.processes import Processes
from ops.local_stack.stack import S3_NAMES, Stack, start

_OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "WORKER_DATABASE_URL", "REDIS_URL", "S3_PUBLIC_ENDPOINT", "DATA_SHARED_BASE")


@contextmanager
def studio() -> Iterator[Settings]:
    """Settings of the running servers; everything else (engines, models) is as the user set it. Raises Unavailable."""
    outside = {name: value for name, value in os.environ.items() if name not in _OURS and not name.startswith("S3_")}
    with tempfile.TemporaryDirectory(prefix="studio-") as folder:
        Path(folder).chmod(0o755)  # Postgres may run as somebody else
        with start(Path(folder) / "var", env=outside, durable=False) as servers:
            (servers.state.folder / "log").mkdir(parents=True, exist_ok=True)
            env = _environment(servers, outside)
            processes = Processes(servers.state, env)
            try:
                for worker in services.workers(stop_grace_s=5.0):
                    processes.start(worker)
                yield _settings(env)
            finally:
                processes.stop()


def _environment(servers: Stack, outside: dict[str, str]) -> dict[str, str]:
    state, url = servers.state, servers.urls["DATABASE_OWNER_URL"]
    keys = environment.kept_keys(state, outside)
    logins = environment.logins(state, owner_url=url, keys=keys, env=outside, stop=threading.Event())
    env = environment.of_processes(state, Settings(), outside, servers.urls, keys, logins) | {"S3_PUBLIC_ENDPOINT": ""}
    if not servers.wait_storage():
        raise Unavailable("The storage did not start within a minute. Look at the disk's free space, then try again.")
    return env


def _settings(env: dict[str, str]) -> Settings:
    """Named values win over a `.env` file, which may speak of other servers."""
    names = ("DATABASE_URL", "WORKER_DATABASE_URL", "REDIS_URL", "SECRET_KEYS", *S3_NAMES)
    values = {name.lower(): env[name] for name in names if name in env}
    return Settings(**values, s3_public_endpoint="", DATA_SHARED_BASE=Path(env["DATA_SHARED_BASE"]))  # type: ignore[arg-type]
