"""When happenings are folded into one notice, when a message may go out, and when the next digest is due. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import count

from backend.content_plans import to_instant, to_local_time
from backend.errors import Invalid
from backend.language import tr_lazy

FOLD_GAP = timedelta(minutes=30)
FOLD_LONGEST = timedelta(hours=6)
RETRY_DELAYS = tuple(timedelta(seconds=s) for s in (60, 300, 1800, 7200, 21_600, 43_200, 86_400))
"""After a failed try, until the next one; after the last of them it is given up."""
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def folds(first_at: datetime, last_at: datetime, read_at: datetime | None, at: datetime) -> bool:
    """Whether something that happens `at` belongs to a notice of the same kind and subject: it is unread, the last of it was at
    most FOLD_GAP ago, the first at most FOLD_LONGEST."""
    return read_at is None and at - last_at <= FOLD_GAP and at - first_at <= FOLD_LONGEST


def quiet_until(at: datetime, *, zone: str, quiet_from: str, quiet_to: str) -> datetime | None:
    """The end of the quiet hours that `at` (aware) is in, in UTC; None outside of them. Hours like 22:00 to 07:00 go over
    midnight; where both are the same or empty there are none."""
    if not quiet_from or not quiet_to or quiet_from == quiet_to:
        return None
    start, end = parsed_time(quiet_from), parsed_time(quiet_to)
    local = to_local_time(at, zone)
    for day in (local.date() - timedelta(days=1), local.date()):
        begins = to_instant(datetime.combine(day, start), zone).at
        ends = to_instant(datetime.combine(day + timedelta(days=end < start), end), zone).at
        if begins <= at < ends:
            return ends
    return None


def next_digest(after: datetime, *, zone: str, digest_at: str, weekday: int | None) -> datetime:
    """The first time behind `after` at which a digest is due, in UTC. `weekday`: 0 for Monday; None: every day."""
    due_time, today = parsed_time(digest_at), to_local_time(after, zone).date()
    for days in count():
        day = today + timedelta(days=days)
        if weekday is not None and day.weekday() != weekday:
            continue
        due = to_instant(datetime.combine(day, due_time), zone).at
        if due > after:
            return due
    raise AssertionError("unreachable")


def parsed_time(value: str) -> time:
    """A local time as 22:00. Raises Invalid."""
    match = _TIME.fullmatch(value)
    if match is None:
        raise Invalid(tr_lazy("“{what}” is not a time. Write it as 22:00.", what=value[:20]))
    return time(int(match[1]), int(match[2]))


def retry_delay(attempts: int, *, jitter: Callable[[], float]) -> timedelta | None:
    """How long to wait after so many failed tries; None: give up. `jitter`: 0 to 1, of which a tenth is added."""
    return RETRY_DELAYS[attempts - 1] * (1 + jitter() / 10) if attempts <= len(RETRY_DELAYS) else None


def week_before(at: datetime) -> str:
    """The week that ended last, as 2031-W07, in UTC."""
    year, week, _ = (at - timedelta(days=7)).isocalendar()
    return f"{year}-W{week:02}"


def monday_of(week: str) -> date:
    """The first day of a week as `week_before` writes it."""
    return datetime.strptime(f"{week}-1", "%G-W%V-%u").date()


def report_time(at: datetime) -> datetime:
    """Monday 6:00 UTC of the week of `at`."""
    monday = at - timedelta(days=at.weekday())
    return monday.replace(hour=6, minute=0, second=0, microsecond=0)
