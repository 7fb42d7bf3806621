"""Review and scheduling of plans. The influencer's posting rules are applied here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.content_plans import checks, files, posting_rules, queries, state_undo, undo_entries
from backend.content_plans.expected_version import ANY_VERSION, ExpectedPlans, lock_plans, require_unchanged
from backend.content_plans.schemas import MAX_PLANS_AT_ONCE, Outcome, PlanCard, PostCard
from backend.content_plans.transitions import must_move, update_in_state
from backend.db.tables import Post, PostState
from backend.errors import Conflict, Invalid, NotFound, StudioError
from backend.kit.clock import now
from backend.language import tr_lazy, tr_lazy_plural

S = PostState
_SCHEDULABLE = (S.DRAFT, S.IN_REVIEW, S.APPROVED, S.FAILED, S.MISSED)
_TIME_PASSED = tr_lazy("Its time has passed. Choose a later one, or post it yourself and say so.")


def schedule(tx: Session, plan_ids: Sequence[str], *, expected: ExpectedPlans = ANY_VERSION) -> Outcome:
    """Handles each plan separately: scheduled, sent to review where the rules want it, or refused with the reason.

    Here and in the other functions: a plan that is not as `expected` any more is refused with the difference.
    Raises Invalid (too many at once), NotFound (none of them exists).
    """
    return _for_each_plan(tx, plan_ids, _schedule_plan, expected)


def submit_for_review(tx: Session, plan_ids: Sequence[str], *, expected: ExpectedPlans = ANY_VERSION) -> Outcome:
    """Sends plans to review, whatever the posting rules say."""

    def submit_plan(tx: Session, card: PlanCard, outcome: Outcome) -> None:
        drafts = [post for post in card.posts if post.state in (S.DRAFT, S.FAILED, S.MISSED)]
        if not drafts:
            raise Conflict(tr_lazy("This post is not a draft."))
        for post in drafts:
            must_move(tx, post.id, post.state, S.IN_REVIEW)
        outcome.review.append(card.id)

    return _undoable_moves(
        tx,
        plan_ids,
        submit_plan,
        expected,
        lambda n: tr_lazy_plural("{n} post sent for review.", "{n} posts sent for review.", n),
    )


def approve(tx: Session, plan_ids: Sequence[str], *, expected: ExpectedPlans = ANY_VERSION) -> Outcome:
    """Approves plans in a person's name. With a future date and no blocking problem their posts are scheduled at once.

    `Outcome.undo_entries` undoes it for posts that are not being published by then.
    """
    before: dict[str, dict[str, Any]] = {}

    def approve_plan(tx: Session, card: PlanCard, outcome: Outcome) -> None:
        posts = [post for post in card.posts if post.state in (S.DRAFT, S.IN_REVIEW)]
        if not posts:
            raise Conflict(tr_lazy("This post does not wait for an approval."))
        for post in posts:
            approval = {"approved_by": tx.info.get("user_id"), "approved_at": func.clock_timestamp(), "note": ""}
            must_move(tx, post.id, post.state, S.APPROVED, **approval)
        outcome.done.append(card.id)
        before[card.id] = {"id": card.id, "states": {post.id: post.state.value for post in posts}}
        schedule_approved(tx, card.id, outcome)

    outcome = _for_each_plan(tx, plan_ids, approve_plan, expected)
    if outcome.done:
        n = len(outcome.done)
        sentence = tr_lazy_plural("{n} post approved.", "{n} posts approved.", n)
        outcome.undo_entries.append(
            undo_entries.record(tx, "approve", sentence, n, {"plans": [before[plan_id] for plan_id in outcome.done]})
        )
    return outcome


def unapprove(tx: Session, before: dict[str, Any]) -> None:
    """Undoes an approval. `before`: a plan's `id`, and `states` by post id. Raises Conflict (published, or on its way)."""
    posts_by_id = {post.id: post for post in lock_posts(tx, before["id"])}
    approved = [(posts_by_id[post_id], S(earlier)) for post_id, earlier in before["states"].items() if post_id in posts_by_id]
    if not any(S(post.state) in (S.APPROVED, S.SCHEDULED, S.ON_HOLD) for post, _ in approved):
        raise Conflict(tr_lazy("This post is published, or was changed since it was approved: the approval stays."))
    for post, earlier in approved:
        state = S(post.state)
        if state == S.SCHEDULED:
            must_move(tx, post.id, state, S.APPROVED)
            state = S.APPROVED
        if state in (S.APPROVED, S.ON_HOLD):
            must_move(tx, post.id, state, earlier, approved_by=None, approved_at=None)


