"""Dates of plans: setting one, moving one or many, and undoing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import func, text, update
from sqlalchemy.orm import Session

from backend import events
from backend import undo as undo_records
from backend.content_plans import calendar, posting_rules, queries, schedule, state_undo, times, undo_entries
from backend.content_plans.expected_version import ANY_VERSION, ExpectedPlans, lock_plans, require_unchanged
from backend.content_plans.rules import MOVABLE, STATE_LABELS
from backend.content_plans.schemas import MAX_PLANS_AT_ONCE, Outcome, PlanCard, PlanUndoEntry
from backend.content_plans.times import Instant, RecurringTime, due_time_sql, to_instant, to_local_time
from backend.content_plans.transitions import must_move
from backend.db.tables import ContentPlan, PlanAct, Post, PostState
from backend.errors import Conflict, Invalid, NotFound, StudioError
from backend.kit.clock import now
from backend.language import Moment, joined, tr_lazy, tr_lazy_plural

S = PostState
_USUAL_CLOCK = "18:00"
"""When a post is suggested to go out for an influencer without recurring times."""
_TIME_PASSED = tr_lazy("That time has passed. Choose a later one; the post stays where it was.")


def date_columns(local_time: datetime | None, zone: str) -> dict[str, Any]:
    """Values of a plan's date columns: `wall` (local time), `zone`, `due_at` (instant). Raises Invalid."""
    if local_time is None:
        return {"wall": None, "zone": zone, "due_at": None}
    at_zone = to_instant(local_time, zone)
    return {"wall": local_time.replace(second=0, microsecond=0), "zone": zone, "due_at": at_zone.at}


def set_date(tx: Session, plan_id: str, local_time: datetime | None, zone: str, *, undoing: bool = False) -> Instant | None:
    """Sets a plan's date, or removes it (`local_time` None; scheduled posts become approved). Returns the resolved instant.

    With a date, missed posts become approved, and approved posts are scheduled if nothing blocks them. `undoing`: posts that
    are not scheduled may get a past date. Raises NotFound, Conflict (already published), Invalid (the time has passed).
    """
    values = date_columns(local_time, zone)
    posts = schedule.lock_posts(tx, plan_id)
    for post in posts:
        if S(post.state) not in MOVABLE:
            label = STATE_LABELS[S(post.state)].lower()
            raise Conflict(
                tr_lazy("This post is already {label} on a channel: its date stays. Duplicate it to post again.", label=label)
            )
    scheduled = [post for post in posts if S.SCHEDULED in (post.state, post.held_from)]
    if values["due_at"] and values["due_at"] <= now() and (scheduled or not undoing):
        raise Invalid(_TIME_PASSED)
    change = update(ContentPlan).where(ContentPlan.id == plan_id, ContentPlan.deleted_at.is_(None))
    change = change.values(**values, version=ContentPlan.version + 1, updated_at=func.clock_timestamp())
    if tx.execute(change.returning(ContentPlan.id)).first() is None:
        raise NotFound(tr_lazy("This post does not exist here. It may have been deleted."))
    tx.execute(update(Post).where(Post.plan_id == plan_id).values(due_at=due_time_sql(values["due_at"])))
    _update_post_states(tx, plan_id, posts, dated=local_time is not None)
    return to_instant(local_time, zone) if local_time else None


def _update_post_states(tx: Session, plan_id: str, posts: list[Post], *, dated: bool) -> None:
    for post in posts:
        if not dated and post.state == S.SCHEDULED:
            must_move(tx, post.id, S.SCHEDULED, S.APPROVED)
        elif not dated and post.held_from == S.SCHEDULED:
            tx.execute(update(Post).where(Post.id == post.id).values(held_from=S.APPROVED))
        elif dated and post.state == S.MISSED:
            must_move(tx, post.id, S.MISSED, S.APPROVED, error="", error_code="")
    if dated:
        schedule.schedule_approved(tx, plan_id)


