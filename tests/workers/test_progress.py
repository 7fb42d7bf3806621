"""Time left, from recent speed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.progress import SpeedWindow


def test_nothing_is_said_while_nothing_is_countable() -> None:
    window = SpeedWindow()
    assert window.eta(0.0, 10) is None
    window.add(0.0, 0, "loading")
    assert window.eta(1.0, 10) is None
    window.add(1.0, 1, "loading")
    assert window.eta(1.0, 0) is None
    assert window.eta(1.0, 10) == pytest.approx(9.0)


def test_a_new_phase_starts_anew() -> None:
    window = SpeedWindow()
    for second in range(5):
        window.add(float(second), second, "caching")
    window.add(5.0, 0, "training")
    assert window.eta(5.0, 100) is None
    window.add(7.0, 1, "training")
    assert window.eta(7.0, 100) == pytest.approx(198.0)


def test_recent_speed_counts() -> None:
    window = SpeedWindow()
    for n in range(100):
        window.add(n * 10.0, n, "x")
    for n in range(100, 200):
        window.add(990.0 + (n - 99) * 1.0, n, "x")
    assert window.eta(1090.0, 300) == pytest.approx(101.0, rel=0.1)


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(-1, 5)), min_size=1, max_size=50), st.integers(-5, 100))
def test_it_is_never_negative(moves: list[tuple[float, int]], total: int) -> None:
    window, at, done = SpeedWindow(), 0.0, 0
    for wait, step in moves:
        at, done = at + wait, max(done + step, 0)
        window.add(at, done, "x")
        eta = window.eta(at, total)
        assert eta is None or eta >= 0