def reject(tx: Session, plan_ids: Sequence[str], *, note: str, expected: ExpectedPlans = ANY_VERSION) -> Outcome:
    """Sends plans back to draft with the reviewer's note. Raises Invalid without a note."""
    if not note.strip():
        raise Invalid(tr_lazy("Write in a sentence what should change, so that the next person knows."))

    def reject_plan(tx: Session, card: PlanCard, outcome: Outcome) -> None:
        posts = [post for post in card.posts if post.state in (S.IN_REVIEW, S.APPROVED, S.SCHEDULED)]
        if not posts:
            raise Conflict(tr_lazy("This post is not in review."))
        for post in posts:
            state = post.state
            if state == S.SCHEDULED:
                must_move(tx, post.id, state, S.APPROVED)
                state = S.APPROVED
            must_move(tx, post.id, state, S.DRAFT, note=note.strip()[:2000], approved_by=None, approved_at=None)
        outcome.done.append(card.id)

    return _undoable_moves(
        tx, plan_ids, reject_plan, expected, lambda n: tr_lazy_plural("{n} post sent back.", "{n} posts sent back.", n)
    )


def schedule_approved(tx: Session, plan_id: str, outcome: Outcome | None = None) -> None:
    """Schedules a plan's approved posts if its date is in the future and nothing blocks them; else they stay approved."""
    card = queries.get(tx, plan_id)
    if card.due_at is None or card.due_at <= now() or checks.blocking_problems(tx, card):
        return
    for post in card.posts:
        if post.state == S.APPROVED:
            _schedule_post(tx, card, post, outcome or Outcome())


def hold(tx: Session, plan_ids: Sequence[str], *, expected: ExpectedPlans = ANY_VERSION) -> Outcome:
    """Puts plans on hold until `release`."""

    def hold_plan(tx: Session, card: PlanCard, outcome: Outcome) -> None:
        posts = [post for post in card.posts if post.state in _SCHEDULABLE or post.state == S.SCHEDULED]
        if not posts:
            raise Conflict(tr_lazy("This post cannot be put on hold any more."))
        for post in posts:
            resume_state = S.DRAFT if post.state in (S.FAILED, S.MISSED) else post.state
            must_move(tx, post.id, post.state, S.ON_HOLD, held_from=resume_state, held_by="person")
        outcome.held.append(card.id)

    return _undoable_moves(
        tx, plan_ids, hold_plan, expected, lambda n: tr_lazy_plural("{n} post put on hold.", "{n} posts put on hold.", n)
    )


def release(tx: Session, plan_ids: Sequence[str], *, expected: ExpectedPlans = ANY_VERSION) -> Outcome:
    """Returns plans that a person put on hold to their state before; those held by a stop switch wait for the switch."""

    def release_plan(tx: Session, card: PlanCard, outcome: Outcome) -> None:
        posts = [post for post in card.posts if post.state == S.ON_HOLD]
        if not posts:
            raise Conflict(tr_lazy("This post is not on hold."))
        for post in posts:
            resume_state = S(post.held_from)
            switch = posting_rules.active_stop_switch(tx, card.influencer_id)
            if post.held_by != "person" or (switch and resume_state == S.SCHEDULED):
                owner = tr_lazy("this workspace") if switch == posting_rules.WORKSPACE else card.influencer_name
                raise Conflict(tr_lazy("Publishing is stopped for {owner}. Start it again first.", owner=owner))
            if resume_state == S.SCHEDULED and (post.due_at is None or post.due_at <= now()):
                must_move(tx, post.id, S.ON_HOLD, S.MISSED, error_code="held", error=_TIME_PASSED)
                outcome.refused[card.id] = _TIME_PASSED
                continue
            must_move(tx, post.id, S.ON_HOLD, resume_state)
            if resume_state == S.SCHEDULED:
                files.request_renditions(tx, post)
        if card.id not in outcome.refused:
            outcome.done.append(card.id)

    return _undoable_moves(
        tx, plan_ids, release_plan, expected, lambda n: tr_lazy_plural("{n} post released.", "{n} posts released.", n)
    )


