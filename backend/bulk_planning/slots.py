"""Where the posts of a series go: days and times of day as a person said them, and free moments near them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from backend.bulk_planning.schemas import Moment
from backend.content_plans import Mark, Slot, instant

_EARLY, _LATE = time(8), time(22, 30)
_STEP = timedelta(minutes=30)


def daily(first: date, days: int, clocks: Sequence[str]) -> list[datetime]:
    """Every time of day on every day, in order."""
    times = sorted(time.fromisoformat(clock) for clock in clocks)
    return [datetime.combine(first + timedelta(days=n), at) for n in range(days) for at in times]


def recurring(first: date, days: int, slots: Iterable[Slot]) -> list[datetime]:
    """The recurring times that fall on these days, in order."""
    found = []
    for n in range(days):
        day = first + timedelta(days=n)
        clocks = sorted({slot.clock for slot in slots if slot.weekday == day.weekday()})
        found += [datetime.combine(day, time(hour, minute)) for hour, minute in clocks]
    return found


def free(
    wishes: Sequence[datetime],
    zone: str,
    *,
    after: datetime,
    taken: Iterable[Mark],
    apart_minutes: int,
    later: Mapping[str, timedelta],
    strict: bool = False,
) -> list[Moment]:
    """A free moment for each wish that has one, in order: the wished time itself, else the nearest half hour of that day.

    Free: after `after`, and nothing of the influencer, nor of a channel, nearer than `apart_minutes` (at least one). `later`:
    each channel's minutes after the post's time. `strict`: the wished time or none. Wished times that are free are never
    given to another wish that is not.
    """
    board = _Board(taken, max(apart_minutes, 1), later)
    found: dict[int, Moment] = {}
    for near in (False,) if strict else (False, True):
        for n, wish in enumerate(wishes):
            if n in found:
                continue
            for wall in _near(wish) if near else (wish,):
                at = instant(wall, zone).at
                if at > after and board.take(at):
                    found[n] = Moment(wall, at)
                    break
    return sorted(found.values(), key=lambda one: one.at)


class _Board:
    """What is taken, and by whom."""

    def __init__(self, taken: Iterable[Mark], apart_minutes: int, later: Mapping[str, timedelta]) -> None:
        self._apart, self._later = timedelta(minutes=apart_minutes), {"": timedelta(0), **later}
        self._busy: dict[str, list[datetime]] = defaultdict(list)
        for who, at in taken:
            self._busy[who].append(at)

    def take(self, at: datetime) -> bool:
        """Whether it was free; it is not any more then."""
        wanted = {who: at + step for who, step in self._later.items()}
        if any(abs(there - mine) < self._apart for who, mine in wanted.items() for there in self._busy[who]):
            return False
        for who, mine in wanted.items():
            self._busy[who].append(mine)
        return True


def _near(wish: datetime) -> Iterator[datetime]:
    """Half hours before and after on the same day, the nearest first, none at night unless the wish is of the night."""
    early, late = min(_EARLY, wish.time()), max(_LATE, wish.time())
    for n in range(1, 48):
        for wall in (wish + n * _STEP, wish - n * _STEP):
            if wall.date() == wish.date() and early <= wall.time() <= late:
                yield wall
