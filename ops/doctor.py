"""`make doctor`: what this machine and the studio's settings are like, and what is wrong, as text for an issue.

Names of settings, never their values; addresses as host and port; from logs the messages alone. Needs no running studio.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx
import psutil
import redis
from dotenv import dotenv_values
from pydantic import ValidationError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from backend import VERSION
from backend.db.transactions import with_driver
from backend.engines.comfyui import server_urls
from backend.errors import StudioError
from backend.settings import ROOT, Settings
from ops.local_stack import ports
from ops.local_stack.run_info import run_info, studio_url

State = Literal["ok", "note", "wrong"]
_SIGNS: dict[State, str] = {"ok": "  ok   ", "note": "  note ", "wrong": "  WRONG"}
GB = 1024**3
MIN_FREE_BYTES, MIN_MEMORY_BYTES, MAX_CLOCK_ERROR_S = 5 * GB, 4 * GB, 60.0
_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class MachineFinding:
    """`text`: what is so, and when `wrong` what to do."""

    state: State
    text: str


def main() -> int:
    """Prints all findings; 1 when something is wrong."""
    print(f"InfluencerAI Studio {VERSION}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    env_file = Path(".env")
    try:
        settings = Settings.read(env_file)
    except (ValidationError, StudioError) as error:
        print(f"{_SIGNS['wrong']} settings: {_settings_error(error)}")
        return 1
    states = []
    for heading, check in CHECKS.items():
        print(f"\n{heading}")
        for finding in list(check(settings)) or [MachineFinding("ok", "None is set.")]:
            states.append(finding.state)
            print(f"{_SIGNS[finding.state]} {finding.text}")
    wrong = states.count("wrong")
    print(f"\n{wrong} things are wrong." if wrong != 1 else "\n1 thing is wrong.")
    return 1 if wrong else 0


def _settings_error(error: ValidationError | StudioError) -> str:
    if isinstance(error, StudioError):
        return error.message
    return "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors(include_input=False))


def machine(settings: Settings) -> Iterator[MachineFinding]:
    python = platform.python_version()
    yield MachineFinding(
        "ok" if sys.version_info >= (3, 11) else "wrong",
        f"Python {python} on {platform.system()} {platform.release()} ({platform.machine()}). It has to be 3.11 or newer.",
    )
    memory = psutil.virtual_memory()
    enough = memory.total >= MIN_MEMORY_BYTES
    sentence = f"{os.cpu_count()} processors, {memory.total / GB:.1f} GB of memory, {memory.available / GB:.1f} free."
    yield MachineFinding("ok" if enough else "wrong", sentence if enough else f"{sentence} The studio needs 4 GB.")
    folder = next(path for path in (settings.data_dir, *settings.data_dir.resolve().parents) if path.exists())
    usage = shutil.disk_usage(folder)
    enough = usage.free >= MIN_FREE_BYTES
    sentence = f"{usage.free / GB:.1f} of {usage.total / GB:.0f} GB free where the data is kept."
    yield MachineFinding("ok" if enough else "wrong", sentence if enough else f"{sentence} Make room: 5 GB is the least.")
    if program := shutil.which("nvidia-smi"):
        query = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=False)
        yield MachineFinding(
            "ok" if answer.returncode == 0 else "wrong", f"GPU: {(answer.stdout or answer.stderr).strip()[:300]}"
        )
    else:
        yield MachineFinding("note", "No NVIDIA GPU (nvidia-smi is not there): pictures are drawn by the processor.")


def packages(_settings: Settings) -> Iterator[MachineFinding]:
    pinned = {}
    for file in ("requirements-torch.txt", "requirements.txt"):
        for line in (ROOT / file).read_text().splitlines():
            if pin := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", line):
                pinned[pin[1]] = pin[2]
    others = []
    for name, version in pinned.items():
        try:
            installed = importlib.metadata.version(name).split("+")[0]
        except importlib.metadata.PackageNotFoundError:
            installed = "missing"
        if installed != version:
            others.append(f"{name} {installed} instead of {version}")
    if others:
        yield MachineFinding("wrong", f"{', '.join(others)}. `make run` installs what is pinned.")
    else:
        yield MachineFinding("ok", f"All {len(pinned)} packages are the pinned ones.")


def configuration(settings: Settings) -> Iterator[MachineFinding]:
    setting_names = {name for name, _ in settings.by_variable()}
    in_file = {name.upper() for name in dotenv_values(".env", encoding="utf-8")} if Path(".env").is_file() else set()
    is_set = sorted(name for name in setting_names if os.environ.get(name) or name in in_file)
    yield MachineFinding("ok", f"Set: {', '.join(is_set) or 'nothing; every default is used'}.")
    if unknown := sorted(in_file - setting_names):
        yield MachineFinding(
            "note", f".env has names that the studio does not know: {', '.join(unknown)}. Compare .env.example."
        )
    mode = settings.data_dir.stat().st_mode & 0o066 if settings.data_dir.exists() else 0
    if mode:
        yield MachineFinding("wrong", f"Other accounts of this machine can look into {settings.data_dir.name}/: chmod 711.")


def studio(settings: Settings) -> Iterator[MachineFinding]:
    folder = settings.data_dir.resolve()
    if url := studio_url(folder):
        try:
            answer = httpx.get(f"{url}/health", timeout=_TIMEOUT_S).json()
            parts = {name: answer.get(name) for name in ("database", "redis", "storage", "workers", "disk")}
            wrong = [name for name, state in parts.items() if state not in ("connected", "ok")]
            text = f"It runs ({answer.get('version')}): {', '.join(f'{name} {state}' for name, state in parts.items())}."
            yield MachineFinding("wrong" if wrong else "ok", text)
        except (httpx.HTTPError, ValueError) as error:
            yield MachineFinding(
                "wrong", f"It was started here and does not answer ({type(error).__name__}). See the logs below."
            )
    elif ports.is_free(settings.web.host, settings.web.port):
        yield MachineFinding("ok", f"It does not run. Port {settings.web.port} is free.")
    else:
        yield MachineFinding("wrong", f"Another program has port {settings.web.port}: make run PORT={settings.web.port + 1}")
    yield from _database(settings, folder)


def _database(settings: Settings, folder: Path) -> Iterator[MachineFinding]:
    try:
        url = settings.postgres.url.get_secret_value() or run_info(folder).database_url
    except StudioError:
        return
    engine = create_engine(with_driver(url), connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            version = connection.scalar(text("SHOW server_version"))
            age = connection.scalar(
                text("SELECT extract(epoch FROM clock_timestamp() - max(minute)) FROM installation_samples")
            )
            skew = abs(
                float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))) - datetime.now(UTC).timestamp()
            )
            flushed = connection.scalar(text("SELECT pg_current_wal_flush_lsn()::text"))
            taken = connection.execute(text("SELECT count(*), current_setting('max_connections') FROM pg_stat_activity")).one()
        yield MachineFinding(
            "ok", f"Postgres {version} at {_place(url)} answers; {taken[0]} of {taken[1]} connections are open."
        )
        fresh = age is not None and float(age) < 300
        yield MachineFinding(
            "ok" if fresh else "wrong",
            "The scheduler works." if fresh else "No scheduler took figures for 5 minutes: start a worker with --tick.",
        )
        if skew > MAX_CLOCK_ERROR_S:
            yield MachineFinding("wrong", f"Its clock is {skew:.0f} s away from this machine's: turn on NTP on both.")
        if replica_url := settings.postgres.replica_url.get_secret_value():
            yield _replica(replica_url, flushed)
    except SQLAlchemyError as error:
        yield MachineFinding("wrong", f"Postgres at {_place(url)} does not answer ({type(error).__name__}).")
    finally:
        engine.dispose()


def _replica(url: str, flushed: str) -> MachineFinding:
    """`flushed`: up to where the primary's log was on disk a moment ago."""
    engine = create_engine(with_driver(url), connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            is_standby = connection.scalar(text("SELECT pg_is_in_recovery()"))
            behind = text("SELECT greatest(0, CAST(:flushed AS pg_lsn) - pg_last_wal_replay_lsn())")
            behind_bytes = int(connection.scalar(behind, {"flushed": flushed}) or 0) if is_standby else 0
    except SQLAlchemyError as error:
        return MachineFinding(
            "wrong",
            f"The read replica at {_place(url)} does not answer ({type(error).__name__}): the primary does all the work.",
        )
    finally:
        engine.dispose()
    if not is_standby:
        return MachineFinding("wrong", f"{_place(url)} is no standby: correct DATABASE_REPLICA_URL, or leave it out.")
    return MachineFinding("ok", f"The read replica at {_place(url)} answers, {behind_bytes / 1024:.0f} kB behind.")


def servers(settings: Settings) -> Iterator[MachineFinding]:
    """Those that the settings name, and this machine's clock against the first that says the time."""
    if url := settings.redis.url.get_secret_value():
        yield _reachability("Redis", url, lambda: redis.Redis.from_url(url, socket_connect_timeout=_TIMEOUT_S).ping())
    urls: dict[str, str] = {
        "S3": settings.storage.endpoint,
        "Public address": f"{settings.web.public_url}/health" if settings.web.public_url else "",
        "Language model": settings.text.base_url if settings.text.api_key.get_secret_value() else "",
        **{f"ComfyUI {n + 1}": f"{url.rstrip('/')}/system_stats" for n, url in enumerate(server_urls.urls(settings))},
    }
    dates: list[str] = []

    def ask(url: str) -> Callable[[], object]:
        return lambda: dates.append(httpx.get(url, timeout=_TIMEOUT_S).headers.get("date", ""))

    for name, url in urls.items():
        if url:
            yield _reachability(name, url, ask(url))
    clock = next(filter(None, dates), "")
    if clock:
        seconds = abs((parsedate_to_datetime(clock) - datetime.now(UTC)).total_seconds())
        right = seconds <= MAX_CLOCK_ERROR_S
        yield MachineFinding(
            "ok" if right else "wrong", f"The clock is {seconds:.0f} s away from theirs.{'' if right else ' Turn on NTP.'}"
        )
    if mail := settings.notices.smtp_url.get_secret_value():
        place = urlsplit(mail)
        yield _reachability(
            "Mail server", mail, lambda: socket.create_connection((place.hostname or "", place.port or 587), _TIMEOUT_S).close()
        )


def logs(settings: Settings) -> Iterator[MachineFinding]:
    """Errors of the newest log files of `make run`, by their message."""
    counts: Counter[tuple[str, str]] = Counter()
    for file in sorted((settings.data_dir / "log").glob("*.log")):
        for line in file.read_text("utf-8", errors="replace").splitlines()[-5000:]:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and entry.get("level") in ("error", "critical"):
                counts[file.stem, redacted(str(entry.get("message", "")))] += 1
    for (process, message), n in counts.most_common(10):
        yield MachineFinding("note", f"{process}: {message} ({n} ×)")
    if not counts:
        yield MachineFinding("ok", "No errors.")


def redacted(message: str) -> str:
    """The first 160 characters, without addresses of people, queries of URLs and long words that may be keys."""
    short = re.sub(r"[\w.+-]+@[\w.-]+", "…@…", message.partition("\n")[0])
    short = re.sub(r"(https?://[^\s?]+)\?\S+", r"\1?…", short)
    return re.sub(r"\b[A-Za-z0-9_\-+/=]{24,}\b", "…", short)[:160]


def _reachability(name: str, url: str, ask: Callable[[], object]) -> MachineFinding:
    try:
        ask()
    except (httpx.HTTPError, redis.RedisError, OSError, ValueError) as error:
        return MachineFinding(
            "wrong", f"{name} at {_place(url)} does not answer ({type(error).__name__}). Check address and firewall."
        )
    return MachineFinding("ok", f"{name} at {_place(url)} answers.")


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or '?'}{f':{parts.port}' if parts.port else ''}"


CHECKS: dict[str, Callable[[Settings], Iterator[MachineFinding]]] = {
    "This machine": machine,
    "Packages": packages,
    "Settings": configuration,
    "The studio": studio,
    "Servers": servers,
    "Logs": logs,
}

if __name__ == "__main__":
    raise SystemExit(main())
