"""Children of the project: limits, streams, and that nothing outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from backend.kit import child

PY = sys.executable
ROOT = Path(__file__).parents[3]


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The control group's own account, as a file of this test."""
    events = tmp_path / "a" / "memory.events"
    events.parent.mkdir()
    events.write_text("low 0\noom 0\noom_kill 2\n")
    (tmp_path / "cgroup").write_text("5:cpu:/\n0::/a\n")
    monkeypatch.setattr(child, "_CGROUPS", tmp_path)
    monkeypatch.setattr(child, "_OWN", tmp_path / "cgroup")
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
    assert child.count_oom_kills() == 2
    (tmp_path / "cgroup").write_text("4:memory:/b/c\n0::/nowhere\n")
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n")
    assert child.count_oom_kills() == 7
    monkeypatch.setattr(child, "_CGROUPS", tmp_path / "none")
    monkeypatch.setattr(child, "_MACHINE", tmp_path / "none")
    assert child.count_oom_kills() == 0


def test_too_much_of_a_processor_is_no_kill_from_outside() -> None:
    proc = child.spawn([sys.executable, "-c", "while True: pass"], cpu_s=1)
    try:
        assert proc.wait(60) == -signal.SIGXCPU
        assert not child.killed(proc)
    finally:
        child.stop(proc)


def gone(pid: int, within_s: float = 10.0) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def spawn_py(code: str, **options: object) -> child.Child:
    return child.spawn([PY, "-u", "-c", code], stdout=subprocess.PIPE, **options)  # type: ignore[arg-type]


def first_line(proc: child.Child) -> str:
    assert proc.stdout is not None
    return proc.stdout.readline().decode().strip()


def test_runs_a_program_with_its_arguments_folder_and_environment(tmp_path: Path) -> None:
    proc = spawn_py(
        "import os,sys; print(os.getcwd(), os.environ.get('A'), os.getpgid(0) == os.getpid())", cwd=tmp_path, env={"A": "b"}
    )
    assert first_line(proc) == f"{tmp_path} b True"
    assert proc.wait(10) == 0
    child.stop(proc)


def test_a_missing_program_is_said_at_once() -> None:
    with pytest.raises(FileNotFoundError, match="no program 'not-here'"):
        child.spawn(["not-here"])


def test_a_program_that_cannot_start_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x00\x01")
    proc = child.spawn([broken], stderr=subprocess.PIPE)
    assert proc.stderr is not None
    assert b"does not start: Permission denied" in proc.stderr.read()
    assert child.stop(proc) == 126


def test_stop_ends_the_whole_group_even_one_that_ignores_the_signal() -> None:
    stubborn = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    grand = f"subprocess.Popen([sys.executable,'-c','{stubborn}time.sleep(99)'])"
    code = f"{stubborn}import subprocess,sys; print({grand}.pid); time.sleep(99)"
    proc = spawn_py(code)
    grandchild = int(first_line(proc))
    assert child.stop(proc, grace_s=0.2) == -9
    assert gone(grandchild)


def test_stop_ends_grandchildren_of_a_child_that_already_ended() -> None:
    proc = spawn_py("import subprocess,sys; print(subprocess.Popen([sys.executable,'-c','import time; time.sleep(99)']).pid)")
    grandchild = int(first_line(proc))
    assert proc.wait() == 0
    assert child.stop(proc) == 0
    assert gone(grandchild)


def test_a_child_outlives_the_thread_that_started_it() -> None:
    started: list[child.Child] = []
    thread = threading.Thread(target=lambda: started.append(spawn_py("print(1); input()", stdin=subprocess.PIPE)))
    thread.start()
    thread.join()
    (proc,) = started
    assert first_line(proc) == "1"
    assert proc.stdin is not None
    proc.stdin.write(b"\n")
    assert proc.wait(10) == 0
    child.stop(proc)


@pytest.mark.kill
@pytest.mark.parametrize(
    "minded", [pytest.param(False, marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux only")), True]
)
def test_a_killed_parent_takes_its_child_along(minded: bool) -> None:
    code = f"""
import subprocess, sys, time
from backend.kit import child
child.SUPERVISED = {minded}
proc = child.spawn([sys.executable, "-u", "-c", "import os,time; print(os.getpid()); time.sleep(99)"], stdout=subprocess.PIPE)
print(proc.stdout.readline().decode(), end="")
time.sleep(99)
"""
    parent = subprocess.Popen([PY, "-u", "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(pid)


def test_a_minded_child_keeps_its_exit_code_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "SUPERVISED", True)
    proc = spawn_py("raise SystemExit(7)")
    assert proc.wait(10) == 7
    child.stop(proc)
    proc = spawn_py("print(1); import time; time.sleep(99)")
    assert first_line(proc) == "1"
    assert child.stop(proc) == -15


def test_a_memory_limit_fails_cleanly() -> None:
    proc = spawn_py("try: bytearray(500 << 20)\nexcept MemoryError: print('no memory')", memory_mb=200)
    assert first_line(proc) == "no memory"
    assert proc.wait(10) == 0
    child.stop(proc)


def test_limits_of_files_and_processor_time() -> None:
    proc = spawn_py(
        "import os,resource as r; print(r.getrlimit(r.RLIMIT_NOFILE)[0], r.getrlimit(r.RLIMIT_CPU)[0], os.nice(0))",
        nofile=33,
        cpu_s=44,
        nice=3,
    )
    assert first_line(proc) == f"33 44 {min(19, os.nice(0) + 3)}"
    child.stop(proc)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_drops_to_another_user() -> None:
    proc = child.spawn(["id", "-un"], user="nobody", stdout=subprocess.PIPE)
    assert first_line(proc) == "nobody"
    child.stop(proc)


def test_json_lines_come_one_by_one_with_a_beat_when_quiet() -> None:
    code = "import sys,time\nfor s in sys.stdin: sys.stdout.write(s); sys.stdout.flush()"
    proc = spawn_py(code, stdin=subprocess.PIPE)
    assert proc.stdin is not None
    lines = child.json_lines(proc, every_s=0.05)
    proc.stdin.write(b'{"a": 1}\n{"b": "' + b"x" * 200_000 + b'"}\n{"c"')
    assert next(line for line in lines if line) == {"a": 1}
    assert next(line for line in lines if line) == {"b": "x" * 200_000}
    assert next(lines) is None
    proc.stdin.write(b": 3}")
    proc.stdin.close()
    assert [line for line in lines if line] == [{"c": 3}]
    child.stop(proc)


def test_other_lines_go_where_they_are_wanted_or_raise() -> None:
    heard: list[str] = []
    proc = spawn_py("print('loading'); print('{}'); print('[1]')")
    assert [line for line in child.json_lines(proc, on_other=heard.append) if line is not None] == [{}]
    assert heard == ["loading", "[1]"]
    child.stop(proc)
    proc = spawn_py("print('loading')")
    with pytest.raises(ValueError, match="no JSON object: loading"):
        list(child.json_lines(proc))
    child.stop(proc)


def test_noise_does_not_stop_the_beat() -> None:
    proc = spawn_py("import time\nwhile True: print('noise'); time.sleep(0.005)")
    assert next(child.json_lines(proc, every_s=0.05, on_other=lambda _: None)) is None
    child.stop(proc)


def test_tail(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(f"{n}\n" for n in range(50_000)))
    assert child.tail(log, 2) == "49998\n49999"
    assert child.tail(tmp_path / "none.log") == ""
