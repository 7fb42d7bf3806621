"""Scheduling, and the review that stands before it: the rules of the influencer decide, here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.content_plans import checks, files, history, posting_rules, queries
from backend.content_plans.expected_version import NOT_SAID, Shown, lock, require
from backend.content_plans.schemas import MOST_AT_ONCE, Outcome, PlanCard, PostCard
from backend.content_plans.transitions import must_move, stay
from backend.db.tables import Post, PostState
from backend.errors import Conflict, Invalid, NotFound, StudioError
from backend.kit.clock import now

S = PostState
_WAITING = (S.DRAFT, S.IN_REVIEW, S.APPROVED, S.FAILED, S.MISSED)
_PASSED = "Its time has passed. Choose a later one, or post it yourself and say so."


def schedule(tx: Session, plan_ids: Sequence[str], *, shown: Shown = NOT_SAID) -> Outcome:
    """Each plan by itself: what the rules let through is scheduled, what needs approval goes to review, the rest says why.

    Here and in the other acts: a plan that is not as it was `shown` any more is refused, with what is different.
    Raises Invalid (too many at once).
    """
    return _each(tx, plan_ids, _schedule, shown)


def submit(tx: Session, plan_ids: Sequence[str], *, shown: Shown = NOT_SAID) -> Outcome:
    """To the review queue, whatever the rules say."""

    def send(tx: Session, card: PlanCard, out: Outcome) -> None:
        mine = [one for one in card.posts if one.state in (S.DRAFT, S.FAILED, S.MISSED)]
        if not mine:
            raise Conflict("Nothing of this plan is a draft.")
        for one in mine:
            must_move(tx, one.id, one.state, S.IN_REVIEW)
        out.review.append(card.id)

    return _each(tx, plan_ids, send, shown)


def approve(tx: Session, plan_ids: Sequence[str], *, shown: Shown = NOT_SAID) -> Outcome:
    """A person has looked. With a date ahead and nothing in the way posts are scheduled; else they wait approved.

    `Outcome.acts` takes it back: those that are not on their way out are what they were before.
    """
    before: dict[str, dict[str, Any]] = {}

    def agree(tx: Session, card: PlanCard, out: Outcome) -> None:
        mine = [one for one in card.posts if one.state in (S.DRAFT, S.IN_REVIEW)]
        if not mine:
            raise Conflict("Nothing of this plan waits for an approval.")
        for one in mine:
            said = {"approved_by": tx.info.get("user_id"), "approved_at": func.clock_timestamp(), "note": ""}
            must_move(tx, one.id, one.state, S.APPROVED, **said)
        out.done.append(card.id)
        before[card.id] = {"id": card.id, "states": {one.id: one.state.value for one in mine}}
        schedule_approved(tx, card.id, out)

    out = _each(tx, plan_ids, agree, shown)
    if out.done:
        n = len(out.done)
        said = f"{n} {'post' if n == 1 else 'posts'} approved."
        out.acts.append(history.record(tx, "approve", said, n, {"plans": [before[one] for one in out.done]}))
    return out


def unapprove(tx: Session, before: dict[str, Any]) -> None:
    """Takes an approval back. `before`: a plan's `id`, and `states` by post id. Raises Conflict (it goes out, or has)."""
    rows = {one.id: one for one in locked(tx, before["id"])}
    mine = [(rows[post_id], S(state)) for post_id, state in before["states"].items() if post_id in rows]
    if not any(S(one.state) in (S.APPROVED, S.SCHEDULED, S.ON_HOLD) for one, _ in mine):
        raise Conflict("This post is out, or was changed since it was approved: the approval stays.")
    for one, state in mine:
        here = S(one.state)
        if here == S.SCHEDULED:
            must_move(tx, one.id, here, S.APPROVED)
            here = S.APPROVED
        if here in (S.APPROVED, S.ON_HOLD):
            must_move(tx, one.id, here, state, approved_by=None, approved_at=None)


