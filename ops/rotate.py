"""`make rotate`: new keys and passwords for a studio that `make run` started, and how old today's are.

    make rotate                  ages, nothing else
    make rotate ARGS=all         new ones of every kind; or of some: ARGS="sessions redis"

The studio has to be stopped; the next `make run` uses the new ones. Secrets that the environment or `.env` gives are told and
left alone: whoever gave them changes them there.
"""

from __future__ import annotations

import base64
import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backend.errors import StudioError
from backend.kit import clock
from backend.kit.ids import new_secret
from backend.settings import Settings
from backend.settings.environment import read_environment
from ops.local_stack import state as states
from ops.local_stack.state import SECRETS_MADE_AT, State

MAX_KEYS = 4
"""Keys in the ring. Workers bring what is stored under the newest one within an hour of running, so the fifth opens nothing."""


@dataclass(frozen=True, slots=True)
class SecretKind:
    """`names`: in secrets.json; `settings`: with which somebody gives it instead; `days`: how old it should become."""

    label: str
    names: tuple[str, ...]
    settings: tuple[str, ...]
    days: int


KINDS: dict[str, SecretKind] = {
    "keys": SecretKind("key ring of stored tokens", ("SECRET_KEYS",), ("SECRET_KEYS",), 90),
    "sessions": SecretKind("signature of programs' access tokens", ("JWT_SECRET",), ("JWT_SECRET",), 90),
    "database": SecretKind(
        "logins of studio and workers",
        ("STUDIO_APP_PASSWORD", "STUDIO_WORKER_PASSWORD"),
        ("DATABASE_URL", "STUDIO_APP_PASSWORD", "STUDIO_WORKER_PASSWORD"),
        90,
    ),
    "redis": SecretKind("password of Valkey", ("VALKEY_PASSWORD",), ("REDIS_URL",), 90),
    "s3": SecretKind("key of the storage", ("S3_SECRET",), ("S3_ENDPOINT", "S3_SECRET"), 90),
}
PROVIDER_KEYS = {"OPENROUTER_API_KEY": 180}
"""Keys of others, which only their makers can change -> days."""


def main(argv: Sequence[str]) -> int:
    """The exit code."""
    if unknown := set(argv) - {*KINDS, "all"}:
        sys.stderr.write(f"There is no {', '.join(sorted(unknown))}. Choose from: all, {', '.join(KINDS)}.\n")
        return 2
    settings, environment = Settings.read(), read_environment(Path(".env"))
    try:
        if not argv:
            show(settings, environment)
            return 0
        state = states.lock_folder(settings.data_dir.resolve())
    except StudioError as error:
        sys.stderr.write(error.message + "\n")
        return 1
    try:
        for kind in KINDS if "all" in argv else argv:
            print(f"{KINDS[kind].label}: {rotate(state, KINDS[kind], environment)}")
    finally:
        state.release()
    print("The next `make run` uses them. Everybody stays signed in; programs get new access tokens by themselves.")
    return 0


def rotate(state: State, kind: SecretKind, environment: Mapping[str, str]) -> str:
    """Stores new secrets of a kind. Returns what was done, as a sentence."""
    if set_elsewhere := [name for name in kind.settings if environment.get(name)]:
        return f"given by {', '.join(set_elsewhere)}; change it there."
    made_at = {name: clock.now().isoformat(timespec="seconds") for name in kind.names}
    new = {name: _next_keys(state.kept.get(name, "")) if name == "SECRET_KEYS" else new_secret() for name in kind.names}
    state.replace_secrets({**new, SECRETS_MADE_AT: json.dumps(_dates(state.kept) | made_at)})
    return "new."


def show(settings: Settings, environment: Mapping[str, str]) -> None:
    """Prints how old each is."""
    stored_secrets = states.read_json(settings.data_dir.resolve() / "secrets.json")
    for name, kind in KINDS.items():
        if set_elsewhere := [setting for setting in kind.settings if environment.get(setting)]:
            print(f"{name:9} {kind.label}: given by {', '.join(set_elsewhere)}; how old it is is not known here.")
        else:
            print(f"{name:9} {kind.label}: {age(stored_secrets, kind)}")
    for setting, days in PROVIDER_KEYS.items():
        if environment.get(setting):
            print(f"{setting}: change it where you got it, every {days} days.")


def age(stored_secrets: Mapping[str, str], kind: SecretKind) -> str:
    """How old the oldest secret of a kind is, and whether that is too old."""
    if not all(stored_secrets.get(name) for name in kind.names):
        return "not made yet."
    dates = _dates(stored_secrets)
    if not all(name in dates for name in kind.names):
        return f"older than this command: make new ones (every {kind.days} days)."
    days = max((clock.now() - datetime.fromisoformat(dates[name]).astimezone(UTC)).days for name in kind.names)
    return f"{days} days old; {'make new ones' if days >= kind.days else f'new ones in {kind.days - days} days'}."


def _dates(stored_secrets: Mapping[str, str]) -> dict[str, str]:
    dates: dict[str, str] = json.loads(stored_secrets.get(SECRETS_MADE_AT) or "{}")
    return dates


def _next_keys(keys: str) -> str:
    """The ring with a new key in front."""
    older = [key for key in keys.split(",") if key]
    return ",".join([base64.b64encode(secrets.token_bytes(32)).decode(), *older][:MAX_KEYS])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