def move(
    tx: Session, plan_id: str, local_time: datetime | None, zone: str = "", *, expected: ExpectedPlans = ANY_VERSION
) -> PlanUndoEntry:
    """Moves a plan to a local time of `zone` (empty: the plan's own zone). `local_time` None takes it off the calendar.

    Raises what `set_date` raises, and ChangedSince.
    """
    require_unchanged(tx, plan_id, expected)
    card = queries.get_existing(tx, plan_id)
    target = (
        local_time
        if local_time is None or zone in ("", card.zone)
        else to_local_time(to_instant(local_time, zone).at, card.zone)
    )
    placed_at = set_date(tx, plan_id, target, card.zone)
    events.record(tx, "plan.moved", "plan", plan_id, {"from": _iso(card.wall), "to": _iso(target), "zone": card.zone})
    sentence = (
        tr_lazy("“{title}” removed from the calendar.", title=card.title)
        if target is None
        else tr_lazy("“{title}” moved to {time}.", title=card.title, time=times.time_text(target))
    )
    return undo_entries.record(tx, "move", sentence, 1, {"plans": [_undo_data(card, target)]}, _move_note(tx, card, placed_at))


def shift(
    tx: Session, plan_ids: Sequence[str], *, days: int = 0, minutes: int = 0, expected: ExpectedPlans = ANY_VERSION
) -> tuple[PlanUndoEntry | None, Outcome]:
    """Moves many plans by the same step of local time; `Outcome.refused` says why one stays. Undo entry None: nothing moved.

    Raises Invalid (no step, too many plans).
    """
    if not days and not minutes:
        raise Invalid(tr_lazy("Enter the number of days or minutes."))
    if len(plan_ids) > MAX_PLANS_AT_ONCE:
        raise Invalid(tr_lazy("At most {max_plans_at_once} posts at once. Choose fewer.", max_plans_at_once=MAX_PLANS_AT_ONCE))
    outcome, before = Outcome(), []
    lock_plans(tx, plan_ids)
    for card in queries.get_many(tx, list(dict.fromkeys(plan_ids))):
        if card.deleted_at or card.wall is None:
            outcome.refused[card.id] = tr_lazy("It has no date to move.")
            continue
        target = card.wall + timedelta(days=days, minutes=minutes)
        try:
            require_unchanged(tx, card.id, expected)
            with tx.begin_nested():
                set_date(tx, card.id, target, card.zone)
                before.append(_undo_data(card, target))
                outcome.done.append(card.id)
        except StudioError as error:
            outcome.refused[card.id] = error.message
    if not outcome.done:
        return None, outcome
    n = len(outcome.done)
    events.record(tx, "plan.shifted", "workspace", tx.info["tenant_id"], {"plans": n, "days": days, "minutes": minutes})
    step = _step_text(days, minutes)
    sentence = tr_lazy_plural("{n} post moved by {step}.", "{n} posts moved by {step}.", n, step=step)
    return undo_entries.record(tx, "move", sentence, n, {"plans": before}), outcome


def undo(tx: Session, act_id: str) -> Outcome:
    """Undoes a move, a deletion, an approval or another change of states. A plan that was moved again since stays where it is.

    Raises NotFound, Conflict (nothing could be undone), NotPermitted.
    """
    entry = undo_records.mark_undone(tx, PlanAct, act_id, page="calendar")
    outcome = Outcome()
    for plan in entry.before["plans"]:
        try:
            with tx.begin_nested():
                _undo_one(tx, entry.kind, plan)
                outcome.done.append(plan["id"])
        except StudioError as error:
            outcome.refused[plan["id"]] = error.message
    if not outcome.done:
        raise Conflict(next(iter(outcome.refused.values()), tr_lazy("There is nothing left to undo.")))
    events.record(tx, "plan.undone", "workspace", tx.info["tenant_id"], {"act": act_id, "plans": len(outcome.done)})
    return outcome


def _undo_one(tx: Session, kind: str, plan: dict[str, Any]) -> None:
    match kind:
        case "move":
            _undo_move(tx, plan)
        case "approve":
            schedule.unapprove(tx, plan)
        case "states":
            if state_undo.move_back(tx, schedule.lock_posts(tx, plan["id"]), plan["posts"]):
                schedule.schedule_approved(tx, plan["id"])
        case _:
            undelete(tx, plan["id"])


