"""Counts the processes that the kernel killed for lack of memory, to tell such a SIGKILL from any other."""

from __future__ import annotations

from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_MACHINE = Path("/proc/vmstat")


def oom_kills() -> int:
    """How many processes the kernel has killed so far for lack of memory, in our control group, else on this machine.

    0 where the system does not count them (macOS).
    """
    for path in (*_counters(), _MACHINE):
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        counts = [line.split()[1] for line in lines if line.startswith("oom_kill ")]
        if counts:
            return int(counts[0])
    return 0


def _counters() -> list[Path]:
    """Files that may hold the count: of control groups version 2, or version 1. Inside a container the own group is mounted
    as the root."""
    try:
        entries = [line.split(":", 2) for line in _OWN.read_text().splitlines()]
    except OSError:
        return []
    paths: list[Path] = []
    for _, controllers, group in entries:
        inside = group.lstrip("/")
        if controllers == "":
            paths += [_CGROUPS / inside / "memory.events", _CGROUPS / "memory.events"]
        elif "memory" in controllers.split(","):
            paths += [_CGROUPS / "memory" / inside / "memory.oom_control", _CGROUPS / "memory" / "memory.oom_control"]
    return paths
