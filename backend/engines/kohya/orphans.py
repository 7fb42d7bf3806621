"""Runs of sd-scripts whose worker died: the kernel ends them with it; what it could not end is found here and killed.

A launcher's children, or a worker in a container that was ended from outside, can leave one running: it would keep the card.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import structlog

log = structlog.get_logger()


@contextmanager
def noted(folder: Path, run: Path) -> Iterator[None]:
    """Notes in `folder` that this process runs one that works in `run` (which stands in its command line)."""
    folder.mkdir(parents=True, exist_ok=True)
    me = psutil.Process()
    note = folder / f"{socket.gethostname()}-{me.pid}-{run.name}.json"
    note.write_text(json.dumps({"run": str(run), "worker": me.pid, "worker_began": me.create_time()}))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def kill(folder: Path) -> int:
    """Kills what dead workers of this host left behind. How many processes."""
    killed = 0
    for note in folder.glob(f"{socket.gethostname()}-*.json"):
        try:
            said = json.loads(note.read_text())
            run, worker, began = str(said["run"]), int(said["worker"]), float(said["worker_began"])
        except (OSError, ValueError, KeyError, TypeError):
            note.unlink(missing_ok=True)
            continue
        if _lives(worker, began):
            continue
        for process in _working_in(run):
            log.warning("killed a training whose worker had died", pid=process.pid, run=run)
            with suppress(psutil.NoSuchProcess):
                process.kill()
                killed += 1
        note.unlink(missing_ok=True)
    return killed


def _lives(pid: int, began: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - began) < 1
    except psutil.NoSuchProcess:
        return False


def _working_in(run: str) -> list[psutil.Process]:
    mine = os.getpid()
    found = psutil.process_iter(["cmdline"])
    return [one for one in found if one.pid != mine and any(run in word for word in one.info["cmdline"] or [])]