def reject(tx: Session, plan_ids: Sequence[str], *, note: str, shown: Shown = NOT_SAID) -> Outcome:
    """Back to draft, with what the reviewer says about it. Raises Invalid without a note."""
    if not note.strip():
        raise Invalid("Say in a sentence what should change, so that the next person knows.")

    def refuse(tx: Session, card: PlanCard, out: Outcome) -> None:
        mine = [one for one in card.posts if one.state in (S.IN_REVIEW, S.APPROVED, S.SCHEDULED)]
        if not mine:
            raise Conflict("Nothing of this plan is in review.")
        for one in mine:
            here = one.state
            if here == S.SCHEDULED:
                must_move(tx, one.id, here, S.APPROVED)
                here = S.APPROVED
            must_move(tx, one.id, here, S.DRAFT, note=note.strip()[:2000], approved_by=None, approved_at=None)
        out.done.append(card.id)

    return _each(tx, plan_ids, refuse, shown)


def schedule_approved(tx: Session, plan_id: str, out: Outcome | None = None) -> None:
    """Approved posts of a plan with a date ahead, and nothing in their way, become scheduled; else they stay as they are."""
    card = queries.get(tx, plan_id)
    if card.due_at is None or card.due_at <= now() or checks.blocking(tx, card):
        return
    for one in card.posts:
        if one.state == S.APPROVED:
            _to_the_clock(tx, card, one, out or Outcome())


def hold(tx: Session, plan_ids: Sequence[str], *, shown: Shown = NOT_SAID) -> Outcome:
    """Keeps plans back until `release`."""

    def keep(tx: Session, card: PlanCard, out: Outcome) -> None:
        mine = [one for one in card.posts if one.state in _WAITING or one.state == S.SCHEDULED]
        if not mine:
            raise Conflict("Nothing of this plan can be held back any more.")
        for one in mine:
            held = S.DRAFT if one.state in (S.FAILED, S.MISSED) else one.state
            must_move(tx, one.id, one.state, S.ON_HOLD, held_from=held, held_by="person")
        out.held.append(card.id)

    return _each(tx, plan_ids, keep, shown)


def release(tx: Session, plan_ids: Sequence[str], *, shown: Shown = NOT_SAID) -> Outcome:
    """What a person holds goes back to what it was; what a stop switch holds waits for the switch."""

    def free(tx: Session, card: PlanCard, out: Outcome) -> None:
        mine = [one for one in card.posts if one.state == S.ON_HOLD]
        if not mine:
            raise Conflict("This plan is not on hold.")
        for one in mine:
            back = S(one.held_from)
            switch = posting_rules.active_stop_switch(tx, card.influencer_id)
            if one.held_by != "person" or (switch and back == S.SCHEDULED):
                whose = "this workspace" if switch == posting_rules.WORKSPACE else card.influencer_name
                raise Conflict(f"Publishing is stopped for {whose}. Start it again first.")
            if back == S.SCHEDULED and (one.due_at is None or one.due_at <= now()):
                must_move(tx, one.id, S.ON_HOLD, S.MISSED, error_code="held", error=_PASSED)
                out.refused[card.id] = _PASSED
                continue
            must_move(tx, one.id, S.ON_HOLD, back)
            if back == S.SCHEDULED:
                files.prepare(tx, one)
        if card.id not in out.refused:
            out.done.append(card.id)

    return _each(tx, plan_ids, free, shown)


def unschedule(tx: Session, plan_ids: Sequence[str], *, shown: Shown = NOT_SAID) -> Outcome:
    """Scheduled posts become approved ones: nothing happens at their time."""

    def take(tx: Session, card: PlanCard, out: Outcome) -> None:
        mine = [one for one in card.posts if one.state == S.SCHEDULED]
        if not mine:
            raise Conflict("Nothing of this plan is scheduled.")
        for one in mine:
            must_move(tx, one.id, S.SCHEDULED, S.APPROVED)
        out.done.append(card.id)

    return _each(tx, plan_ids, take, shown)


def posted(
    tx: Session, plan_id: str, *, platform: str = "", remote_id: str = "", url: str = "", shown: Shown = NOT_SAID
) -> None:
    """Somebody, or their own automation, put it there: its posts (of `platform`, or all) are published, by hand.

    Raises NotFound, Conflict (the studio is publishing it right now; it is published already under another id).
    """
    require(tx, plan_id, shown)
    card, url = queries.get(tx, plan_id), _address(url)
    mine = [one for one in card.posts if platform in ("", one.platform)]
    if not mine:
        raise NotFound("This plan has no post on that platform. Add one, or leave the id out.")
    for one in mine:
        if one.state == S.PUBLISHED:
            if remote_id and one.remote_id and one.remote_id != remote_id:
                raise Conflict(f"This post is published already, as {one.remote_id}.")
            stay(tx, one.id, S.PUBLISHED, remote_id=remote_id or one.remote_id, url=url or one.url)
            continue
        if one.state == S.PUBLISHING:
            raise Conflict("The studio is publishing this post right now. Wait until that has ended.")
        said = {"remote_id": remote_id, "url": url, "by_hand": True, "published_at": func.clock_timestamp()}
        must_move(tx, one.id, one.state, S.PUBLISHED, error="", error_code="", phase="", **said)


