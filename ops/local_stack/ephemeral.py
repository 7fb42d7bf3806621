"""A temporary studio without its page: empty servers and real workers for the duration of a `with` block."""

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

_REPLACED_SETTINGS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "WORKER_DATABASE_URL",
    "REDIS_URL",
    "S3_PUBLIC_ENDPOINT",
    "STUDIO_DATA",
    "DATA_SHARED_BASE",
)


@contextmanager
def ephemeral_studio() -> Iterator[Settings]:
    """Starts it and yields its Settings; engines and models are as the user set them. Raises Unavailable."""
    user_env = {
        name: value for name, value in os.environ.items() if name not in _REPLACED_SETTINGS and not name.startswith("S3_")
    }
    with tempfile.TemporaryDirectory(prefix="studio-") as folder:
        Path(folder).chmod(0o755)  # Postgres may run under another account
        with start(Path(folder) / "var", env=user_env, durable=False) as servers:
            (servers.state.folder / "log").mkdir(parents=True, exist_ok=True)
            env = _environment(servers, user_env)
            processes = Processes(servers.state, env)
            try:
                for worker in services.worker_services(stop_grace_s=5.0):
                    processes.start(worker)
                yield _settings(env)
            finally:
                processes.stop()


def _environment(servers: Stack, user_env: dict[str, str]) -> dict[str, str]:
    state, url = servers.state, servers.urls["DATABASE_OWNER_URL"]
    keys = environment.stored_keys(state, user_env)
    logins = environment.migrate_logins(state, owner_url=url, keys=keys, env=user_env, stop=threading.Event())
    env = environment.process_environment(state, Settings.read(), user_env, servers.urls, keys, logins)
    env["S3_PUBLIC_ENDPOINT"] = ""
    if not servers.wait_storage():
        raise Unavailable("The storage did not start within a minute. Look at the disk's free space, then try again.")
    return env


def _settings(env: dict[str, str]) -> Settings:
    """Settings from `env`; given values win over a `.env` file, which may name other servers."""
    names = ("DATABASE_URL", "WORKER_DATABASE_URL", "REDIS_URL", "SECRET_KEYS", *S3_NAMES)
    values = {name: env[name] for name in names if name in env}
    return Settings.read().replace(**values, S3_PUBLIC_ENDPOINT="", STUDIO_DATA=env["STUDIO_DATA"])
