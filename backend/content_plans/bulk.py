"""Plans made many at once by work in the background: what is taken, pictures that come later, all of them away again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events
from backend.content_plans import checks, history, posting_rules, queries, rules, schedule
from backend.content_plans import plans as planning
from backend.content_plans.expected_version import NOT_SAID, Shown, lock, require
from backend.content_plans.schemas import MOST_AT_ONCE, Outcome, PlanCard, PlanFilters, PostCard, UndoEntry, VariantDraft
from backend.db.tables import ContentPlan, Post, PostState
from backend.errors import Invalid, StudioError
from backend.platforms.limits import PLATFORMS

S = PostState
Mark = tuple[str, datetime]
"""What is taken: a channel (empty: the influencer) and an instant."""


def taken(tx: Session, influencer_id: str) -> list[Mark]:
    """When something of the influencer is planned from a day ago on: each plan, and each post on its channel."""
    near = ContentPlan.due_at > func.clock_timestamp() - func.make_interval(0, 0, 0, 1)
    mine = queries.ALIVE, ContentPlan.influencer_id == influencer_id, near
    plans = select(ContentPlan.due_at).where(*mine)
    sent = select(Post.channel_id, Post.due_at).join(ContentPlan, ContentPlan.id == Post.plan_id).where(*mine)
    marks: list[Mark] = [("", at) for at in tx.scalars(plans) if at]
    return [*marks, *((channel_id, at) for channel_id, at in tx.execute(sent) if at)]


def series(tx: Session, prefix: str) -> list[PlanCard]:
    """Plans whose request key begins so, as `create` was given it, by date; deleted ones are left out."""
    return queries.page(tx, PlanFilters(series=prefix), take=MOST_AT_ONCE).cards


def illustrate(tx: Session, plan_id: str, asset_ids: Sequence[str], *, alt_text: str = "") -> list[str]:
    """Gives pictures to the plan's posts that have none yet and take some. Returns the channels that got them.

    What somebody chose meanwhile stays, as does what is out or deleted. Approved posts are reviewed again where the rules
    want it: what will be seen has changed.
    """
    schedule.locked(tx, plan_id)
    card = queries.get(tx, plan_id)
    if card.deleted_at or not asset_ids:
        return []
    review, got = posting_rules.of(tx, card.influencer_id).review, []
    for post in card.posts:
        wanted = _with_pictures(tx, post, asset_ids, alt_text)
        if wanted and not post.media and post.state in rules.EDITABLE:
            planning.edit_post(tx, post, wanted, review=review)
            got.append(post.channel_id)
    if got:
        newer = update(ContentPlan).where(ContentPlan.id == plan_id)
        tx.execute(newer.values(version=ContentPlan.version + 1, updated_at=func.clock_timestamp()))
        events.record(tx, "plan.illustrated", "plan", plan_id, {"pictures": len(asset_ids)})
        schedule.schedule_approved(tx, plan_id)
    return got


def say_it_needs_a_picture(tx: Session, plan_id: str, why: str) -> None:
    """Keeps `why` with the plan's posts that have no files and can be edited; it is shown until they have one."""
    schedule.locked(tx, plan_id)
    for post in queries.get(tx, plan_id).posts:
        if not post.media and post.state in rules.EDITABLE:
            said = {**post.options, rules.NEEDS_PICTURE: why[:500]}
            tx.execute(update(Post).where(Post.id == post.id).values(options=said, updated_at=func.clock_timestamp()))


def _with_pictures(tx: Session, post: PostCard, asset_ids: Sequence[str], alt_text: str) -> VariantDraft | None:
    """None: a post of this format takes no picture."""
    formats = PLATFORMS[post.platform].formats
    there = assets.get_many(tx, asset_ids)
    files = tuple(checks.media(there[one], {}) for one in asset_ids if one in there)
    limits = formats[checks.fitting(post, files)]
    if limits.picture is None or not files:
        return None
    media = tuple(asset_ids)[: limits.count[1]]
    alts = {media[0]: alt_text[:1000]} if alt_text else {}
    return post.draft().model_copy(update={"media": media, "alt_texts": alts})


def delete_many(tx: Session, plan_ids: Sequence[str], *, shown: Shown = NOT_SAID) -> tuple[UndoEntry | None, Outcome]:
    """Each by itself; what cannot be deleted says why. One `undo` brings all of them back. None: nothing was deleted.

    Raises Invalid (too many at once).
    """
    if len(plan_ids) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE} plans at once. Choose fewer.")
    out = Outcome()
    lock(tx, plan_ids)
    for plan_id in dict.fromkeys(plan_ids):
        try:
            require(tx, plan_id, shown)
            with tx.begin_nested():
                planning.put_away(tx, planning.alive(tx, plan_id))
                out.done.append(plan_id)
        except StudioError as error:
            out.refused[plan_id] = error.message
    if not out.done:
        return None, out
    n = len(out.done)
    said = f"{n} {'plan' if n == 1 else 'plans'} deleted."
    return history.record(tx, "delete", said, n, {"plans": [{"id": one} for one in out.done]}), out
