"""The studio that `make run` keeps running in a data folder: found, stopped, started, and watched while it changes hands."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil

from backend.errors import Unavailable
from ops.local_stack.state import read_json
from ops.local_stack.supervisor import RESTART_SIGNAL

STOP_TIMEOUT_S, START_TIMEOUT_S = 180.0, 180.0
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class RunningStudio:
    """`environment`: of its supervisor, as PORT and STUDIO_DATA, with which it is started again. `can_restart`: told so, it
    ends in order and begins again with the code and packages that are in its folder then, in the same terminal or unit."""

    pid: int
    url: str
    environment: dict[str, str] = field(repr=False)
    can_restart: bool


def find(folder: Path, checkout: Path) -> RunningStudio | None:
    """`checkout`: where the new code will be; a studio of another folder cannot restart into it. None: nobody holds the data
    folder. Raises Unavailable while it is just starting, or when it belongs to somebody else."""
    if not is_locked(folder):
        return None
    facts = read_json(folder / "run.json")
    try:
        process = psutil.Process(int(facts.get("pid") or 0))
        environment, is_here = process.environ(), Path(process.cwd()) == checkout.resolve()
    except (psutil.Error, ValueError) as error:
        raise Unavailable(f"Something works in {folder}, and it is not a running studio of this account. Try again.") from error
    if not facts.get("url"):
        raise Unavailable(f"The studio in {folder} is just starting or stopping. Try again in a minute.")
    return RunningStudio(process.pid, str(facts["url"]), environment, is_here and facts.get("can_restart") == process.pid)


def is_locked(folder: Path) -> bool:
    """Whether a studio, a restore or another command has the data folder."""
    try:
        with (folder / ".lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def stop(studio: RunningStudio, folder: Path) -> None:
    """Ends it in order: workers hand back or finish what they do. Raises Unavailable when it does not end."""
    os.kill(studio.pid, signal.SIGTERM)
    if not _until(lambda: not is_locked(folder), STOP_TIMEOUT_S):
        raise Unavailable(
            f"The studio (process {studio.pid}) did not stop within {STOP_TIMEOUT_S:.0f} s. Stop it, then try again."
        )


def start(studio: RunningStudio, folder: Path, *, checkout: Path, python: Path) -> None:
    """Starts the code of `checkout` as the studio that was stopped, in the background; its output goes to log/run.log. Returns
    once it answers. Raises Unavailable with the end of that log."""
    log = folder / "log" / "run.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [python, "-m", "ops.local_stack"],
            cwd=checkout,
            env=studio.environment | {"STUDIO_DATA": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _wait_for(lambda facts: facts.get("pid") == process.pid, folder, lambda: process.poll() is not None, log)


def restart(studio: RunningStudio, folder: Path) -> None:
    """Tells it to begin again. Returns once it answers. Raises Unavailable."""
    before = read_json(folder / "run.json").get("started")
    os.kill(studio.pid, RESTART_SIGNAL)
    ended = lambda: not psutil.pid_exists(studio.pid)  # noqa: E731
    _wait_for(lambda facts: facts.get("started") != before, folder, ended, folder / "log" / "studio.log")


def _wait_for(is_new: Any, folder: Path, ended: Any, log: Path) -> None:
    def answers() -> bool:
        facts = read_json(folder / "run.json")
        return bool(is_new(facts) and facts.get("url"))

    if not _until(lambda: answers() or ended(), START_TIMEOUT_S) or not answers():
        lines = log.read_text(errors="replace").splitlines()[-15:] if log.is_file() else []
        raise Unavailable("\n".join(["The new version did not start. The end of its log:", *lines]))


@dataclass
class Absence:
    """`seconds`: for how long nothing answered, in all."""

    seconds: float = 0.0


@contextmanager
def watched(url: str) -> Iterator[Absence]:
    """Asks twenty times a second whether the page answers."""
    absence, over = Absence(), threading.Event()

    def watch() -> None:
        answered_at = time.monotonic()
        while not over.is_set():
            try:
                with urlopen(f"{url}/_stcore/health", timeout=2):
                    now = time.monotonic()
                if now - answered_at > 4 * _LOOK_EVERY_S:
                    absence.seconds += now - answered_at
                answered_at = now
            except OSError:
                pass
            over.wait(_LOOK_EVERY_S)

    thread = threading.Thread(target=watch, name="absence", daemon=True)
    thread.start()
    try:
        yield absence
    finally:
        over.set()
        thread.join()


def _until(probe: Any, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError):
            if probe():
                return True
        time.sleep(_LOOK_EVERY_S)
    return False
