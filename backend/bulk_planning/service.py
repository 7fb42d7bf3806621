"""Starting a series, its progress, and deleting its drafts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

from sqlalchemy.orm import Session

from backend import channels, content_plans, influencers, jobs
from backend.bulk_planning import slots
from backend.bulk_planning.schemas import FreeTime, SeriesCard, SeriesOrder, SeriesPayload
from backend.channels import ChannelCard
from backend.content_plans import Outcome, PlanUndoEntry, PostState, TakenTime
from backend.errors import Conflict, Invalid, NotFound
from backend.influencers import InfluencerCard
from backend.jobs import JobCard
from backend.kit.clock import now
from backend.language import tr_lazy, tr_lazy_plural

SERIES_KIND, PICTURE_KIND, REEL_KIND = "content-plan", "content-plan-picture", "content-plan-reel"
WORDS_KIND, MOTION_KIND = "content-plan-words", "content-plan-motion"
USUAL_CLOCK = "18:00"
_SEARCHED_DAYS = 60
"""How far ahead a week with a free time is looked for."""


def start_series(tx: Session, *, order: SeriesOrder, request_key: str, latest_first: date | None = None) -> JobCard:
    """The same `request_key` returns the first job. Its result: {posts, undated, unwritten, cost, model, pictures}.

    `latest_first`: where others take the free times before the job runs, it may begin as late as on this day.

    Raises NotFound, Invalid (no channel, no free time), Conflict (the key was used for other work, the influencer's time zone
    is not the one that was shown).
    """
    if first := jobs.find_by_key(tx, request_key):  # checked first: the series' own posts have taken the free times since
        if first.kind != SERIES_KIND:
            raise Conflict(
                tr_lazy("This request key was used for other work already. Send a new Idempotency-Key, or reload the page.")
            )
        return first
    influencer = influencers.get(tx, order.influencer_id)
    if order.zone not in ("", influencer.time_zone):
        raise Conflict(
            tr_lazy(
                "The time zone of {name} is {zone} now; these times were chosen in {before}. Close this and open it again, "
                "then check the times.",
                name=influencer.name,
                zone=influencer.time_zone,
                before=order.zone,
            )
        )
    chosen_channels(tx, order)
    n = len(require_free_times(tx, first_open(tx, order, latest_first)))
    title = tr_lazy_plural(
        "Plan of {n} post for {influencer}", "Plan of {n} posts for {influencer}", n, influencer=influencer.name
    )
    payload = SeriesPayload(order=order, latest_first=latest_first)
    return jobs.enqueue(
        tx, kind=SERIES_KIND, payload=payload, title=title, request_key=request_key, subject=("influencer", influencer.id)
    )


def chosen_channels(tx: Session, order: SeriesOrder) -> list[ChannelCard]:
    """The order's channels, in its order. Raises NotFound."""
    channels_by_id = {channel.id: channel for channel in channels.of(tx, order.influencer_id)}
    if missing := [channel_id for channel_id in order.channel_ids if channel_id not in channels_by_id]:
        raise NotFound(
            tr_lazy("{n} of the chosen channels is not the influencer's any more. Choose the channels again.", n=len(missing))
        )
    return [channels_by_id[channel_id] for channel_id in order.channel_ids]


def require_free_times(tx: Session, order: SeriesOrder) -> list[FreeTime]:
    """Free times for the order's posts. Raises Invalid: there are none."""
    times, _ = free_times(tx, influencers.get(tx, order.influencer_id), order)
    return times


def free_times(tx: Session, influencer: InfluencerCard, order: SeriesOrder) -> tuple[list[FreeTime], int]:
    """(free times in order, how many times were requested on days that are not left out).

    Raises Invalid: there are no recurring times, or nothing is free.
    """
    rules = content_plans.get_rules(tx, influencer.id)
    if not order.clocks and not rules.slots:
        raise Invalid(
            tr_lazy(
                "{name} has no recurring times. Set them in the posting rules of the calendar, or choose times of day.",
                name=influencer.name,
            )
        )
    days = order.first, order.days
    wanted_times = slots.daily_times(*days, order.clocks) if order.clocks else slots.recurring_times(*days, rules.slots)
    taken_times = content_plans.taken_times(tx, influencer.id)
    filled = _filled_days(taken_times, influencer, order)
    wanted_times = [time for time in wanted_times if time.date() not in filled]
    if filled and not wanted_times:
        raise Invalid(
            tr_lazy("Each of these days has a post already. Choose other days, or plan another post on days that have one.")
        )
    free = slots.find_free_times(
        wanted_times,
        influencer.time_zone,
        after=now(),
        taken=taken_times,
        apart_minutes=rules.gap_minutes,
        offsets=channel_offsets(order),
        strict=not order.clocks,
    )
    if not free:
        raise Invalid(tr_lazy("No free time is left on these days: all are past, or taken. Choose later days or other times."))
    return free, len(wanted_times)


