"""When a failed try is followed by the next one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_WAIT_S = 86_400.0
"""The longest that an endpoint may ask us to wait with Retry-After."""
SLOW_STATUSES = frozenset({429, 502, 504})
GONE = 410


def next_delay_s(
    delays_s: Sequence[float], attempts: int, *, retry_after_s: float | None, jitter: float, random: Callable[[], float]
) -> float | None:
    """Seconds until the next try after `attempts` failed ones; None: it is given up.

    `jitter`: share of the delay that is added at most, so that what failed together does not come back together. `random`: 0 to
    1. `retry_after_s`: what the endpoint asked for, honoured up to a day.
    """
    if not 1 <= attempts <= len(delays_s):
        return None
    planned_s = delays_s[attempts - 1] * (1 + jitter * random())
    return max(planned_s, min(retry_after_s or 0.0, MAX_WAIT_S))


def retry_after_s(value: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Seconds that a Retry-After header asks for; None: it has none that can be read."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), MAX_WAIT_S)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(0.0, (aware - now()).total_seconds()), MAX_WAIT_S)
