"""The schedule of retries, by rules that hold for every schedule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.settings import Settings
from backend.webhooks.retries import MAX_WAIT_S, next_delay_s, retry_after_s

DELAYS = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=12)
SHARE = st.floats(0, 1)


@given(DELAYS, st.integers(1, 30), SHARE, SHARE, st.none() | st.floats(0, 1e9))
def test_a_try_comes_at_its_time_and_no_later_than_its_jitter(
    delays: list[float], attempts: int, jitter: float, random: float, asked_s: float | None
) -> None:
    delay_s = next_delay_s(delays, attempts, retry_after_s=asked_s, jitter=jitter, random=lambda: random)
    if attempts > len(delays):
        assert delay_s is None, "given up"
        return
    assert delay_s is not None
    planned_s, waited_s = delays[attempts - 1], min(asked_s or 0.0, MAX_WAIT_S)
    assert delay_s >= max(planned_s, waited_s)
    assert delay_s <= max(planned_s * (1 + jitter), waited_s) * (1 + 1e-9)


def test_the_default_schedule_is_that_of_the_contract() -> None:
    minute, hour = 60.0, 3600.0
    expected = (5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour)
    assert Settings.read(None).webhooks.retry_delays_s == expected
    replaced = Settings.read(None).replace(WEBHOOK_RETRY_DELAYS_S="0.5, 3")
    assert replaced.webhooks.retry_delays_s == (0.5, 3.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Tue, 24 Nov 2026 00:01:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 00:00:00 GMT", 0.0),
        ("9" * 400, MAX_WAIT_S),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str, seconds: float | None) -> None:
    assert retry_after_s(header, lambda: datetime(2026, 11, 24, tzinfo=UTC)) == seconds


@given(st.text())
def test_no_header_breaks_it(header: str) -> None:
    seconds = retry_after_s(header)
    assert seconds is None or 0 <= seconds <= MAX_WAIT_S
