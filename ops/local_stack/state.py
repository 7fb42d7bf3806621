"""What a data folder remembers: who runs it now (a lock), its ports and children, and its generated secrets."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import psutil

from backend.errors import Conflict, Unavailable
from backend.kit.ids import new_secret

PRIVATE = ("log", "s3", "sandbox", "valkey")
"""Folders with everybody's pictures, posts and logs."""


@dataclass
class State:
    """Held (by flock) from `take()` to `release()`. `run` goes to run.json, `kept` to secrets.json; both are 0600."""

    folder: Path
    lock: TextIO
    run: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    _guard: threading.RLock = field(default_factory=threading.RLock)
    _cut_short: bool = False

    def secret(self, name: str, make: Callable[[], str] = new_secret) -> str:
        """The secret of that name, made and written down the first time."""
        with self._guard:
            if name not in self.kept:
                self.kept[name] = make()
                _write(self.folder / "secrets.json", self.kept)
            return self.kept[name]

    def note(self, **facts: Any) -> None:
        """Writes facts of this run down (url, pid)."""
        with self._guard:
            self.run.update(facts)
            _write(self.folder / "run.json", self.run)

    def note_child(self, name: str, pid: int, *, sig: int = signal.SIGTERM, ports: Mapping[str, int] | None = None) -> None:
        """So that the next run can end it (should this one be killed where the kernel does not do that) and reuse its ports."""
        with self._guard:
            children = [known for known in self.run.get("children", []) if known["name"] != name]
            entry = {"name": name, "pid": pid, "created": psutil.Process(pid).create_time(), "sig": int(sig)}
            self.note(children=[*children, entry], ports={**self.run.get("ports", {}), **(ports or {})})

    @property
    def cut_short(self) -> bool:
        """Whether the last run here was killed, by whom or whatever: it could not say goodbye."""
        return self._cut_short

    def release(self) -> None:
        self.note(pid=0, url="", children=[])
        self.lock.close()


def take(folder: Path) -> State:
    """Locks the folder and ends what a killed run left behind. Raises Conflict (`url`) when somebody runs it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        url = read(folder / "run.json").get("url") or ""
        where = f" at {url}" if url else f" in {folder} (it is starting)"
        raise Conflict(
            f"The studio already runs{where}. Stop that one first, or choose another DATA_SHARED_BASE.", url=url
        ) from None
    try:
        state = State(folder, lock, run=read(folder / "run.json"), kept=read(folder / "secrets.json"))
        state._cut_short = bool(state.run.get("pid"))
        _close_to_others(folder)
        _reap(state.run.get("children", []))
        state.note(pid=os.getpid(), children=[], url="")
    except BaseException:
        lock.close()
        raise
    return state


def _close_to_others(folder: Path) -> None:
    """Other accounts of this machine may pass through (Postgres may be one of them) and read nothing.

    Also what an earlier version left open.
    """
    for path, mode in ((folder, 0o711), *((folder / name, 0o700) for name in PRIVATE)):
        path.mkdir(exist_ok=True)
        try:
            if stat.S_IMODE(path.stat().st_mode) & ~mode:
                path.chmod(stat.S_IMODE(path.stat().st_mode) & mode)
        except PermissionError:
            print(f"{path} belongs to somebody else: other accounts may be able to read it.", file=sys.stderr, flush=True)


def _reap(children: Iterable[dict[str, Any]]) -> None:
    """Ends leftovers: same pid and same birth, for pids are used again."""
    left = []
    for known in reversed(list(children)):
        try:
            process = psutil.Process(known["pid"])
            if abs(process.create_time() - known["created"]) < 0.01:
                os.killpg(process.pid, known["sig"])
                left.append(process)
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
    for process in psutil.wait_procs(left, timeout=5)[1]:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs(left, timeout=5)


def read(path: Path) -> dict[str, Any]:
    """What is written there; nothing when there is no such file. Raises Unavailable when secrets are damaged."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        if path.name == "run.json":
            return {}  # only facts of one run: made anew
        raise Unavailable(f"{path} is damaged. Put back a copy of it: it holds the passwords of the data beside it.")
    return value


def _write(path: Path, value: dict[str, Any]) -> None:
    """Whole or not at all, readable by its owner alone."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