def unschedule(tx: Session, plan_ids: Sequence[str], *, expected: ExpectedPlans = ANY_VERSION) -> Outcome:
    """Scheduled posts become approved ones: nothing happens at their time."""

    def unschedule_plan(tx: Session, card: PlanCard, outcome: Outcome) -> None:
        posts = [post for post in card.posts if post.state == S.SCHEDULED]
        if not posts:
            raise Conflict(tr_lazy("This post is not scheduled."))
        for post in posts:
            must_move(tx, post.id, S.SCHEDULED, S.APPROVED)
        outcome.done.append(card.id)

    return _undoable_moves(
        tx,
        plan_ids,
        unschedule_plan,
        expected,
        lambda n: tr_lazy_plural("{n} post taken off the schedule.", "{n} posts taken off the schedule.", n),
    )


def mark_published(
    tx: Session, plan_id: str, *, platform: str = "", remote_id: str = "", url: str = "", expected: ExpectedPlans = ANY_VERSION
) -> None:
    """Marks posts (of `platform`, or all) as published by hand: by somebody, or by their own automation.

    Raises NotFound, Conflict (the studio is publishing it right now; it is published already under another id), Invalid (url).
    """
    require_unchanged(tx, plan_id, expected)
    card, url = queries.get(tx, plan_id), _checked_url(url)
    posts = [post for post in card.posts if platform in ("", post.platform)]
    if not posts:
        raise NotFound(tr_lazy("This plan has no post on that platform. Add one, or leave the id out."))
    for post in posts:
        if post.state == S.PUBLISHED:
            if remote_id and post.remote_id and post.remote_id != remote_id:
                raise Conflict(tr_lazy("This post is published already, as {remote_id}.", remote_id=post.remote_id))
            update_in_state(tx, post.id, S.PUBLISHED, remote_id=remote_id or post.remote_id, url=url or post.url)
            continue
        if post.state == S.PUBLISHING:
            raise Conflict(tr_lazy("The studio is publishing this post right now. Wait until that has ended."))
        values = {"remote_id": remote_id, "url": url, "by_hand": True, "published_at": func.clock_timestamp()}
        must_move(tx, post.id, post.state, S.PUBLISHED, error="", error_code="", phase="", **values)


def resolve_unknown(tx: Session, post_id: str, *, is_published: bool, url: str = "") -> PostCard:
    """A person looked at the account. `is_published`: the post is published; else approved, so that it can be scheduled again.

    Raises NotFound, Invalid (not a URL), Conflict (the post is not `unknown` any more).
    """
    queries.get_post(tx, post_id)
    if is_published:
        values = {"by_hand": True, "published_at": func.clock_timestamp(), "url": _checked_url(url)}
        must_move(tx, post_id, S.UNKNOWN, S.PUBLISHED, error="", error_code="", phase="", **values)
    else:
        # nothing of the earlier attempt may be reused: "not there" means that a new post is made
        values = {"handle": None, "phase": "", "submitted_at": None, "error": "", "error_code": "", "tries": 0}
        must_move(tx, post_id, S.UNKNOWN, S.APPROVED, **values)
    return queries.get_post(tx, post_id)