def _undo_move(tx: Session, plan: dict[str, Any]) -> None:
    card = queries.get_existing(tx, plan["id"])
    if _iso(card.wall) != plan["to"]:
        raise Conflict(tr_lazy("“{title}” was moved again since; it stays where it is now.", title=card.title))
    local_time = datetime.fromisoformat(plan["wall"]) if plan["wall"] else None
    earlier_states = plan["states"]
    for post in schedule.lock_posts(tx, card.id):
        if earlier_states.get(post.id) == S.MISSED and post.state == S.SCHEDULED:
            must_move(tx, post.id, S.SCHEDULED, S.MISSED, error_code="late", error=tr_lazy("Its time has passed."))
        elif earlier_states.get(post.id) == S.APPROVED and post.state == S.SCHEDULED:
            must_move(tx, post.id, S.SCHEDULED, S.APPROVED)
    missed = S.MISSED in earlier_states.values()
    if missed and local_time:
        values = date_columns(local_time, plan["zone"])
        tx.execute(update(ContentPlan).where(ContentPlan.id == card.id).values(**values, version=ContentPlan.version + 1))
        tx.execute(update(Post).where(Post.plan_id == card.id).values(due_at=due_time_sql(values["due_at"])))
    else:
        set_date(tx, card.id, local_time, plan["zone"], undoing=True)


def undelete(tx: Session, plan_id: str) -> None:
    """Brings a deleted plan back; approved posts are scheduled again where nothing blocks them. Raises NotFound, Conflict."""
    queries.get(tx, plan_id)
    restored = update(ContentPlan).where(ContentPlan.id == plan_id, ContentPlan.deleted_at.is_not(None)).values(deleted_at=None)
    if tx.execute(restored.returning(ContentPlan.id)).first() is None:
        raise Conflict(tr_lazy("This post is restored already."))
    schedule.schedule_approved(tx, plan_id)
    events.record(tx, "plan.undeleted", "plan", plan_id, {})


def lock_calendar(tx: Session, influencer_id: str) -> None:
    """Locks the influencer's calendar until `tx` ends, against others who look for a free time (a Postgres advisory lock)."""
    name = f"{tx.info['tenant_id']}:content-plan:{influencer_id}"
    tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def suggested_time(tx: Session, influencer_id: str, *, zone: str) -> datetime | None:
    """Local time of the next free recurring time; of an influencer without any, 18:00 of the next day that has it free.

    None: all of the coming year is taken.
    """
    rules = posting_rules.get_rules(tx, influencer_id)
    slots = rules.slots or [RecurringTime(weekday, _USUAL_CLOCK) for weekday in range(7)]
    return next(iter(_free_times(tx, influencer_id, slots, zone, rules.gap_minutes)), None)


def next_free_times(tx: Session, influencer_id: str, *, zone: str, n: int = 1) -> list[datetime]:
    """Local times of the next `n` recurring times with no plan of the influencer near them, in order.

    Empty when there are no recurring times, or all of the coming year are taken.
    """
    rules = posting_rules.get_rules(tx, influencer_id)
    return list(islice(_free_times(tx, influencer_id, rules.slots, zone, rules.gap_minutes), n))


def _free_times(
    tx: Session, influencer_id: str, slots: Sequence[RecurringTime], zone: str, gap_minutes: int
) -> Iterator[datetime]:
    taken = calendar.planned_instants(tx, influencer_id)
    free = times.free_times(slots, zone, after=now(), taken=taken, apart_minutes=gap_minutes)
    return (local_time for local_time, _ in free)


def _undo_data(card: PlanCard, target: datetime | None) -> dict[str, Any]:
    states = {post.id: post.state.value for post in card.posts}
    return {"id": card.id, "wall": _iso(card.wall), "zone": card.zone, "to": _iso(target), "states": states}


def _move_note(tx: Session, card: PlanCard, placed_at: Instant | None) -> str:
    note = ""
    if placed_at and placed_at.adjustment == "missing":
        note = tr_lazy("The clock skips that time on this day; it is posted at {time}.", time=Moment(placed_at.wall, "time"))
    elif placed_at and placed_at.adjustment == "double":
        note = tr_lazy("The clock shows that time twice on this day; the first one is used.")
    return joined(note, *calendar.placement_warnings(tx, card.id))


def _step_text(days: int, minutes: int) -> str:
    sign = "-" if days < 0 else "+"
    days_text = tr_lazy_plural("{sign}{n} day", "{sign}{n} days", abs(days), sign=sign) if days else ""
    return joined(days_text, tr_lazy("{minutes} min", minutes=f"{minutes:+d}") if minutes else "")


def _iso(local_time: datetime | None) -> str | None:
    return local_time.isoformat() if local_time else None
