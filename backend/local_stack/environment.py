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
from backend.local_stack import services
from backend.local_stack.state import State
from backend.settings import ROOT, Settings

_OWNERS = ("DATABASE_OWNER_URL", "STUDIO_APP_PASSWORD", "STUDIO_WORKER_PASSWORD")


def of_processes(state: State, settings: Settings, *parts: Mapping[str, str]) -> dict[str, str]:
    """All of it: `parts` (what the user set, URLs, keys, logins; later ones win), and where the processes are."""
    ours = {"DATA_SHARED_BASE": str(state.folder), "HOST": settings.host, "PORT": str(settings.port), "PYTHONUNBUFFERED": "1"}
    return {name: value for part in (*parts, ours) for name, value in part.items()}


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
    urls = {"STUDIO_APP_PASSWORD": env.get("DATABASE_URL", ""), "STUDIO_WORKER_PASSWORD": env.get("WORKER_DATABASE_URL", "")}
    others = {name: url for name, url in urls.items() if url != env["DATABASE_OWNER_URL"]}
    return {name: unquote(password) for name, url in others.items() if (password := urlsplit(url).password)}


def _migrated(state: State, env: Mapping[str, str], stop: Event) -> dict[str, str]:
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
    if code != 0 or not said:
        raise Unavailable(f"The database could not be brought up to date. The end of {log}:\n{child.tail(log, 30)}")
    return said
