"""Starts and stops every child process of the project: in a process group of its own, with limits, ended with its parent. Tells
those that the kernel killed for lack of memory from any other."""

from __future__ import annotations

import json
import math
import os
import pwd
import queue
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_CGROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_MACHINE = Path("/proc/vmstat")


def count_oom_kills() -> int:
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


class Child(subprocess.Popen[bytes]):
    """`oom_kills`: how many processes the kernel had killed for lack of memory when this one was started."""

    oom_kills: int = 0


class AdoptedChild:
    """A process that another process has forked and that this one has become the parent of. It has no pipes. Thread-safe; as
    much of Popen as `stop()` and its callers use."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        with self._lock:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired after `timeout` seconds."""
        _wait_unreaped(self, math.inf if timeout is None else time.monotonic() + timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return code


Stream = int | IO[bytes] | None

_LAUNCH = str(Path(__file__).with_name("launch.py"))
_MAX_LINE_BYTES = 64 * 1024 * 1024
SUPERVISED = sys.platform != "linux"
"""Whether children run below a supervisor (launch.py): only Linux can end a child with its parent (PR_SET_PDEATHSIG)."""


def spawn(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = None,
    stderr: Stream = None,
    memory_mb: int = 0,
    cpu_s: int = 0,
    nofile: int = 0,
    nice: int = 0,
    user: str | int | None = None,
    death_sig: int = signal.SIGKILL,
    pass_fds: Sequence[int] = (),
) -> Child:
    """Starts `argv` in its own process group; may be called from any thread.

    `env` None inherits ours. Limits of 0 mean none: `memory_mb` address space in MiB, `cpu_s` seconds of CPU, `nofile`
    open files. `user` (name or uid, only as root) drops to it. When this process dies, even by SIGKILL, the child gets
    `death_sig` (Linux) or its whole group SIGKILL (elsewhere). Raises FileNotFoundError when the program does not exist.
    Always end it with `stop()`: that also ends grandchildren and closes the pipes.
    """
    program = _resolve(os.fspath(argv[0]), cwd=cwd, env=env)
    account = None if user is None else (pwd.getpwnam(user) if isinstance(user, str) else pwd.getpwuid(user))
    spec = {
        "parent": os.getpid(),
        "death_sig": int(death_sig),
        "memory_bytes": memory_mb * 1024 * 1024,
        "cpu_s": cpu_s,
        "nofile": nofile,
        "nice": nice,
        "user": account and account.pw_uid,
        "gid": account and account.pw_gid,
        "lifeline": None,
    }
    options: dict[str, Any] = {"cwd": cwd, "env": env, "stdin": stdin, "stdout": stdout, "stderr": stderr}
    rest = [os.fspath(part) for part in argv[1:]]
    oom_kills = count_oom_kills()

    def start(lifeline: int | None = None) -> Child:
        head = [sys.executable, "-I", "-S", _LAUNCH, json.dumps(spec | {"lifeline": lifeline})]
        fds = [*pass_fds, lifeline] if lifeline is not None else pass_fds
        proc = Child([*head, program, *rest], process_group=0, bufsize=0, pass_fds=fds, **options)
        proc.oom_kills = oom_kills
        return proc

    return _on_spawner(lambda: _with_lifeline(start) if SUPERVISED else start())


def stop(proc: Child | AdoptedChild, *, sig: int = signal.SIGTERM, grace_s: float = 5.0) -> int:
    """Ends the whole group: `sig`, up to `grace_s` seconds, then SIGKILL. Closes our ends of its pipes.

    Returns the exit code (negative: the signal that ended it). Harmless on a child that has already ended.
    """
    if proc.returncode is None:
        _signal_group(proc.pid, sig)
        # The child is not reaped before its group is killed, so the group's number cannot have been reused.
        _wait_unreaped(proc, time.monotonic() + grace_s)
        _signal_group(proc.pid, signal.SIGKILL)
    elif not _exists(proc.pid):
        _signal_group(proc.pid, signal.SIGKILL)  # grandchildren; the kernel never reuses the number of a group that has members
    code = proc.wait()
    for pipe in (proc.stdin, proc.stdout, proc.stderr, getattr(proc, "lifeline", None)):
        if pipe is not None:
            _close(pipe)
    return code


def killed(proc: Child, *, wait_s: float = 5.0) -> bool:
    """Whether a child whose output has ended was killed by SIGKILL, and not by the kernel for lack of memory.

    Call it before `stop()`, which may use SIGKILL itself. Waits up to `wait_s` seconds for its end.
    """
    with suppress(subprocess.TimeoutExpired):
        proc.wait(wait_s)
    return proc.returncode == -signal.SIGKILL and count_oom_kills() <= proc.oom_kills


def json_lines(
    proc: Child, *, every_s: float = 1.0, on_other: Callable[[str], None] | None = None
) -> Iterator[dict[str, Any] | None]:
    """Yields the JSON objects that a child (with `stdout=PIPE`) writes, one a line, and None when `every_s` seconds brought
    none.

    Ends when the child closes its standard output; does not stop it. Lines that are no JSON object go to `on_other`;
    without it they raise ValueError, as does a line longer than 64 MB.
    """
    buffer, due = bytearray(), time.monotonic() + every_s
    for chunk in _chunks(proc, every_s):
        lines = []
        buffer += chunk
        if b"\n" in chunk:
            *lines, rest = bytes(buffer).split(b"\n")
            buffer = bytearray(rest)
        elif len(buffer) > _MAX_LINE_BYTES:
            raise ValueError("a child wrote a line of more than 64 MB")
        for value in _parsed(lines, on_other):
            due = time.monotonic() + every_s
            yield value
        if time.monotonic() >= due:
            due = time.monotonic() + every_s
            yield None
    yield from _parsed([bytes(buffer)], on_other)


def tail(path: str | os.PathLike[str], n: int = 20) -> str:
    """The last `n` lines of a log (at most its last 64 KiB); empty when there is no such file."""
    try:
        with Path(path).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 65536))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-n:])
    except FileNotFoundError:
        return ""