def _schedule_plan(tx: Session, card: PlanCard, outcome: Outcome) -> None:
    posts = [post for post in card.posts if post.state in _SCHEDULABLE]
    if not card.posts:
        raise Invalid(tr_lazy("Choose at least one channel for it."))
    if not posts:
        raise Conflict(tr_lazy("Nothing of this post is left to schedule."))
    if card.due_at is None:
        raise Invalid(tr_lazy("It has no date yet. Give it one."))
    if card.due_at <= now():
        raise Invalid(_TIME_PASSED)
    if problems := checks.blocking_problems(tx, card):
        raise Invalid(problems)
    for post in posts:
        needs_review = (
            post.approved_at is None and posting_rules.get_rules(tx, card.influencer_id).review and post.state != S.APPROVED
        )
        if needs_review:
            if post.state != S.IN_REVIEW:
                must_move(tx, post.id, post.state, S.IN_REVIEW)
            if card.id not in outcome.review:
                outcome.review.append(card.id)
            continue
        if post.state != S.APPROVED:
            must_move(tx, post.id, post.state, S.APPROVED, error="", error_code="", **_reset_columns(post))
        _schedule_post(tx, card, post, outcome)
    if card.id not in outcome.review:
        outcome.done.append(card.id)


def _reset_columns(post: PostCard) -> dict[str, Any]:
    return {"phase": "", "tries": 0, "not_before": None} if post.state in (S.FAILED, S.MISSED) else {}


def _checked_url(url: str) -> str:
    """The url, stripped; may be empty. Raises Invalid for anything but http(s), because it is shown as a link."""
    address = url.strip()
    if address and urlsplit(address).scheme not in ("http", "https"):
        raise Invalid(tr_lazy("Give the post's address as the browser shows it, starting with https://, or leave it empty."))
    return address


def _schedule_post(tx: Session, card: PlanCard, post: PostCard, outcome: Outcome) -> None:
    if switch := posting_rules.active_stop_switch(tx, card.influencer_id):
        must_move(tx, post.id, S.APPROVED, S.ON_HOLD, held_from=S.SCHEDULED, held_by=switch)
        outcome.held.append(card.id)
    else:
        must_move(tx, post.id, S.APPROVED, S.SCHEDULED)
        files.request_renditions(tx, post)
        if card.id not in outcome.scheduled:
            outcome.scheduled.append(card.id)


def _undoable_moves(
    tx: Session,
    plan_ids: Sequence[str],
    act: Callable[[Session, PlanCard, Outcome], None],
    expected: ExpectedPlans,
    sentence_for: Callable[[int], str],
) -> Outcome:
    """`_for_each_plan` with an undo entry for what it moved. `sentence_for`: the sentence for so many plans."""
    before: dict[str, PlanCard] = {}

    def remembered(tx: Session, card: PlanCard, outcome: Outcome) -> None:
        act(tx, card, outcome)
        before[card.id] = card

    outcome = _for_each_plan(tx, plan_ids, remembered, expected)
    state_undo.record(tx, before, outcome, list(before), sentence_for)
    return outcome


def _for_each_plan(
    tx: Session, plan_ids: Sequence[str], act: Callable[[Session, PlanCard, Outcome], None], expected: ExpectedPlans
) -> Outcome:
    if len(plan_ids) > MAX_PLANS_AT_ONCE:
        raise Invalid(tr_lazy("At most {max_plans_at_once} posts at once. Choose fewer.", max_plans_at_once=MAX_PLANS_AT_ONCE))
    outcome = Outcome()
    ids = list(dict.fromkeys(plan_ids))
    lock_plans(tx, ids)
    cards_by_id = {card.id: card for card in queries.get_many(tx, ids) if not card.deleted_at}
    if ids and not cards_by_id:
        raise NotFound(tr_lazy("None of these posts exists here any more."))
    for plan_id in ids:
        try:
            if plan_id not in cards_by_id:
                raise NotFound(tr_lazy("This post does not exist here any more."))
            require_unchanged(tx, plan_id, expected)
            with tx.begin_nested():
                act(tx, cards_by_id[plan_id], outcome)
        except StudioError as error:
            outcome.refused[plan_id] = error.message
    return outcome


def lock_posts(tx: Session, plan_id: str) -> list[Post]:
    """Locks the plan, then its posts in id order, and returns them: everybody locks in this order, so nobody deadlocks."""
    lock_plans(tx, [plan_id])
    query = select(Post).where(Post.plan_id == plan_id).order_by(Post.id)
    return list(tx.scalars(query.with_for_update().execution_options(populate_existing=True)))
