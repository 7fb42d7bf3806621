"""The environment of the project's own processes: servers' URLs, stored keys, and the logins that the migration makes."""

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

_OWNER_SETTINGS = ("DATABASE_OWNER_URL", "STUDIO_APP_PASSWORD", "STUDIO_WORKER_PASSWORD")
_INTERRUPTED_MESSAGES = (
    "server closed the connection",
    "terminating connection",
    "the database system is",
    "connection refused",
)
"""Messages of a migration whose Postgres was killed while it ran."""


def process_environment(state: State, settings: Settings, *parts: Mapping[str, str]) -> dict[str, str]:
    """The whole environment: `parts` (the user's, URLs, keys, logins; later ones win), data folder, host and port."""
    own_settings = {
        "STUDIO_DATA": str(state.folder),
        "HOST": settings.web.host,
        "PORT": str(settings.web.port),
        "PYTHONUNBUFFERED": "1",
    }
    return {name: value for part in (*parts, own_settings) for name, value in part.items()}


def service_environment(service: Service, env: Mapping[str, str]) -> dict[str, str]:
    """The part of `env` that the service needs. Withheld settings are empty, not absent: else it would read them from
    `.env`."""
    if service.foreign:
        return foreign_environment() | {"PYTHONUNBUFFERED": "1"}
    return {**env, **dict.fromkeys((*_OWNER_SETTINGS, *service.withheld), ""), **dict(service.values)}


def stored_keys(state: State, env: Mapping[str, str]) -> dict[str, str]:
    """Keys and passwords: the user's, else those that were generated once and stored."""
    generators: dict[str, Callable[[], str]] = {
        "SECRET_KEYS": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
        "JWT_SECRET": new_secret,
        "STUDIO_APP_PASSWORD": new_secret,
        "STUDIO_WORKER_PASSWORD": new_secret,
    }
    values = _given_passwords(env) | {name: env[name] for name in generators if env.get(name)}
    return {name: values.get(name) or state.secret(name, make) for name, make in generators.items()}


def login_passwords(stored_secrets: Mapping[str, str], env: Mapping[str, str]) -> tuple[str, str]:
    """Of the app's and the worker's login, as the running studio has them. Raises Unavailable when it stored none."""
    values = {**stored_secrets, **{name: value for name, value in env.items() if value}, **_given_passwords(env)}
    try:
        return values["STUDIO_APP_PASSWORD"], values["STUDIO_WORKER_PASSWORD"]
    except KeyError as error:
        raise Unavailable("This data folder has no studio yet. Start one with `make run`.") from error


def migrate_logins(
    state: State, *, owner_url: str, keys: Mapping[str, str], env: Mapping[str, str], stop: Event
) -> dict[str, str]:
    """Migrates the database and returns the URLs of the two confined logins; those in the user's `env` win.

    The owner's login stays out of the processes' environment. Ends early when `stop` is set. Raises Unavailable.
    """
    hidden = dict.fromkeys(_OWNER_SETTINGS, "")
    user_urls = {name: env[name] for name in ("DATABASE_URL", "WORKER_DATABASE_URL") if env.get(name)}
    if len(user_urls) == 2 and owner_url == user_urls["DATABASE_URL"]:
        return hidden  # somebody else migrates that database and gave us both logins
    if user_urls.get("DATABASE_URL") == owner_url:
        del user_urls["DATABASE_URL"]  # the owner's own: the app gets a confined login instead
    return {**_migrate(state, {**env, **keys, "DATABASE_OWNER_URL": owner_url}, stop), **user_urls, **hidden}


def _given_passwords(env: Mapping[str, str]) -> dict[str, str]:
    """Passwords of the logins that the user named besides the owner's: the migration must not change them."""
    if not env.get("DATABASE_OWNER_URL"):
        return {}
    logins = {
        "STUDIO_APP_PASSWORD": ("studio_app", urlsplit(env.get("DATABASE_URL", ""))),
        "STUDIO_WORKER_PASSWORD": ("studio_worker", urlsplit(env.get("WORKER_DATABASE_URL", ""))),
    }
    return {name: unquote(url.password) for name, (login, url) in logins.items() if url.password and url.username == login}


def _migrate(state: State, env: Mapping[str, str], stop: Event) -> dict[str, str]:
    for tries_left in (2, 1, 0):
        try:
            return _migrate_once(state, env, stop)
        except MigrationInterrupted:
            if not tries_left:
                raise
    return {}


class MigrationInterrupted(Unavailable):
    """The migration or Postgres was killed; it can be tried again."""


def _migrate_once(state: State, env: Mapping[str, str], stop: Event) -> dict[str, str]:
    result: dict[str, str] = {}
    log = state.folder / "log" / "migrations.log"
    with log.open("ab") as out:
        proc = child.spawn([sys.executable, *services.migrate_args()], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=out)
    try:
        for line in child.json_lines(proc, every_s=0.2):
            if stop.is_set():
                return {}
            result = line or result
        code = proc.wait()
    finally:
        child.stop(proc)
    if refused := result.get("refused"):
        raise Unavailable(refused)
    if code != 0 or not result:
        log_tail = child.tail(log, 30)
        error_class = (
            MigrationInterrupted if code < 0 or any(sign in log_tail for sign in _INTERRUPTED_MESSAGES) else Unavailable
        )
        raise error_class(f"The database could not be brought up to date. The end of {log}:\n{log_tail}")
    return result
