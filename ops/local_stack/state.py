"""The state of a data folder: a lock for the process that runs it, its ports and children, and its generated secrets."""

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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import psutil

from backend.errors import Conflict, Unavailable
from backend.kit import clock
from backend.kit.ids import new_secret

PRIVATE_FOLDERS = ("log", "s3", "sandbox", "valkey")
"""Folders with pictures, posts and logs of all workspaces; only our own account may read them."""
SECRETS_MADE_AT = "MADE_AT"
"""Name in secrets.json: JSON of name -> when that secret was made (ISO 8601)."""
RESTORE_FILE = "restore.json"
"""In the data folder while a restore puts data in its place (ops/backup/restore.py)."""


@dataclass
class State:
    """Locked (flock) from `lock_folder()` to `release()`. `run` is stored in run.json, `kept` in secrets.json; both are
    0600."""

    folder: Path
    lock: TextIO
    run: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    _guard: threading.RLock = field(default_factory=threading.RLock)
    _cut_short: bool = False

    def secret(self, name: str, make: Callable[[], str] = new_secret) -> str:
        """The secret of that name; made and stored the first time."""
        with self._guard:
            if name not in self.kept:
                made_at = json.loads(self.kept.get(SECRETS_MADE_AT) or "{}") | {name: clock.now().isoformat(timespec="seconds")}
                self.replace_secrets({name: make(), SECRETS_MADE_AT: json.dumps(made_at)})
            return self.kept[name]

    def replace_secrets(self, values: Mapping[str, str]) -> None:
        """Stores secrets in place of those of these names, all or none of them."""
        with self._guard:
            self.kept.update(values)
            _write_json(self.folder / "secrets.json", self.kept)

    def take_over(self, values: Mapping[str, str]) -> None:
        """The secrets that belong to data which is put here instead; those of before stay beside them."""
        with self._guard:
            before, path = self.folder / "secrets.before-restore.json", self.folder / "secrets.json"
            if path.exists() and not before.exists():
                _write_json(before, self.kept)
            self.kept = dict(values)
            _write_json(path, self.kept)

    def note(self, **facts: Any) -> None:
        """Stores facts of this run (url, pid)."""
        with self._guard:
            self.run.update(facts)
            _write_json(self.folder / "run.json", self.run)

    def note_child(self, name: str, pid: int, *, sig: int = signal.SIGTERM, ports: Mapping[str, int] | None = None) -> None:
        """Stores a child, so that the next run can reuse its ports, and end it if this run is killed where the kernel does not
        end children with their parent (macOS)."""
        with self._guard:
            children = [entry_before for entry_before in self.run.get("children", []) if entry_before["name"] != name]
            entry = {"name": name, "pid": pid, "created": psutil.Process(pid).create_time(), "sig": int(sig)}
            self.note(children=[*children, entry], ports={**self.run.get("ports", {}), **(ports or {})})

    @property
    def cut_short(self) -> bool:
        """Whether the last run in this folder did not end in order (killed, power failure)."""
        return self._cut_short

    def release(self) -> None:
        self.note(pid=0, url="", children=[])
        self.lock.close()


def succeed(secrets: Mapping[str, str], others: Mapping[str, str]) -> bool:
    """Whether `secrets` are of the same installation as `others` (they share a key of the ring) and were made later."""
    shared = set(secrets.get("SECRET_KEYS", "").split(",")) & set(others.get("SECRET_KEYS", "").split(",")) - {""}
    return bool(shared) and _last_made(secrets) > _last_made(others)


def _last_made(secrets: Mapping[str, str]) -> datetime:
    made_at = json.loads(secrets.get(SECRETS_MADE_AT) or "{}").values()
    return max((datetime.fromisoformat(moment).astimezone(UTC) for moment in made_at), default=datetime.min.replace(tzinfo=UTC))


def lock_folder(folder: Path, *, restoring: bool = False) -> State:
    """Locks the folder and ends processes that a killed run left behind. Raises Conflict (`url`) when another run has it,
    Unavailable when a restore did not come to its end there, unless `restoring`."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        url = read_json(folder / "run.json").get("url") or ""
        where = f" at {url}" if url else f" in {folder} (it is starting)"
        raise Conflict(
            f"The studio already runs{where}. Stop that one first, or choose another STUDIO_DATA.", url=url
        ) from None
    if not restoring and (folder / RESTORE_FILE).exists():
        lock.close()
        raise Unavailable(
            f"A restore into {folder} did not come to its end, so the data there is not whole. Run `make restore` again; what "
            f"was there before lies beside it (*.before-restore-*)."
        )
    try:
        state = State(folder, lock, run=read_json(folder / "run.json"), kept=read_json(folder / "secrets.json"))
        state._cut_short = bool(state.run.get("pid"))
        _restrict_permissions(folder)
        _end_leftovers(state.run.get("children", []))
        state.note(pid=os.getpid(), children=[], url="")
    except BaseException:
        lock.close()
        raise
    return state


def _restrict_permissions(folder: Path) -> None:
    """Other accounts of this machine may pass through the folder (Postgres may run as one) but read nothing. Also closes what
    an earlier version left open."""
    for path, mode in ((folder, 0o711), *((folder / name, 0o700) for name in PRIVATE_FOLDERS)):
        path.mkdir(exist_ok=True)
        try:
            if stat.S_IMODE(path.stat().st_mode) & ~mode:
                path.chmod(stat.S_IMODE(path.stat().st_mode) & mode)
        except PermissionError:
            print(f"{path} belongs to somebody else: other accounts may be able to read it.", file=sys.stderr, flush=True)


def _end_leftovers(children: Iterable[dict[str, Any]]) -> None:
    """Ends processes of a killed run. Compares the start time too, because pids are reused."""
    ended = []
    for child_entry in reversed(list(children)):
        try:
            process = psutil.Process(child_entry["pid"])
            if abs(process.create_time() - child_entry["created"]) < 0.01:
                os.killpg(process.pid, child_entry["sig"])
                ended.append(process)
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
    for process in psutil.wait_procs(ended, timeout=5)[1]:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs(ended, timeout=5)


def read_json(path: Path) -> dict[str, Any]:
    """The file's JSON object; {} when there is no such file. Raises Unavailable when secrets.json is damaged."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        if path.name == "run.json":
            return {}  # holds only facts of one run, which are written anew
        raise Unavailable(f"{path} is damaged. Put back a copy of it: it holds the passwords of the data beside it.")
    return value


def _write_json(path: Path, value: dict[str, Any]) -> None:
    """Writes atomically, readable only by our own account."""
    new_file = path.with_suffix(".new")
    new_file.unlink(missing_ok=True)
    with os.fdopen(os.open(new_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new_file.replace(path)
