"""Times of the posts of a series: the requested days and times of day, and free times near them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from backend.bulk_planning.schemas import FreeTime
from backend.content_plans import RecurringTime, TakenTime, to_instant

_EARLIEST, _LATEST = time(8), time(22, 30)
_STEP = timedelta(minutes=30)


def daily_times(first: date, days: int, times_of_day: Sequence[str]) -> list[datetime]:
    """Every time of day on every day, in order."""
    times = sorted(time.fromisoformat(clock) for clock in times_of_day)
    return [datetime.combine(first + timedelta(days=n), time_of_day) for n in range(days) for time_of_day in times]


def recurring_times(first: date, days: int, slots: Iterable[RecurringTime]) -> list[datetime]:
    """The recurring times that fall on these days, in order."""
    times = []
    for n in range(days):
        day = first + timedelta(days=n)
        times_of_day = sorted({slot.clock for slot in slots if slot.weekday == day.weekday()})
        times += [datetime.combine(day, time(hour, minute)) for hour, minute in times_of_day]
    return times


def find_free_times(
    wanted_times: Sequence[datetime],
    zone: str,
    *,
    after: datetime,
    taken: Iterable[TakenTime],
    apart_minutes: int,
    offsets: Mapping[str, timedelta],
    strict: bool = False,
) -> list[FreeTime]:
    """A free time for each wanted time that has one, in order: the time itself, else the nearest half hour of that day.

    Free: after `after`, and nothing of the influencer or of a channel nearer than `apart_minutes` (at least one). `offsets`:
    each channel's delay after the plan's time. `strict`: the wanted time or none. A wanted time that is free is never given to
    another wanted time that is not, so the wanted times are tried first and then those nearby.
    """
    taken_times = _TakenTimes(taken, max(apart_minutes, 1), offsets)
    found_times: dict[int, FreeTime] = {}
    for try_nearby in (False,) if strict else (False, True):
        for n, wanted_time in enumerate(wanted_times):
            if n in found_times:
                continue
            for local_time in _times_near(wanted_time) if try_nearby else (wanted_time,):
                at = to_instant(local_time, zone).at
                if at > after and taken_times.try_take(at):
                    found_times[n] = FreeTime(local_time, at)
                    break
    return sorted(found_times.values(), key=lambda time: time.at)


class _TakenTimes:
    """Taken instants by channel id; "" for the influencer's plans."""

    def __init__(self, taken: Iterable[TakenTime], apart_minutes: int, offsets: Mapping[str, timedelta]) -> None:
        self._apart, self._offsets = timedelta(minutes=apart_minutes), {"": timedelta(0), **offsets}
        self._busy: dict[str, list[datetime]] = defaultdict(list)
        for channel_id, at in taken:
            self._busy[channel_id].append(at)

    def try_take(self, at: datetime) -> bool:
        """Whether the time is free on all channels; if so it is taken now."""
        instants = {channel_id: at + step for channel_id, step in self._offsets.items()}
        if any(
            abs(taken - instant) < self._apart for channel_id, instant in instants.items() for taken in self._busy[channel_id]
        ):
            return False
        for channel_id, instant in instants.items():
            self._busy[channel_id].append(instant)
        return True


def _times_near(wanted_time: datetime) -> Iterator[datetime]:
    """Half hours before and after on the same day, nearest first; at night only as far as the wanted time itself is."""
    early, late = min(_EARLIEST, wanted_time.time()), max(_LATEST, wanted_time.time())
    for n in range(1, 48):
        for local_time in (wanted_time + n * _STEP, wanted_time - n * _STEP):
            if local_time.date() == wanted_time.date() and early <= local_time.time() <= late:
                yield local_time
