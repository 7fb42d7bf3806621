"""Dates: where a plan stands, moving one or many, and taking the last move back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from backend import events
from backend.content_plans import calendar, history, posting_rules, queries, schedule, slots
from backend.content_plans.expected_version import NOT_SAID, Shown, lock, require
from backend.content_plans.offsets import due_sql
from backend.content_plans.rules import MOVABLE, WORDS
from backend.content_plans.schemas import MOST_AT_ONCE, Outcome, PlanCard, UndoEntry
from backend.content_plans.time_zones import Instant, instant, wall_in
from backend.content_plans.transitions import must_move
from backend.db.tables import ContentPlan, Post, PostState
from backend.errors import Conflict, Invalid, NotFound, StudioError
from backend.kit.clock import now

S = PostState
_PASSED = "That time has passed. Choose a later one; the post stays where it was."


def placed(wall: datetime | None, zone: str) -> dict[str, Any]:
    """What a plan's row says about its date. Raises Invalid."""
    if wall is None:
        return {"wall": None, "zone": zone, "due_at": None}
    found = instant(wall, zone)
    return {"wall": wall.replace(second=0, microsecond=0), "zone": zone, "due_at": found.at}


def place(tx: Session, plan_id: str, wall: datetime | None, zone: str, *, back: bool = False) -> Instant | None:
    """Gives a plan a date, or takes it away (scheduled posts are approved ones then). Returns what the clock makes of it.

    A missed post gets its place on the clock back; an approved one gets it if nothing is in its way. `back`: an undo, which
    may lead into the past for what is not scheduled. Raises NotFound, Conflict (it is out), Invalid (a time that has passed).
    """
    values = placed(wall, zone)
    posts = schedule.locked(tx, plan_id)
    for one in posts:
        if S(one.state) not in MOVABLE:
            say = f"A post of this plan is {WORDS[S(one.state)].lower()}: its date stays. Duplicate the plan to post it again."
            raise Conflict(say)
    on_the_clock = [one for one in posts if S.SCHEDULED in (one.state, one.held_from)]
    if values["due_at"] and values["due_at"] <= now() and (on_the_clock or not back):
        raise Invalid(_PASSED)
    change = update(ContentPlan).where(ContentPlan.id == plan_id, ContentPlan.deleted_at.is_(None))
    change = change.values(**values, version=ContentPlan.version + 1, updated_at=func.clock_timestamp())
    if tx.execute(change.returning(ContentPlan.id)).first() is None:
        raise NotFound("This plan does not exist here. It may have been deleted.")
    tx.execute(update(Post).where(Post.plan_id == plan_id).values(due_at=due_sql(values["due_at"])))
    _follow(tx, plan_id, posts, dated=wall is not None)
    return instant(wall, zone) if wall else None


def _follow(tx: Session, plan_id: str, posts: list[Post], *, dated: bool) -> None:
    for one in posts:
        if not dated and one.state == S.SCHEDULED:
            must_move(tx, one.id, S.SCHEDULED, S.APPROVED)
        elif not dated and one.held_from == S.SCHEDULED:
            tx.execute(update(Post).where(Post.id == one.id).values(held_from=S.APPROVED))
        elif dated and one.state == S.MISSED:
            must_move(tx, one.id, S.MISSED, S.APPROVED, error="", error_code="")
    if dated:
        schedule.schedule_approved(tx, plan_id)


def move(tx: Session, plan_id: str, wall: datetime | None, zone: str = "", *, shown: Shown = NOT_SAID) -> UndoEntry:
    """To another time, as the clocks of `zone` show it (empty: the plan's own). `wall` None: off the calendar.

    Raises as `place`, and ChangedSince.
    """
    require(tx, plan_id, shown)
    card = _alive(tx, plan_id)
    target = wall if wall is None or zone in ("", card.zone) else wall_in(instant(wall, zone).at, card.zone)
    found = place(tx, plan_id, target, card.zone)
    events.record(tx, "plan.moved", "plan", plan_id, {"from": _iso(card.wall), "to": _iso(target), "zone": card.zone})
    said = (
        f"“{card.title}” taken off the calendar." if target is None else f"“{card.title}” moved to {target:%a %-d %b, %H:%M}."
    )
    return history.record(tx, "move", said, 1, {"plans": [_before(card, target)]}, _told(tx, card, found))


