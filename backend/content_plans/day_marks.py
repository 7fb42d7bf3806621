"""What a calendar shows of days besides posts: public holidays where the influencers live, and their free posting times."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.content_plans import posting_rules, queries, times
from backend.content_plans.schemas import RulesDraft
from backend.content_plans.times import RecurringTime, to_instant, to_local_time
from backend.db.tables import ContentPlan, Influencer, PostingRule, PostingSlot
from backend.errors import Invalid
from backend.kit.clock import now
from backend.kit.public_holidays import country_of, holidays_of_year
from backend.language import tr_lazy

MAX_DAYS = 100


@dataclass(frozen=True, slots=True)
class Holiday:
    """`countries`: ISO 3166 codes, of those in which it is one."""

    day: date
    name: str
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A recurring time of an influencer with no post near it, as local time of the requested zone."""

    local_time: datetime
    influencer_id: str


@dataclass(frozen=True, slots=True)
class DayMarks:
    holidays: list[Holiday]
    slots: list[FreeSlot]


def day_marks(tx: Session, *, first: datetime, last: datetime, zone: str, influencer_id: str = "") -> DayMarks:
    """Marks of the days between two local times of `zone` (`last` not included), of one influencer or of all.

    Raises Invalid: more than MAX_DAYS.
    """
    if not timedelta(0) <= last - first <= timedelta(days=MAX_DAYS):
        raise Invalid(tr_lazy("Days are marked for at most {max_days} days, from the earlier to the later.", max_days=MAX_DAYS))
    query = select(Influencer.id, Influencer.time_zone).where(Influencer.archived_at.is_(None))
    zones = {found_id: own_zone for found_id, own_zone in tx.execute(query) if influencer_id in ("", found_id)}
    return DayMarks(_holidays(tx, first.date(), last, zones), _free_slots(tx, first, last, zone, zones))


def _holidays(tx: Session, first: date, last: datetime, zones: dict[str, str]) -> list[Holiday]:
    chosen = {row.scope: row.holiday_country for row in tx.execute(select(PostingRule.scope, PostingRule.holiday_country))}
    default = chosen.get(posting_rules.WORKSPACE, "")
    countries = {chosen.get(influencer_id) or default or country_of(own_zone) for influencer_id, own_zone in zones.items()}
    by_day_and_name: dict[tuple[date, str], list[str]] = defaultdict(list)
    for country in sorted(countries - {"", posting_rules.NO_HOLIDAYS}):
        for year in range(first.year, last.year + 1):
            for day, names in holidays_of_year(country, year).items():
                if first <= day and datetime.combine(day, datetime.min.time()) < last:
                    by_day_and_name[day, "; ".join(dict.fromkeys(names.split("; ")))].append(country)
    return [Holiday(day, name, tuple(codes)) for (day, name), codes in sorted(by_day_and_name.items())]


def _free_slots(tx: Session, first: datetime, last: datetime, zone: str, zones: dict[str, str]) -> list[FreeSlot]:
    start, end = max(to_instant(first, zone).at, now()), to_instant(last, zone).at
    slots: dict[str, list[RecurringTime]] = defaultdict(list)
    for row in tx.execute(select(PostingSlot.influencer_id, PostingSlot.weekday, PostingSlot.at)):
        if row.influencer_id in zones:
            slots[row.influencer_id].append(RecurringTime(row.weekday, row.at))
    if not slots or end <= start:
        return []
    gaps = {row.scope: row.gap_minutes for row in tx.execute(select(PostingRule.scope, PostingRule.gap_minutes))}
    taken: dict[str, list[datetime]] = defaultdict(list)
    near = timedelta(days=1)  # the longest gap that the rules allow
    plans = select(ContentPlan.influencer_id, ContentPlan.due_at).where(
        queries.NOT_DELETED,
        ContentPlan.influencer_id.in_(list(slots)),
        ContentPlan.due_at > start - near,
        ContentPlan.due_at < end + near,
    )
    for planned in tx.execute(plans):
        taken[planned.influencer_id].append(planned.due_at)
    free: list[FreeSlot] = []
    for influencer_id, own_slots in slots.items():
        gap = gaps.get(influencer_id, RulesDraft().gap_minutes)
        options = {"after": start, "taken": taken[influencer_id], "apart_minutes": gap}
        for _, at in times.free_times(own_slots, zones[influencer_id], **options):
            if at >= end:
                break
            free.append(FreeSlot(to_local_time(at, zone), influencer_id))
    return sorted(free, key=lambda slot: (slot.local_time, slot.influencer_id))