def first_open(tx: Session, order: SeriesOrder, latest_first: date | None) -> SeriesOrder:
    """The order, begun on its first day or, where no time is free then, on the next day up to `latest_first` on which one is.

    Raises NotFound, Invalid (no time is free).
    """
    while True:
        try:
            require_free_times(tx, order)
        except Invalid:
            if latest_first is None or order.first >= latest_first:
                raise
            order = order.model_copy(update={"first": order.first + timedelta(days=1)})
        else:
            return order


def next_open_week(tx: Session, influencer_id: str, *, days: int = 7) -> date:
    """The first day of the next `days` days in which the usual order (posts at the recurring times, else one a day) has a free
    time: tomorrow where the influencer lives, or a multiple of `days` later. Tomorrow too when the next two months are full.

    Raises NotFound.
    """
    influencer = influencers.get(tx, influencer_id)
    tomorrow = content_plans.to_local_time(now(), influencer.time_zone).date() + timedelta(days=1)
    clocks = () if content_plans.get_rules(tx, influencer_id).slots else (USUAL_CLOCK,)
    for first in (tomorrow + timedelta(days=n * days) for n in range(_SEARCHED_DAYS // days)):
        order = SeriesOrder(influencer_id=influencer_id, first=first, days=days, clocks=clocks, channel_ids=("",))
        with suppress(Invalid):
            free_times(tx, influencer, order)
            return first
    return tomorrow


def filled_days(tx: Session, influencer: InfluencerCard, order: SeriesOrder) -> set[date]:
    """Days of the order that are left out because the influencer has a post on them."""
    return _filled_days(content_plans.taken_times(tx, influencer.id), influencer, order)


def _filled_days(taken_times: Sequence[TakenTime], influencer: InfluencerCard, order: SeriesOrder) -> set[date]:
    if not order.skip_filled:
        return set()
    days = {content_plans.to_local_time(at, influencer.time_zone).date() for channel_id, at in taken_times if not channel_id}
    return days & {order.first + timedelta(days=n) for n in range(order.days)}


def channel_offsets(order: SeriesOrder) -> dict[str, timedelta]:
    """Channel id -> how long after the plan's time its post is published."""
    return {channel_id: timedelta(minutes=n * order.minutes_between) for n, channel_id in enumerate(order.channel_ids)}


def latest_series(tx: Session, influencer_id: str = "") -> SeriesCard | None:
    """The newest series, of one influencer or of the workspace."""
    subject = ("influencer", influencer_id) if influencer_id else None
    cards = jobs.page(tx, kinds=(SERIES_KIND,), subject=subject, take=1).cards
    return get_series(tx, cards[0].id) if cards else None


def get_series(tx: Session, job_id: str) -> SeriesCard:
    """Progress of the series of this job. Raises NotFound."""
    card = jobs.get(tx, job_id)
    if card.kind != SERIES_KIND:
        raise NotFound(tr_lazy("This is not an auto-plan."))
    plans = tuple(content_plans.plans_in_series(tx, f"{job_id}:"))
    picture_jobs = [job for job in jobs.children(tx, job_id) if job.kind in (PICTURE_KIND, REEL_KIND)]
    states = [job.state for job in picture_jobs]
    end_times = [job.finished_at for job in picture_jobs if job.state == "completed" and job.finished_at]
    unfinished = len(picture_jobs) - states.count("completed") - states.count("failed") - states.count("cancelled")
    left_s = (
        (max(end_times) - picture_jobs[0].created_at).total_seconds() / len(end_times) * unfinished
        if end_times and unfinished
        else None
    )
    return SeriesCard(
        card,
        int((card.result or {}).get("posts") or card.total or len(plans)),
        plans,
        tuple(plan.id for plan in plans if plan.state == PostState.DRAFT),
        len(picture_jobs),
        states.count("completed"),
        states.count("failed"),
        sum(int((job.result or {}).get("held", 0)) for job in picture_jobs),
        sum(bool(job.result.get("missed")) and not job.result["pictures"] for job in picture_jobs if job.result),
        left_s,
    )


def discard_drafts(tx: Session, job_id: str) -> tuple[PlanUndoEntry | None, Outcome]:
    """Deletes the series' drafts, with one undo entry. Plans in review or further stay, and so do pictures in the gallery.

    A running series is cancelled first. Raises NotFound, NotPermitted.
    """
    card = jobs.get(tx, job_id)
    content_plans.lock_calendar(tx, card.subject_id)
    if not jobs.get(tx, job_id).ended:
        jobs.cancel(tx, job_id)
    return content_plans.delete_many(tx, get_series(tx, job_id).drafts)
