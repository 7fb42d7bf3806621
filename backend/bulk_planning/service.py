"""Starting a series, how it stands, and all of its drafts away again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend import channels, content_plans, influencers, jobs
from backend.bulk_planning import slots
from backend.bulk_planning.schemas import Moment, SeriesCard, SeriesOrder, SeriesPayload
from backend.channels import ChannelCard
from backend.content_plans import Mark, Outcome, PostState, UndoEntry
from backend.errors import Conflict, Invalid, NotFound
from backend.influencers import InfluencerCard
from backend.jobs import JobCard
from backend.kit.clock import now

KIND, PICTURES = "content-plan", "content-plan-picture"


def start(tx: Session, *, order: SeriesOrder, request_key: str) -> JobCard:
    """The same `request_key` returns the first job. Its result: {posts, undated, unwritten, cost, model, pictures}.

    Raises NotFound, Invalid (no channel, no free time), Conflict (the key was used for other work).
    """
    if first := jobs.find_by_key(tx, request_key):  # its own posts have taken the times since
        if first.kind != KIND:
            raise Conflict("This request key was used for other work already. Send a new Idempotency-Key, or reload the page.")
        return first
    who = influencers.get(tx, order.influencer_id)
    chosen(tx, order)
    n = len(moments(tx, order))
    title = f"Plan of {n} {'post' if n == 1 else 'posts'} for {who.name}"
    payload = SeriesPayload(order=order)
    return jobs.enqueue(tx, kind=KIND, payload=payload, title=title, request_key=request_key, subject=("influencer", who.id))


def chosen(tx: Session, order: SeriesOrder) -> list[ChannelCard]:
    """The order's channels, as they are in it. Raises NotFound."""
    theirs = {one.id: one for one in channels.of(tx, order.influencer_id)}
    if missing := [one for one in order.channel_ids if one not in theirs]:
        raise NotFound(f"{len(missing)} of the chosen channels is not the influencer's any more. Choose the channels again.")
    return [theirs[one] for one in order.channel_ids]


def moments(tx: Session, order: SeriesOrder) -> list[Moment]:
    """Free times for the order's posts. Raises Invalid: there are none."""
    found, _ = places(tx, influencers.get(tx, order.influencer_id), order)
    return found


def places(tx: Session, who: InfluencerCard, order: SeriesOrder) -> tuple[list[Moment], int]:
    """(free times in order, how many were wished on days that count). Raises Invalid: no recurring times, nothing is free."""
    rules = content_plans.rules_of(tx, who.id)
    if not order.clocks and not rules.slots:
        raise Invalid(f"{who.name} has no recurring times. Set them under Rules on the calendar, or choose times of day.")
    days = order.first, order.days
    wishes = slots.daily(*days, order.clocks) if order.clocks else slots.recurring(*days, rules.slots)
    taken = content_plans.taken(tx, who.id)
    filled = _filled(taken, who, order)
    wishes = [one for one in wishes if one.date() not in filled]
    if filled and not wishes:
        raise Invalid("Each of these days has a post already. Choose other days, or plan another post on days that have one.")
    found = slots.free(
        wishes, who.time_zone, after=now(), taken=taken, apart_minutes=rules.gap_minutes, later=steps(order),
        strict=not order.clocks,
    )  # fmt: skip
    if not found:
        raise Invalid("No free time is left on these days: all are past, or taken. Choose later days or other times.")
    return found, len(wishes)


def filled_days(tx: Session, who: InfluencerCard, order: SeriesOrder) -> set[date]:
    """Days of the order that are left out, because the influencer has a post on them."""
    return _filled(content_plans.taken(tx, who.id), who, order)


def _filled(taken: Sequence[Mark], who: InfluencerCard, order: SeriesOrder) -> set[date]:
    if not order.skip_filled:
        return set()
    days = {content_plans.wall_in(at, who.time_zone).date() for channel_id, at in taken if not channel_id}
    return days & {order.first + timedelta(days=n) for n in range(order.days)}


def steps(order: SeriesOrder) -> dict[str, timedelta]:
    """Channel -> how long after a post's time it goes out there."""
    return {one: timedelta(minutes=n * order.minutes_between) for n, one in enumerate(order.channel_ids)}


def alone(tx: Session, influencer_id: str) -> None:
    """Until `tx` ends nobody else puts a series' posts on this influencer's calendar, or takes them away."""
    name = f"{tx.info['tenant_id']}:content-plan:{influencer_id}"
    tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def latest(tx: Session, influencer_id: str = "") -> SeriesCard | None:
    """The newest series, of one influencer or of the workspace."""
    subject = ("influencer", influencer_id) if influencer_id else None
    found = jobs.page(tx, kinds=(KIND,), subject=subject, take=1).cards
    return series(tx, found[0].id) if found else None


def series(tx: Session, job_id: str) -> SeriesCard:
    """Raises NotFound."""
    card = jobs.get(tx, job_id)
    if card.kind != KIND:
        raise NotFound("This is no plan of posts.")
    plans = tuple(content_plans.series(tx, f"{job_id}:"))
    drawing = [one for one in jobs.children(tx, job_id) if one.kind == PICTURES]
    states = [one.state for one in drawing]
    ends = [one.finished_at for one in drawing if one.state == "completed" and one.finished_at]
    waiting = len(drawing) - states.count("completed") - states.count("failed") - states.count("cancelled")
    left_s = (max(ends) - drawing[0].created_at).total_seconds() / len(ends) * waiting if ends and waiting else None
    return SeriesCard(
        card, int((card.result or {}).get("posts") or card.total or len(plans)), plans,
        tuple(one.id for one in plans if one.state == PostState.DRAFT), len(drawing), states.count("completed"),
        states.count("failed"), sum(int((one.result or {}).get("held", 0)) for one in drawing),
        sum(bool((one.result or {}).get("missed")) and not one.result["pictures"] for one in drawing if one.result), left_s,
    )  # fmt: skip


def discard(tx: Session, job_id: str) -> tuple[UndoEntry | None, Outcome]:
    """Its drafts away, with one undo (`posts.undo`); what is in review or further stays, pictures stay in the gallery.

    A series that still works is cancelled first. Raises NotFound, NotPermitted.
    """
    card = jobs.get(tx, job_id)
    alone(tx, card.subject_id)
    if not jobs.get(tx, job_id).ended:
        jobs.cancel(tx, job_id)
    return content_plans.delete_many(tx, series(tx, job_id).drafts)
