"""A SIGKILL is want of memory only when the system says that it was."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backend.kit import child, memory


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The control group's own account, as a file of this test."""
    events = tmp_path / "a" / "memory.events"
    events.parent.mkdir()
    events.write_text("low 0\noom 0\noom_kill 2\n")
    (tmp_path / "cgroup").write_text("5:cpu:/\n0::/a\n")
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path)
    monkeypatch.setattr(memory, "_OWN", tmp_path / "cgroup")
    return events


def sleeper() -> child.Child:
    return child.spawn([sys.executable, "-c", "print(1, flush=True); import time; time.sleep(99)"], stdout=subprocess.PIPE)


def killed(proc: child.Child) -> bool:
    assert proc.stdout is not None
    proc.stdout.readline()
    proc.kill()
    try:
        return child.killed(proc)
    finally:
        child.stop(proc)


def test_a_kill_from_outside_is_told_from_one_by_the_system(counter: Path) -> None:
    assert killed(sleeper())
    short_of_memory = sleeper()
    counter.write_text("low 0\noom 1\noom_kill 3\n")
    assert not killed(short_of_memory)
    assert killed(sleeper()), "what was counted before it began is nothing to it"


def test_both_kinds_of_control_groups_and_none_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counter: Path) -> None:
    assert memory.oom_kills() == 2
    (tmp_path / "cgroup").write_text("4:memory:/b/c\n0::/nowhere\n")
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n")
    assert memory.oom_kills() == 7
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path / "none")
    monkeypatch.setattr(memory, "_MACHINE", tmp_path / "none")
    assert memory.oom_kills() == 0


def test_too_much_of_a_processor_is_no_kill_from_outside() -> None:
    proc = child.spawn([sys.executable, "-c", "while True: pass"], cpu_s=1)
    try:
        assert proc.wait(60) == -signal.SIGXCPU
        assert not child.killed(proc)
    finally:
        child.stop(proc)
