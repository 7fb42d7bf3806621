"""Kills runs of sd-scripts that outlived their worker. Usually the kernel ends them together.

A launcher's children, or a container ended from outside, can leave one running, which would keep the GPU's memory.
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
def registered(folder: Path, run: Path) -> Iterator[None]:
    """Records in `folder` that this process has a run working in `run` (a path that is in the run's command line)."""
    folder.mkdir(parents=True, exist_ok=True)
    worker = psutil.Process()
    note = folder / f"{socket.gethostname()}-{worker.pid}-{run.name}.json"
    note.write_text(json.dumps({"run": str(run), "worker": worker.pid, "worker_began": worker.create_time()}))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def kill_orphans(folder: Path) -> int:
    """Kills runs of dead workers on this host. Returns the number of processes."""
    killed = 0
    for note in folder.glob(f"{socket.gethostname()}-*.json"):
        try:
            record = json.loads(note.read_text())
            run, worker, started_at = str(record["run"]), int(record["worker"]), float(record["worker_began"])
        except (OSError, ValueError, KeyError, TypeError):
            note.unlink(missing_ok=True)
            continue
        if _is_alive(worker, started_at):
            continue
        for process in _processes_in(run):
            log.warning("killed a training whose worker had died", pid=process.pid, run=run)
            with suppress(psutil.NoSuchProcess):
                process.kill()
                killed += 1
        note.unlink(missing_ok=True)
    return killed


def _is_alive(pid: int, started_at: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - started_at) < 1
    except psutil.NoSuchProcess:
        return False


def _processes_in(run: str) -> list[psutil.Process]:
    own_pid = os.getpid()
    processes = psutil.process_iter(["cmdline"])
    return [
        process
        for process in processes
        if process.pid != own_pid and any(run in word for word in process.info["cmdline"] or [])
    ]