def _chunks(proc: Child, every_s: float) -> Iterator[bytes]:
    """Chunks of standard output; b"" whenever nothing arrived for `every_s` seconds."""
    assert proc.stdout is not None, "spawn the child with stdout=subprocess.PIPE"
    fd, poll = proc.stdout.fileno(), select.poll()
    poll.register(fd, select.POLLIN)
    while True:
        if not poll.poll(every_s * 1000):
            yield b""
        elif chunk := os.read(fd, 1 << 16):
            yield chunk
        else:
            return


def _parsed(lines: Sequence[bytes], on_other: Callable[[str], None] | None) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if isinstance(value, dict):
            yield value
        elif line.strip():
            text = line.decode(errors="replace")
            if on_other is None:
                raise ValueError(f"a child wrote something that is no JSON object: {text[:200]}")
            on_other(text)


def _resolve(name: str, *, cwd: str | os.PathLike[str] | None, env: Mapping[str, str] | None) -> str:
    """The program's absolute path. Looked up here, because an error in the launcher would come too late to be raised."""
    if os.sep in name:
        path = str(Path(cwd or ".", name).absolute())
    else:
        path = shutil.which(name, path=None if env is None else env.get("PATH", os.defpath)) or ""
    if not Path(path or "/nonexistent").is_file():
        raise FileNotFoundError(f"There is no program {name!r} here. Install it, or give its full path in the settings.")
    return path


def _with_lifeline(start: Callable[[int], Child]) -> Child:
    """Starts a child that holds the reading end of a pipe whose writing end lives as long as this process
    (launch._supervise)."""
    read, write = os.pipe()
    try:
        proc = start(read)
    except BaseException:
        os.close(write)
        raise
    finally:
        os.close(read)
    proc.lifeline = os.fdopen(write, "wb", 0)  # type: ignore[attr-defined]  # lives as long as the Popen object
    return proc


def _signal_group(group: int, sig: int) -> None:
    # PermissionError: macOS, when all that is left of the group is a zombie.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, sig)


def _wait_unreaped(proc: Child | AdoptedChild, until: float) -> None:
    pause = 0.001
    while time.monotonic() < until:
        try:
            if os.waitid(os.P_PID, proc.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return
        except ChildProcessError:
            return  # another thread reaped it
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        pipe.close()


# PR_SET_PDEATHSIG ends a child when the *thread* that started it ends, not the process. So one thread that never ends, the
# spawner, starts all children.
_Request = tuple[Callable[[], Child], Future[Child]]
_requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()
_spawner: threading.Thread | None = None
_lock = threading.Lock()


def _on_spawner(start: Callable[[], Child]) -> Child:
    global _spawner
    with _lock:
        if _spawner is None:
            _spawner = threading.Thread(target=_run_spawner, args=(_requests,), name="spawner", daemon=True)
            _spawner.start()
    started: Future[Child] = Future()
    _requests.put((start, started))
    return started.result()


def _run_spawner(requests: queue.SimpleQueue[_Request]) -> None:
    while True:
        start, started = requests.get()
        try:
            started.set_result(start())
        except BaseException as error:  # raised in the caller's thread
            started.set_exception(error)
        del start, started


def _after_fork() -> None:
    """A forked process has no spawner thread, and may have inherited a locked lock."""
    global _spawner, _requests, _lock
    _spawner, _requests, _lock = None, queue.SimpleQueue(), threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
