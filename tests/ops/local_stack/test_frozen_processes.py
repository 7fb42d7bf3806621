"""What runs and does not answer is ended, so that it is started again; what is slow, or what nobody can tell, is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.local_stack import state as states
from ops.local_stack.frozen_processes import FrozenProcessWatch, LifeSign
from ops.local_stack.processes import Processes, RunningService
from ops.local_stack.services import Service
from tests.support.wait import until

SLEEPS = "import time; time.sleep(99)"
WORKS = "while True: pass"


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[[str, LifeSign], tuple[FrozenProcessWatch, RunningService]]]:
    """A process with this code, watched by this sign, which may stay the same for half a second."""
    state = states.lock_folder(tmp_path)
    processes = Processes(state, {"PATH": "/usr/bin:/bin"})

    def make(code: str, sign: LifeSign) -> tuple[FrozenProcessWatch, RunningService]:
        each = processes.start(Service("it", ("-c", code)))
        return FrozenProcessWatch(processes, {"it": (sign, 0.5)}), each

    yield make
    processes.stop()
    state.release()


def test_a_silent_process_is_ended_and_started_again(
    begin: Callable[[str, LifeSign], tuple[FrozenProcessWatch, RunningService]], capsys: pytest.CaptureFixture[str]
) -> None:
    watch, each = begin(SLEEPS, lambda each: "the same")
    first = each.proc
    until(lambda: (watch.check(), first.poll())[1] is not None, 20, what="the end of the frozen process")
    assert "it has not answered for" in capsys.readouterr().err
    until(lambda: (watch.processes.check(), each.proc is not first)[1], 20, what="its restart")
    watch.check()
    assert each.proc.poll() is None, "a new one has its whole time"


@pytest.mark.parametrize("sign", [lambda each: time.monotonic(), lambda each: None])
def test_who_beats_or_whom_nobody_can_ask_after_lives(
    begin: Callable[[str, LifeSign], tuple[FrozenProcessWatch, RunningService]], sign: LifeSign
) -> None:
    watch, each = begin(SLEEPS, sign)
    for _ in range(4):
        watch.check()
        time.sleep(0.3)
    assert each.proc.poll() is None


def test_a_busy_process_has_three_times_as_long(
    begin: Callable[[str, LifeSign], tuple[FrozenProcessWatch, RunningService]],
) -> None:
    watch, each = begin(WORKS, lambda each: "the same")
    watch.check()
    last_sign = watch._last_signs["it"]
    last_sign.at -= 1.0  # longer than the half second, shorter than three of them
    last_sign.cpu_s -= 2.0
    watch.check()
    assert each.proc.poll() is None
    last_sign.at -= 1.0
    watch.check()
    assert each.proc.wait(20) == -9


def test_after_this_machine_slept_everyone_has_time_anew(
    begin: Callable[[str, LifeSign], tuple[FrozenProcessWatch, RunningService]],
) -> None:
    watch, each = begin(SLEEPS, lambda each: "the same")
    watch.check()
    watch._last_signs["it"].at -= 3600.0
    watch._checked_at -= 3600.0
    watch.check()
    assert each.proc.poll() is None
