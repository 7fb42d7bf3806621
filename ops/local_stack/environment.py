"""What the project's own processes are told beside the servers' URLs: kept keys, and the logins that migrating makes."""

from __future__ import annotations

import base64
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from threading import Event
from urllib.parse import unquote, urlsplit

from backend.errors import Unavailable
from backend.kit import child
from backend.kit.ids import new_secret
from backend.settings import ROOT, Settings, foreign_environment
from ops.local_stack import services
from ops.local_stack.services import Service
from ops.local_stack.state import State

_OWNERS = ("DATABASE_OWNER_URL", "STUDIO_APP_PASSWORD", "STUDIO_WORKER_PASSWORD")
_CUT_OFF = ("server closed the connection", "terminating connection", "the database system is", "connection refused")
"""What a migration says when Postgres was killed under it."""
_NOBODYS = ("JWT_SECRET",)
"""Made and kept, and read by no process yet."""


def of_processes(state: State, settings: Settings, *parts: Mapping[str, str]) -> dict[str, str]:
    """All of it: `parts` (what the user set, URLs, keys, logins; later ones win), and where the processes are."""
    ours = {"DATA_SHARED_BASE": str(state.folder), "HOST": settings.host, "PORT": str(settings.port), "PYTHONUNBUFFERED": "1"}
    return {name: value for part in (*parts, ours) for name, value in part.items()}


def of_service(service: Service, env: Mapping[str, str]) -> dict[str, str]:
    """The part of `env` that it needs. What is withheld is empty, not absent: a `.env` file would be read instead."""
    if service.foreign:
        return foreign_environment() | {"PYTHONUNBUFFERED": "1"}
    left = {name: value for name, value in env.items() if name not in _NOBODYS}
    return left | dict.fromkeys((*_OWNERS, *service.withheld), "")


def kept_keys(state: State, env: Mapping[str, str]) -> dict[str, str]:
    """Keys and passwords that are made once and kept, unless the user gave them."""
    made: dict[str, Callable[[], str]] = {
        "SECRET_KEYS": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
        "JWT_SECRET": new_secret,
        "STUDIO_APP_PASSWORD": new_secret,
        "STUDIO_WORKER_PASSWORD": new_secret,
    }
    given = _given_passwords(env) | {name: env[name] for name in made if env.get(name)}
    return {name: given.get(name) or state.secret(name, make) for name, make in made.items()}


def logins(state: State, *, owner_url: str, keys: Mapping[str, str], env: Mapping[str, str], stop: Event) -> dict[str, str]:
    """Migrates; the URLs of the two confined logins, those in the user's `env` first.

    The owner's login stays out of the processes' environment. Ends early when `stop` is set. Raises Unavailable.
    """
    hidden = dict.fromkeys(_OWNERS, "")
    given = {name: env[name] for name in ("DATABASE_URL", "WORKER_DATABASE_URL") if env.get(name)}
    if len(given) == 2 and owner_url == given["DATABASE_URL"]:
        return hidden  # somebody else migrates that database and gave us both logins
    if given.get("DATABASE_URL") == owner_url:
        del given["DATABASE_URL"]  # the owner's own: the app gets a confined login instead
    return {**_migrated(state, {**env, **keys, "DATABASE_OWNER_URL": owner_url}, stop), **given, **hidden}


def _given_passwords(env: Mapping[str, str]) -> dict[str, str]:
    """Of logins that the user named beside the owner's: migrating must not change them."""
    if not env.get("DATABASE_OWNER_URL"):
        return {}
    named = {
        "STUDIO_APP_PASSWORD": ("studio_app", urlsplit(env.get("DATABASE_URL", ""))),
        "STUDIO_WORKER_PASSWORD": ("studio_worker", urlsplit(env.get("WORKER_DATABASE_URL", ""))),
    }
    return {name: unquote(url.password) for name, (login, url) in named.items() if url.password and url.username == login}


def _migrated(state: State, env: Mapping[str, str], stop: Event) -> dict[str, str]:
    for tries_left in (2, 1, 0):
        try:
            return _migrated_once(state, env, stop)
        except Interrupted:
            if not tries_left:
                raise
    return {}


class Interrupted(Unavailable):
    """It was killed, or Postgres was: worth another try."""


def _migrated_once(state: State, env: Mapping[str, str], stop: Event) -> dict[str, str]:
    said: dict[str, str] = {}
    log = state.folder / "log" / "migrations.log"
    with log.open("ab") as out:
        proc = child.spawn([sys.executable, *services.migrate()], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=out)
    try:
        for line in child.json_lines(proc, every_s=0.2):
            if stop.is_set():
                return {}
            said = line or said
        code = proc.wait()
    finally:
        child.stop(proc)
    if refused := said.get("refused"):
        raise Unavailable(refused)
    if code != 0 or not said:
        end = child.tail(log, 30)
        kind = Interrupted if code < 0 or any(sign in end for sign in _CUT_OFF) else Unavailable
        raise kind(f"The database could not be brought up to date. The end of {log}:\n{end}")
    return said