def shift(
    tx: Session, plan_ids: Sequence[str], *, days: int = 0, minutes: int = 0, shown: Shown = NOT_SAID
) -> tuple[UndoEntry | None, Outcome]:
    """Many plans by the same step on their own clocks; each that cannot move says why. None: nothing moved."""
    if not days and not minutes:
        raise Invalid("Say by how many days or minutes.")
    if len(plan_ids) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE} plans at once. Choose fewer.")
    out, before = Outcome(), []
    lock(tx, plan_ids)
    for card in queries.cards(tx, list(dict.fromkeys(plan_ids))):
        if card.deleted_at or card.wall is None:
            out.refused[card.id] = "It has no date to shift."
            continue
        target = card.wall + timedelta(days=days, minutes=minutes)
        try:
            require(tx, card.id, shown)
            with tx.begin_nested():
                place(tx, card.id, target, card.zone)
                before.append(_before(card, target))
                out.done.append(card.id)
        except StudioError as error:
            out.refused[card.id] = error.message
    if not out.done:
        return None, out
    n = len(out.done)
    events.record(tx, "plan.shifted", "workspace", tx.info["tenant_id"], {"plans": n, "days": days, "minutes": minutes})
    said = f"{n} {'plan' if n == 1 else 'plans'} moved by {_step(days, minutes)}."
    return history.record(tx, "move", said, n, {"plans": before}), out


def undo(tx: Session, act_id: str) -> Outcome:
    """Takes a move, a deletion or an approval back; a plan moved again since stays. Raises NotFound, Conflict, NotPermitted."""
    act = history.claim(tx, act_id)
    out = Outcome()
    for one in act.before["plans"]:
        try:
            with tx.begin_nested():
                _take_back(tx, act.kind, one)
                out.done.append(one["id"])
        except StudioError as error:
            out.refused[one["id"]] = error.message
    if not out.done:
        raise Conflict(next(iter(out.refused.values()), "There is nothing left to take back."))
    events.record(tx, "plan.undone", "workspace", tx.info["tenant_id"], {"act": act_id, "plans": len(out.done)})
    return out


def _take_back(tx: Session, kind: str, one: dict[str, Any]) -> None:
    match kind:
        case "move":
            _restore(tx, one)
        case "approve":
            schedule.unapprove(tx, one)
        case _:
            _undelete(tx, one["id"])


def _restore(tx: Session, one: dict[str, Any]) -> None:
    card = _alive(tx, one["id"])
    if _iso(card.wall) != one["to"]:
        raise Conflict(f"“{card.title}” was moved again since; it stays where it is now.")
    wall = datetime.fromisoformat(one["wall"]) if one["wall"] else None
    was = one["states"]
    for post in schedule.locked(tx, card.id):
        if was.get(post.id) == S.MISSED and post.state == S.SCHEDULED:
            must_move(tx, post.id, S.SCHEDULED, S.MISSED, error_code="late", error="Its time has passed.")
        elif was.get(post.id) == S.APPROVED and post.state == S.SCHEDULED:
            must_move(tx, post.id, S.SCHEDULED, S.APPROVED)
    missed = S.MISSED in was.values()
    if missed and wall:
        values = placed(wall, one["zone"])
        tx.execute(update(ContentPlan).where(ContentPlan.id == card.id).values(**values, version=ContentPlan.version + 1))
        tx.execute(update(Post).where(Post.plan_id == card.id).values(due_at=due_sql(values["due_at"])))
    else:
        place(tx, card.id, wall, one["zone"], back=True)


def _undelete(tx: Session, plan_id: str) -> None:
    back = update(ContentPlan).where(ContentPlan.id == plan_id, ContentPlan.deleted_at.is_not(None)).values(deleted_at=None)
    if tx.execute(back.returning(ContentPlan.id)).first() is None:
        raise Conflict("This plan is back already.")
    schedule.schedule_approved(tx, plan_id)
    events.record(tx, "plan.undeleted", "plan", plan_id, {})


def next_free(tx: Session, influencer_id: str, *, zone: str, n: int = 1) -> list[datetime]:
    """Wall times of the next slots with nothing of the influencer near them. Empty: there are no slots, or a year is full."""
    rules = posting_rules.of(tx, influencer_id)
    taken = calendar.instants(tx, influencer_id)
    found = slots.free(rules.slots, zone, after=now(), taken=taken, apart_minutes=rules.gap_minutes)
    return [wall for (wall, _), _ in zip(found, range(n), strict=False)]


def _alive(tx: Session, plan_id: str) -> PlanCard:
    card = queries.get(tx, plan_id)
    if card.deleted_at:
        raise NotFound("This plan was deleted. Take that back first, or make a new one.")
    return card


def _before(card: PlanCard, target: datetime | None) -> dict[str, Any]:
    states = {one.id: one.state.value for one in card.posts}
    return {"id": card.id, "wall": _iso(card.wall), "zone": card.zone, "to": _iso(target), "states": states}


def _told(tx: Session, card: PlanCard, found: Instant | None) -> str:
    said = {
        "missing": f"The clock skips that time on this day; it is posted at {found.wall:%H:%M}." if found else "",
        "double": "The clock shows that time twice on this day; the first is taken.",
    }
    parts = [said.get(found.why, "")] if found else []
    return " ".join(filter(None, [*parts, *calendar.near(tx, card.id)]))


def _step(days: int, minutes: int) -> str:
    parts = [f"{days:+d} {'day' if abs(days) == 1 else 'days'}"] if days else []
    return " ".join([*parts, *([f"{minutes:+d} min"] if minutes else [])])


def _iso(wall: datetime | None) -> str | None:
    return wall.isoformat() if wall else None