def decide_unknown(tx: Session, post_id: str, *, there: bool, url: str = "") -> PostCard:
    """A person looked at the account. There: published. Not there: approved, to be scheduled once more.

    Raises Invalid (no address), Conflict (somebody said so already).
    """
    if there:
        said = {"by_hand": True, "published_at": func.clock_timestamp(), "url": _address(url)}
        must_move(tx, post_id, S.UNKNOWN, S.PUBLISHED, error="", error_code="", phase="", **said)
    else:
        # nothing of the try before may be used again: who says "not there" means a new post
        said = {"handle": None, "phase": "", "submitted_at": None, "error": "", "error_code": "", "tries": 0}
        must_move(tx, post_id, S.UNKNOWN, S.APPROVED, **said)
    return queries.get_post(tx, post_id)


def _schedule(tx: Session, card: PlanCard, out: Outcome) -> None:
    mine = [one for one in card.posts if one.state in _WAITING]
    if not card.posts:
        raise Invalid("Choose at least one channel for it.")
    if not mine:
        raise Conflict("Nothing of this plan is left to be scheduled.")
    if card.due_at is None:
        raise Invalid("It has no date yet. Give it one.")
    if card.due_at <= now():
        raise Invalid(_PASSED)
    if said := checks.blocking(tx, card):
        raise Invalid(said)
    for one in mine:
        needs = one.approved_at is None and posting_rules.of(tx, card.influencer_id).review and one.state != S.APPROVED
        if needs:
            if one.state != S.IN_REVIEW:
                must_move(tx, one.id, one.state, S.IN_REVIEW)
            if card.id not in out.review:
                out.review.append(card.id)
            continue
        if one.state != S.APPROVED:
            must_move(tx, one.id, one.state, S.APPROVED, error="", error_code="", **_anew(one))
        _to_the_clock(tx, card, one, out)
    if card.id not in out.review:
        out.done.append(card.id)


def _anew(one: PostCard) -> dict[str, Any]:
    return {"phase": "", "tries": 0, "not_before": None} if one.state in (S.FAILED, S.MISSED) else {}


def _address(url: str) -> str:
    """Raises Invalid: what is shown as a link must be one."""
    said = url.strip()
    if said and urlsplit(said).scheme not in ("http", "https"):
        raise Invalid("Give the post's address as the browser shows it, starting with https://, or leave it empty.")
    return said


def _to_the_clock(tx: Session, card: PlanCard, one: PostCard, out: Outcome) -> None:
    if switch := posting_rules.active_stop_switch(tx, card.influencer_id):
        must_move(tx, one.id, S.APPROVED, S.ON_HOLD, held_from=S.SCHEDULED, held_by=switch)
        out.held.append(card.id)
    else:
        must_move(tx, one.id, S.APPROVED, S.SCHEDULED)
        files.prepare(tx, one)


def _each(tx: Session, plan_ids: Sequence[str], act: Callable[[Session, PlanCard, Outcome], None], shown: Shown) -> Outcome:
    if len(plan_ids) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE} plans at once. Choose fewer.")
    out = Outcome()
    wanted = list(dict.fromkeys(plan_ids))
    lock(tx, wanted)
    there = {one.id: one for one in queries.cards(tx, wanted) if not one.deleted_at}
    if wanted and not there:
        raise NotFound("None of these plans exists here any more.")
    for plan_id in wanted:
        try:
            if plan_id not in there:
                raise NotFound("This plan does not exist here any more.")
            require(tx, plan_id, shown)
            with tx.begin_nested():
                act(tx, there[plan_id], out)
        except StudioError as error:
            out.refused[plan_id] = error.message
    return out


def locked(tx: Session, plan_id: str) -> list[Post]:
    """The plan's posts, locked in one order by everybody who changes several; the plan before them."""
    lock(tx, [plan_id])
    query = select(Post).where(Post.plan_id == plan_id).order_by(Post.id)
    return list(tx.scalars(query.with_for_update().execution_options(populate_existing=True)))
